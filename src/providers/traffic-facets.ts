/** The facets of the provider port that say where traffic goes: DNS records, and the targets of load balancers. The rules
 *  at the port's head (`provider.ts`) hold for these calls too. */

// ---------------------------------------------------------------- DNS

export const dnsRecordTypes = ["A", "AAAA", "CNAME", "TXT"] as const;
/** The types that move traffic; records of others are left alone and not shown. */
export type DnsRecordType = (typeof dnsRecordTypes)[number];

export interface DnsZone {
  readonly zoneId: string;
  /** In lower case, without the dot at its end, as all names here. */
  readonly name: string;
  /** Answers inside of the site's virtual networks only. */
  readonly private: boolean;
  /** Absent where the site tells them of each zone by itself only. */
  readonly nameServers?: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

/** All values of one name and type. */
export interface DnsRecord {
  /** Whole, with the zone's. */
  readonly name: string;
  readonly type: DnsRecordType;
  readonly ttlSeconds: number;
  /** Addresses, one name of a CNAME (without the dot at its end), or texts without their quotes. */
  readonly values: readonly string[];
}

export interface SeenDnsRecord extends DnsRecord {
  /** Of the record as it is: another one when anything of it changes. Opaque. */
  readonly version: string;
}

/** A change that the site has taken. */
export interface DnsChange {
  /** Absent where nothing had to be changed, or where the site has no word for a change under way. */
  readonly changeId?: string;
}

/** `version` of {@link DnsFacet.putRecord} for a record that must not be there yet. */
export const absentRecord = "absent";

/**
 * The zones that are kept at the site. Records that answer by rules of the site's own (weighted, by latency, aliases of its
 * resources) are not shown; a change of one is refused with UnsupportedCapability.
 */
/** Where a record is. */
export interface DnsRecordPlace {
  readonly zoneId: string;
  readonly name: string;
  readonly type: DnsRecordType;
}

export interface DnsFacet {
  listZones(signal: AbortSignal): AsyncIterable<DnsZone>;
  /** @throws NotFound for a zone that is not there. */
  listRecords(zoneId: string, signal: AbortSignal): AsyncIterable<SeenDnsRecord>;
  /** Undefined where there is none. @throws NotFound for a zone that is not there. */
  getRecord(input: DnsRecordPlace, signal: AbortSignal): Promise<SeenDnsRecord | undefined>;
  /**
   * Makes the record exactly this one; what is so already stays. With a `version` only if it is still that one, or
   * with {@link absentRecord} only if there is none: nothing that somebody else has set in between is lost.
   * @throws Conflict when it is another one and not what was asked for, InvalidInput for a name outside of the zone, NotFound.
   */
  putRecord(
    input: { readonly zoneId: string; readonly record: DnsRecord; readonly version?: string },
    signal: AbortSignal,
  ): Promise<DnsChange>;
  /** One that is gone is fine. @throws Conflict when it is not the `version` any more, NotFound for a zone. */
  deleteRecord(input: DnsRecordPlace & { readonly version?: string }, signal: AbortSignal): Promise<DnsChange>;
  /** Returns when the zone's name servers answer with it; resolvers still keep what they had for its former TTL. Where
   *  `dns.in-effect` is a gap, at once. Calls `onWaiting` at least every second meanwhile. */
  waitForChange(
    input: { readonly zoneId: string; readonly change: DnsChange; readonly onWaiting?: () => void },
    signal: AbortSignal,
  ): Promise<void>;
}

// ---------------------------------------------------------------- load balancing

/** Where clients come in. */
export interface PoolEndpoint {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
}

/**
 * What gets one part of a pool's traffic by its weight. Where targets are weighed one by one, each is a share of its own, and
 * `shareId` is its `targetId`; where the site weighs groups of them (AWS: target groups; Google: backends), a group is one.
 */
export interface PoolShare {
  readonly shareId: string;
  readonly name: string;
  /** In the same whole numbers as {@link LoadBalancingFacet.setWeights} takes, rounded; absent where the site has none. */
  readonly weight?: number;
  /** What can be a target here. */
  readonly accepts: "vm" | "address";
}

/** One front of a load balancer with all that its traffic goes to. */
export interface TargetPool {
  readonly poolId: string;
  readonly name: string;
  /** As {@link LoadBalancer.loadBalancerId} has it; absent where a pool is its own. */
  readonly loadBalancerId?: string;
  /** The site's own word: `HTTP`, `TCP`. */
  readonly protocol: string;
  readonly endpoints: readonly PoolEndpoint[];
  readonly shares: readonly PoolShare[];
  /** The least weight above 0 that a share can have; 1 when absent. */
  readonly leastWeight?: number;
  readonly tags: Readonly<Record<string, string>>;
}

export const targetStates = ["starting", "healthy", "unhealthy", "draining", "drained", "unused", "unknown"] as const;
/**
 * `starting`: its first health checks are under way. `draining`: nothing new goes to it, and what is under way may end.
 * `drained`: nothing is under way any more, and it is still listed. `unused`: nothing is sent to it, as its share or the
 * balancer is not in use. `unknown`: the site checks no health.
 */
export type TargetState = (typeof targetStates)[number];

export interface PoolTarget {
  readonly targetId: string;
  readonly shareId: string;
  /** One of both, as the share accepts. */
  readonly vmId?: string;
  readonly address?: string;
  readonly port: number;
  readonly state: TargetState;
  /** The site's own words on it. */
  readonly reason?: string;
  /** Connections or requests under way, where the site tells. */
  readonly connections?: number;
}

export interface NewTarget {
  readonly poolId: string;
  /** Absent takes the pool's only one that accepts it; not looked at where each target is a share of its own. */
  readonly shareId?: string;
  readonly vmId?: string;
  readonly address?: string;
  /** Absent takes the share's. */
  readonly port?: number;
  /** Of a target that is a share of its own: default 0, so that nothing goes to it before it is weighed. */
  readonly weight?: number;
}

export interface TargetWait {
  readonly poolId: string;
  readonly targetId: string;
  /** Gives up after so long. */
  readonly withinMs: number;
  /** Called at least every second. */
  readonly onWaiting?: () => void;
}

/** Largest of {@link LoadBalancingFacet.setWeights}. */
export const fullWeight = 100;

/** Load balancers that are there, and what their traffic goes to. */
export interface LoadBalancingFacet {
  listPools(signal: AbortSignal): AsyncIterable<TargetPool>;
  /** @throws NotFound. */
  getPool(poolId: string, signal: AbortSignal): Promise<TargetPool>;
  /** @throws NotFound for a pool that is not there. */
  listTargets(poolId: string, signal: AbortSignal): AsyncIterable<PoolTarget>;
  /**
   * Adds a target; one that is there stays, and one that is draining is taken back. Returns once the site has taken it:
   * whether it is healthy, {@link waitUntilHealthy} tells.
   * @throws InvalidInput when no share, or more than one, could take it, and for what can be no target there; NotFound for a
   * pool or a share that is not there.
   */
  addTarget(input: NewTarget, signal: AbortSignal): Promise<PoolTarget>;
  /**
   * Sends it nothing new and lets what is under way end, for as long as the site gives it; {@link waitUntilDrained} tells
   * when. A site that drains by taking a target off no longer lists it afterwards. One that is gone is fine.
   */
  drainTarget(input: { readonly poolId: string; readonly targetId: string }, signal: AbortSignal): Promise<void>;
  /** Takes it off the pool, with what is still under way where the site does not drain it by itself. One that is gone is
   *  fine. */
  removeTarget(input: { readonly poolId: string; readonly targetId: string }, signal: AbortSignal): Promise<void>;
  /**
   * Gives shares their parts of new connections or requests: whole numbers up to {@link fullWeight}, 0 for nothing; parts
   * are of the sum of all. Shares that are not named keep theirs. Setting what is set is no change. Absent where
   * `load-balancing.weights` is a gap.
   * @throws InvalidInput for a number that is none or that the site can't set (what it can is in the reason), or if no share
   * is left with any; NotFound for a share.
   */
  setWeights?(
    input: { readonly poolId: string; readonly weights: Readonly<Record<string, number>> },
    signal: AbortSignal,
  ): Promise<TargetPool>;
  /** The target once it is healthy, or as it was seen last; undefined when it is not listed. Where `load-balancing.health`
   *  is a gap, at once. */
  waitUntilHealthy(input: TargetWait, signal: AbortSignal): Promise<PoolTarget | undefined>;
  /** The target as it was seen last: `drained`, or undefined when it is no longer listed; else the time was over. */
  waitUntilDrained(input: TargetWait, signal: AbortSignal): Promise<PoolTarget | undefined>;
}
