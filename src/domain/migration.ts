import type { ChangeTracking } from "./change-tracking.ts";
import type { LeftAlone } from "./finalize.ts";
import type { CapacityType } from "./instance-type.ts";
import type { LiveView } from "./live.ts";
import type { PrepareOptions } from "./preparation.ts";
import type { MigrationSchedule } from "./schedule.ts";
import type { TrafficOptions, TrafficView } from "./traffic.ts";
import type { UndoOptions, UndoView } from "./undo.ts";
import type { WarmOptions, WarmView } from "./warm.ts";

/** How a migration runs from outside: shown by API, CLI and console, written to the store. */
export const migrationStates = [
  "running",
  /** Others have all the slots that `parallel_migrations` allows; nothing was begun or is under way. */
  "queued",
  "paused",
  /** Warm: the replica follows the running source until a person says `cutover`. */
  "awaiting-cutover",
  "awaiting-finalize",
  /** On its way back to the source, with what was written since. */
  "undoing",
  /** It came home and what was left of both moves is gone. */
  "undone",
  "finalized",
  "rolling-back",
  "rolled-back",
  "cancelled",
  "failed",
] as const;
export type MigrationState = (typeof migrationStates)[number];

/** Nothing more happens by itself, and neither end is needed as it is. */
export const endedMigrationStates = [
  "undone",
  "finalized",
  "rolled-back",
  "cancelled",
  "failed",
] as const satisfies readonly MigrationState[];

export function isMigrationEnded(state: MigrationState): boolean {
  return (endedMigrationStates as readonly MigrationState[]).includes(state);
}

export const moveModes = ["cold", "warm", "live"] as const;
export type MoveMode = (typeof moveModes)[number];

/** The steps of a migration, in order; `replicate` only in a warm one, `live` only in a live one, instead of what needs a
 *  VM that is off; `prepare` only where the plan changes something in the guest; `announce`, `hold` and `shift` only where
 *  traffic moves with it. */
export const migrationSteps = [
  "validate",
  "network",
  "announce",
  "replicate",
  "live",
  "hold",
  "stop",
  "copy",
  "seal",
  "prove",
  "prepare",
  "materialise",
  "create",
  "verify",
  "shift",
  "complete",
] as const;
export type MigrationStep = (typeof migrationSteps)[number];

/** Steps that only appear on the way back or at the end. */
export type ClosingStep = "rollback" | "finalize";

export interface TcpProbe {
  readonly port: number;
}
export interface HttpProbe {
  readonly port: number;
  readonly path: string;
  /** Default 200. */
  readonly expectStatus?: number;
}

export interface VerifyOptions {
  /** Default true where the site has console output and the VM ran before. */
  readonly bootProof?: boolean;
  /** Regular expression in the console output; default the VM's `novacron:boot-marker` tag, else a login prompt. */
  readonly bootMarker?: string;
  readonly bootTimeoutMs?: number;
  readonly tcpProbes?: readonly TcpProbe[];
  readonly httpProbes?: readonly HttpProbe[];
  readonly probeTimeoutMs?: number;
}

/** What a person asks for. Defaults come from the configuration's `migration_config`. */
export interface MigrationRequest {
  /** Name or id at the source site. */
  readonly vm: string;
  readonly from: string;
  readonly to: string;
  /** `stop`: the source stops and the target takes over. `freeze`: the target is a copy of one moment of the running
   *  source, which goes on; nothing is fenced. */
  readonly point?: "stop" | "freeze";
  /** The name of a map of these two sites; it says what is not said here. */
  readonly map?: string;
  /** Source network id → target network id. */
  readonly networkMap?: Readonly<Record<string, string>>;
  readonly verify?: VerifyOptions;
  /** Bytes per second; shared by all moves of the link. */
  readonly bandwidthBytesPerSecond?: number;
  readonly stopGraceMs?: number;
  /** The size to have, where it shall not be what it is (or was before it went to a cloud). */
  readonly cpus?: number;
  readonly memoryBytes?: number;
  readonly gpus?: number;
  /** A size of the target by name, instead of the cheapest that fits. */
  readonly instanceType?: string;
  /** Default `on-demand`. */
  readonly capacityType?: CapacityType;
  /** Whether sizes whose CPU above a baseline is on credit count too. Default false. */
  readonly burstable?: boolean;
  /** Names or ids at the target; default those of the configuration. */
  readonly securityGroups?: readonly string[];
  /** Whether it gets an address that the internet can reach; default what its network does by itself. */
  /** `translate`: the rules that hold for the VM at the source are said at the target, by a group of its own. `leave`
   *  (default): the target's own hold. */
  readonly rules?: "translate" | "leave";
  /** Of a rule that refuses something and can't be said exactly: `block` (default) fails the plan; `narrow` lets less through
   *  than before. Never more. */
  readonly untranslatableRules?: "block" | "narrow";
  /** Peers of the source's rules, by a group's or service's name or by CIDR → who that is at the target. */
  readonly peerMap?: Readonly<Record<string, string>>;
  /** `keep`: its NICs have the addresses at the target that they have at the source, where that can be. Default `new`. */
  readonly addresses?: "keep" | "new";
  /** `match`: each disk's type is the nearest to what it has at the source. `default`: the site's own choice. */
  readonly diskTypes?: "match" | "default";
  /** A type of the source → one of the target, in the sites' own words. */
  readonly diskTypeMap?: Readonly<Record<string, string>>;
  readonly publicAddress?: boolean;
  /** The target's name of a customer's key; default that of the configuration. */
  readonly encryptionKey?: string;
  /** Set to false to move everything though the target holds an earlier state. Default true. */
  readonly incremental?: boolean;
  /** `cold` (default): the source is off while its disks are copied. `warm`: it runs on while rounds of copies follow it,
   *  and is off for the last difference only. `live`: it never stops and its memory moves, too; where the two sites can't
   *  do that it is warm, and the plan says why. */
  readonly mode?: MoveMode;
  readonly warm?: WarmOptions;
  readonly schedule?: MigrationSchedule;
  /** What may be changed on a clone of its boot disk so that it starts at the target. Default the configuration's. */
  readonly prepare?: PrepareOptions;
  /** Records, pools and proxies that lead users to the VM, and what the gap is measured with. */
  readonly traffic?: TrafficOptions;
  /** After the cutover: how long `undo` brings the VM home with what it wrote. Absent: not at all. */
  readonly undo?: UndoOptions;
}

export interface StepRecord {
  readonly step: MigrationStep | ClosingStep;
  readonly state: "running" | "done" | "failed" | "skipped";
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly detail?: string;
}

/** One disk's move as it went. */
export interface DiskResult {
  readonly diskId: string;
  readonly sizeBytes: number;
  /** As its point told it. */
  readonly allocatedBytes: number;
  readonly bytesCopied: number;
  readonly bytesResent: number;
  /** As they travelled between two workers of ours, compressed; absent where the copy did not take such a way. */
  readonly bytesOnWire?: number;
  readonly tracking: "full" | ChangeTracking;
  readonly generationId: string;
  readonly pointId: string;
  readonly rootHash: string;
  /** The point on top of it that the VM's disk is a clone of, where the guest was prepared. */
  readonly preparedPointId?: string;
}

export interface MigrationProblem {
  readonly code: string;
  readonly message: string;
  readonly step?: string;
  /** What compensation could not undo, each with the command that removes it. */
  readonly leftBehind?: readonly { readonly resource: string; readonly remove: string }[];
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** What its plan predicted, and what it took. */
export interface MoveTimes {
  /** Absent where the plan predicts none. */
  readonly predictedSeconds?: number;
  readonly predictedDowntimeSeconds?: number;
  /** What the prediction rests on, for a person. */
  readonly basis?: string;
  /** From its first step to the end of its last; absent until it was moved. */
  readonly seconds?: number;
  /** Of these the copying: a cold one's of all its bytes; a warm one's rounds while the source ran, each from its point to
   *  its proof; a live one's of disks and memory. */
  readonly bulkCopySeconds?: number;
}

export interface TestCount {
  readonly passed: number;
  readonly failed: number;
}

export interface MigrationView {
  readonly migrationId: string;
  readonly planId: string;
  readonly workflowId: string;
  readonly vm: { readonly name: string; readonly sourceVmId: string; readonly targetVmId?: string };
  readonly from: string;
  readonly to: string;
  readonly state: MigrationState;
  readonly step?: MigrationStep | ClosingStep;
  /** 0 to 100. */
  readonly progress: number;
  readonly steps: readonly StepRecord[];
  readonly bytesToMove: number;
  readonly bytesCopied: number;
  readonly bytesResent: number;
  readonly disks: readonly DiskResult[];
  readonly downtimeSeconds?: number;
  /** Absent where its plan is not known any more. */
  readonly times?: MoveTimes;
  readonly bootProof?: "proven" | "not-asked" | "unavailable";
  readonly certificateId?: string;
  readonly problem?: MigrationProblem;
  /** Present once the first round of a warm migration is proven. */
  readonly warm?: WarmView;
  /** Present once a live migration has begun to move the guest. */
  readonly live?: LiveView;
  /** Present where traffic moves with it. */
  readonly traffic?: TrafficView;
  /** Present once a move whose plan has an undo window is completed. */
  readonly undo?: UndoView;
  /** What its finalize did not touch, as the confirmed plan did not name it. */
  readonly leftAlone?: readonly LeftAlone[];
  /** How its tests ended; absent where there was none. */
  readonly tests?: TestCount;
  /** Present where it is part of a wave. */
  readonly waveId?: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly endedAt?: string;
}

/** One line of a migration's story, for SSE and later readers. */
export interface MigrationEvent {
  readonly sequence: number;
  readonly migrationId: string;
  readonly at: string;
  readonly type: "state" | "step" | "progress" | "note" | "problem";
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}
