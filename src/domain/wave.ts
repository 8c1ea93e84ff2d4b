import type { MigrationProblem, MigrationRequest, MigrationState } from "./migration.ts";

/** `completed`: every VM was moved. `incomplete`: it has ended, and some were not. */
export const waveStates = ["running", "paused", "completed", "incomplete", "cancelled"] as const;
export type WaveState = (typeof waveStates)[number];

/** `moved`: the target serves, and the migration awaits its finalize. `skipped`: what it depends on was not moved. */
export const memberStates = ["waiting", "running", "moved", "failed", "skipped", "cancelled"] as const;
export type MemberState = (typeof memberStates)[number];

/** One VM of a wave as it is asked for; what it leaves out is as the wave's defaults say. */
export interface WaveVm extends Partial<MigrationRequest> {
  readonly vm: string;
  /** Default `default`. */
  readonly group?: string;
  /** VMs of the same wave, by the same name, that have to be moved before. */
  readonly after?: readonly string[];
}

export interface WaveGroup {
  readonly name: string;
  /** Groups of which every VM has to be moved before. */
  readonly after?: readonly string[];
  /** Between the end of what it waits for and its beginning; default the wave's. */
  readonly pauseSeconds?: number;
}

/** Which VMs move together, in which order. They come from a list, a search, a CSV, or several of these. */
export interface WaveRequest {
  readonly name?: string;
  readonly vms?: readonly WaveVm[];
  /** A search of the inventory: all VMs that it finds. */
  readonly query?: string;
  /** With a head line; columns `vm`, `from`, `to`, `group`, `after`. */
  readonly csv?: string;
  readonly defaults?: Partial<Omit<MigrationRequest, "vm">>;
  /** In this order, before those that only VMs name. */
  readonly groups?: readonly WaveGroup[];
  /** How many of this wave may move at once; never more than `parallel_migrations` of the configuration do. */
  readonly parallel?: number;
  /** Whether a group begins only when the one before it has ended. Default true; false: as its `after` says. */
  readonly inOrder?: boolean;
  /** Between two groups. Default 0. */
  readonly pauseSeconds?: number;
}

/** A VM of a wave, ready to be planned. */
export interface WaveMember {
  readonly request: MigrationRequest;
  readonly group: string;
  /** Positions in the wave. */
  readonly after: readonly number[];
}

/** A wave with everything that it refers to by name resolved. */
export interface WaveOutline {
  readonly name: string;
  readonly groups: readonly WaveGroup[];
  readonly members: readonly WaveMember[];
  readonly parallel?: number;
  readonly inOrder: boolean;
}

/** What a `migrate-vm` action of a wave's plan carries for its executor. */
export interface WaveMemberParameters {
  readonly vm: string;
  readonly planId: string;
  readonly planHash: string;
  readonly group: string;
  readonly after: readonly number[];
  readonly from: string;
  readonly to: string;
  readonly bytesToMove: number;
  readonly startAt?: string;
}

export interface WaveMemberView {
  readonly position: number;
  readonly vm: string;
  readonly group: string;
  readonly from: string;
  readonly to: string;
  readonly state: MemberState;
  /** Why it was not moved. */
  readonly reason?: string;
  readonly migrationId: string;
  /** As its migration has it; absent before that was made, shortly before its turn. */
  readonly migrationState?: MigrationState;
  readonly progress: number;
  readonly bytesToMove: number;
  readonly bytesCopied: number;
  readonly downtimeSeconds?: number;
  readonly problem?: MigrationProblem;
  readonly startedAt?: string;
  readonly endedAt?: string;
}

/** The one report of a wave, while it goes on and afterwards. */
export interface WaveView {
  readonly waveId: string;
  readonly name: string;
  readonly planId: string;
  readonly workflowId: string;
  readonly state: WaveState;
  /** Absent where only the configuration bounds it. */
  readonly parallel?: number;
  readonly groups: readonly WaveGroup[];
  readonly totals: {
    readonly vms: number;
    readonly waiting: number;
    readonly running: number;
    readonly moved: number;
    readonly failed: number;
    readonly skipped: number;
    readonly cancelled: number;
    readonly bytesToMove: number;
    readonly bytesCopied: number;
    /** From its start to its end, or to now. */
    readonly seconds: number;
    /** Of all its VMs together. */
    readonly downtimeSeconds: number;
  };
  readonly members: readonly WaveMemberView[];
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
}

/** The same for API and worker, so that a repeat finds what the first one made. */
export function memberPlanId(wavePlanId: string, position: number): string {
  return `${wavePlanId}-${position + 1}`;
}
export function memberMigrationId(waveId: string, position: number): string {
  return `${waveId}-${position + 1}`;
}

/** How a migration of a wave came to rest, as its run tells the wave's. */
export interface MemberOutcome {
  readonly migrationId: string;
  readonly state: "moved" | "failed" | "cancelled";
  readonly reason?: string;
}
