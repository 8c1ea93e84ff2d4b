import type { ListenerView } from "./traffic-proxy.ts";

/** Types of records that say where traffic goes. */
export const shiftedRecordTypes = ["A", "AAAA", "CNAME"] as const;
export type ShiftedRecordType = (typeof shiftedRecordTypes)[number];

/** A record that points to the target from the cutover on. */
export interface DnsShift {
  /** Where its zone is kept. */
  readonly site: string;
  readonly zoneId: string;
  readonly name: string;
  readonly type: ShiftedRecordType;
  /** A guest port: the record gets the host that this port of the new VM is reached at. */
  readonly port?: number;
  /** What it gets instead: addresses, or the one name of a CNAME. */
  readonly values?: readonly string[];
  /** From ahead of the cutover until the finalize. Default 30. */
  readonly lowTtlSeconds?: number;
  /** After the finalize; default what it was. */
  readonly ttlAfterSeconds?: number;
}

/** A pool of a load balancer that the target's VM is put into, and the source's is drained from. */
export interface PoolShift {
  readonly site: string;
  readonly poolId: string;
  /** Of the pool's shares, where several could take the VM. */
  readonly shareId?: string;
  /** The guest port that gets the traffic. */
  readonly port: number;
  /** The target that goes; default the one that is the source's VM. */
  readonly replaces?: string;
  /** Parts of 100 that the new target gets, one after the other. Default only 100. */
  readonly steps?: readonly number[];
  /** Between two of them. Default 10. */
  readonly stepSeconds?: number;
}

/** A listener of a proxy of ours that holds what comes during the gap. */
export interface ProxyShift {
  /** As the configuration calls it; `local` is the stack's own. */
  readonly proxy: string;
  readonly listener: string;
  /** The guest port that gets the traffic. */
  readonly port: number;
  /** After so long it lets go by itself. Default 120. */
  readonly holdSeconds?: number;
  /** How long what is under way may end before the source stops. Default 5. */
  readonly drainSeconds?: number;
  /** Asked by the proxy before it sends traffic somewhere. Default `/`. */
  readonly path?: string;
}

/** What the gap of the application's answers is measured with. */
export interface TrafficProbe {
  readonly url: string;
  /** Default 250. */
  readonly intervalMs?: number;
  /** Default 200. */
  readonly expectStatus?: number;
}

/** What moves with the VM's traffic. */
export interface TrafficOptions {
  readonly dns?: readonly DnsShift[];
  readonly pools?: readonly PoolShift[];
  readonly proxies?: readonly ProxyShift[];
  readonly probe?: TrafficProbe;
}

/** What of a record is changed and put back. */
export interface RecordState {
  readonly ttlSeconds: number;
  readonly values: readonly string[];
}

/** The same as a plan pins it, with what was there before. */
export interface DnsShiftParameters extends Pick<DnsShift, "site" | "zoneId" | "name" | "type" | "port" | "values"> {
  readonly before: RecordState;
  /** What its value `host` was the address of. */
  readonly source?: SourcePort & { readonly host: string };
  readonly lowTtlSeconds: number;
  readonly ttlAfterSeconds: number;
}

/** A guest port of the VM before its move: where it is reached may change with each of its starts. */
export interface SourcePort {
  readonly site: string;
  readonly vmId: string;
  readonly guestPort: number;
}

export interface ProxyShiftParameters {
  readonly proxy: string;
  readonly listener: string;
  readonly port: number;
  /** Where its traffic goes before. */
  readonly backend: string;
  /** What `backend` was the address of. */
  readonly source?: SourcePort;
  readonly holdSeconds: number;
  readonly drainSeconds: number;
  readonly path: string;
}

/** A target as it was before: enough to make it again. */
export interface PoolMember {
  readonly targetId: string;
  readonly shareId: string;
  readonly vmId?: string;
  readonly address?: string;
  readonly port: number;
}

export interface PoolShiftParameters {
  readonly site: string;
  readonly poolId: string;
  readonly shareId?: string;
  readonly port: number;
  /** Whether the new target is the VM itself, or an address. */
  readonly accepts: "vm" | "address";
  /** The target that goes. */
  readonly replaces: PoolMember;
  /** What its address was the address of. */
  readonly source?: SourcePort;
  /** The targets that the pool had: what somebody else has put in is not taken off. Absent in plans of earlier versions. */
  readonly before?: readonly string[];
  /** Of every share that has one. */
  readonly weights: readonly { readonly shareId: string; readonly weight: number }[];
  readonly steps: readonly number[];
  readonly stepSeconds: number;
}

export interface ProbeParameters {
  readonly url: string;
  readonly intervalMs: number;
  readonly expectStatus: number;
}

/** What was measured of the application's answers, from before the cutover until after the switch. */
export interface GapReport {
  readonly url: string;
  readonly from: string;
  readonly until: string;
  readonly asked: number;
  /** Got no answer, or a wrong one. */
  readonly failed: number;
  /** The longest time without a right answer. */
  readonly gapSeconds: number;
  /** The longest that a right answer took. */
  readonly slowestSeconds: number;
  /** While nobody looked, as the worker had died; part of a gap that it falls into. */
  readonly unobservedSeconds: number;
}

/** What a proxy held of a cutover. */
export interface HeldTraffic {
  readonly proxy: string;
  readonly listener: string;
  readonly held: number;
  readonly failed: number;
  readonly longestSeconds: number;
  /** It let go before it was told to. */
  readonly lapsed: boolean;
}

export const trafficStates = ["waiting", "ready", "held", "shifted", "settled", "back"] as const;
/** `waiting`: records are still kept by resolvers for their former TTL. `ready`: a cutover may come. `held`: proxies hold.
 *  `shifted`: it goes to the target. `settled`: TTLs are what they are to be. `back`: all is as it was. */
export type TrafficState = (typeof trafficStates)[number];

/** How the traffic of a migration stands. */
export interface TrafficView {
  readonly state: TrafficState;
  /** Of records with a lowered TTL. */
  readonly cutoverNotBefore?: string;
  /** Where each record, pool and listener points to, as a person reads it. */
  readonly targets?: readonly string[];
  readonly held?: readonly HeldTraffic[];
  readonly gap?: GapReport;
}

export const trafficActions = {
  dns: "shift-record",
  pool: "shift-pool",
  proxy: "hold-traffic",
  probe: "measure-gap",
} as const;

/** What of a listener matters to a plan. */
export type SeenListener = Pick<ListenerView, "backend" | "state" | "protocol">;

/** What a plan saw; `gap` says why something can't be shifted. */
export interface TrafficObservation {
  readonly dns: readonly {
    readonly shift: DnsShift;
    readonly record?: RecordState & { readonly version: string };
    readonly gap?: string;
  }[];
  readonly pools: readonly {
    readonly shift: PoolShift;
    readonly members?: readonly PoolMember[];
    readonly shares?: readonly {
      readonly shareId: string;
      readonly weight?: number;
      readonly accepts: "vm" | "address";
    }[];
    readonly weighs?: boolean;
    /** The least above 0; 1 when absent. */
    readonly leastWeight?: number;
    readonly gap?: string;
  }[];
  readonly proxies: readonly { readonly shift: ProxyShift; readonly listener?: SeenListener; readonly gap?: string }[];
  /** Where the source's ports are reached now. */
  readonly endpoints: readonly { readonly guestPort: number; readonly host: string; readonly port: number }[];
}
