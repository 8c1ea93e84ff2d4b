import type { ChangeTracking } from "./change-tracking.ts";
import type { Consistency } from "./consistency.ts";
import type { GroupPointDisk } from "./group-point.ts";
import type { CopyDiskParameters } from "./migration-parts.ts";

/** What the steps of one round of a protection group hand to each other. */

/** A VM to be frozen. */
export interface MemberToFreeze {
  readonly position: number;
  readonly vmId: string;
  /** What its plan was made for; a VM that is another one by now is not frozen. */
  readonly planVersion: string;
  /** By disk, what the changes are wanted since. */
  readonly since: Readonly<Record<string, string>>;
}

/** A point of one VM, held at its site. */
export interface FrozenMember {
  readonly position: number;
  readonly sourcePointId: string;
  readonly takenAt: string;
  readonly consistency?: Consistency;
  readonly disks: readonly {
    readonly diskId: string;
    readonly allocatedBytes: number;
    readonly baselines: readonly { readonly baselineId: string; readonly tracking: ChangeTracking }[];
    /** The baseline since which nothing was written to it. */
    readonly unchangedSince?: string;
  }[];
}

/** `changed`: it is not what its plan was made for. */
export interface UnfrozenMember {
  readonly position: number;
  readonly problem: "changed" | "failed";
  readonly reason: string;
}

export interface FrozenGroup {
  readonly frozen: readonly FrozenMember[];
  readonly unfrozen: readonly UnfrozenMember[];
  /** No guest wrote between the first VM's moment and the last one's. */
  readonly together: boolean;
  /** The site can compare only with a source point that is kept: it is held until the next one is complete. */
  readonly holds: boolean;
}

/** One disk of a frozen VM, to be copied. */
export interface DiskToCopy {
  readonly position: number;
  readonly sourcePointId: string;
  readonly generationId: string;
  readonly copy: CopyDiskParameters;
  /** Where nothing of it changed, the generation that it is built on is all that its point needs. */
  readonly sharesUnchanged?: true;
}

export interface CopiedGroupDisk {
  readonly position: number;
  readonly diskId: string;
  /** That was written, or of an earlier point where nothing had changed. */
  readonly generationId: string;
  readonly attempt: number;
  readonly rootHash: string;
  readonly bytesCopied: number;
  readonly tracking: GroupPointDisk["tracking"];
  readonly entropy?: number;
}

/** A generation at the recovery site that is needed no more. */
export interface GenerationToDrop {
  readonly replicaId: string;
  readonly generationId: string;
}

/** The moment that all of it shows: the earliest of its VMs', and how far they lie apart. */
export function momentOf(frozen: readonly Pick<FrozenMember, "takenAt">[]): { takenAt: string; spreadMs: number } {
  const times = frozen.map(({ takenAt }) => Date.parse(takenAt));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  return { takenAt: new Date(first).toISOString(), spreadMs: last - first };
}

/** Of the least consistent VM. */
export function weakestConsistency(frozen: readonly Pick<FrozenMember, "consistency">[]): Consistency | undefined {
  const rank = { stopped: 0, application: 1, crash: 2 } as const;
  const known = frozen.flatMap(({ consistency }) => consistency ?? []);
  return known.sort((a, b) => rank[b.level] - rank[a.level])[0];
}
