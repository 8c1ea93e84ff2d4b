import type { ChangeTracking } from "./change-tracking.ts";
import type { Consistency } from "./consistency.ts";

/**
 * A recovery point of a protection group: all its VMs at one moment, sealed and proven at the other site. Not to be taken for
 * the sites' own recovery points (one disk each), which it is made of.
 */

/** `scheduled`: at its turn. `manual`: a person asked for it. `final`: of the stopped VMs, before a planned failover. */
export const groupPointKinds = ["scheduled", "manual", "final"] as const;
export type GroupPointKind = (typeof groupPointKinds)[number];

/** `copying`: on its way. `complete`: every disk of every VM is proven. `incomplete`: given up; what it has is no point of
 *  the group. `corrupt`: bytes were found to differ. `expired`: removed by the retention. Only complete ones are offered. */
export const groupPointStates = ["copying", "complete", "incomplete", "corrupt", "expired"] as const;
export type GroupPointState = (typeof groupPointStates)[number];

export interface GroupPointDisk {
  readonly diskId: string;
  /** The sealed point at the site, which also names its manifest. One that nothing changed in since an earlier point of the
   *  group has the same. */
  readonly generationId: string;
  readonly replicaId: string;
  readonly sizeBytes: number;
  /** The site's name of a customer's key that it is encrypted with. */
  readonly encryptionKey?: string;
  /** Root of its manifest; empty until it was copied. */
  readonly rootHash: string;
  readonly tracking: "full" | ChangeTracking;
  readonly bytesCopied: number;
  readonly bytesReread: number;
  /** Mean entropy of what was written, in bits a byte; absent where nothing was, or nobody measured. */
  readonly entropy?: number;
}

export interface GroupPointVm {
  /** As the group's member has it. */
  readonly position: number;
  readonly name: string;
  /** At the site it came from. */
  readonly vmId: string;
  /** Of the `migrate-vm` plan that was made of the VM as it was at that moment: what is changed in the guest, what is created
   *  and how it is verified. */
  readonly planId: string;
  /** At the site it came from; the changes since are known by it there as long as that site keeps them. */
  readonly sourcePointId: string;
  readonly takenAt: string;
  readonly consistency?: Consistency;
  readonly disks: readonly GroupPointDisk[];
}

/** Why it may show what an attacker left. */
export interface Suspicion {
  readonly reason: string;
  /** What changed a second, over what is usual of the group. */
  readonly changeRatio?: number;
  /** Of what changed, and what is usual of the group, in bits a byte. */
  readonly entropy?: number;
  readonly usualEntropy?: number;
}

/** A point of a group without what it holds of each VM. */
export interface GroupPointView {
  readonly pointId: string;
  readonly groupId: string;
  /** Within the group, from 0. */
  readonly sequence: number;
  readonly kind: GroupPointKind;
  readonly state: GroupPointState;
  /** The group's when it was taken. */
  readonly epoch: number;
  readonly from: string;
  readonly to: string;
  /** The earliest moment that one of its VMs shows: what was written before it is in the point. This and the next two are
   *  absent until its VMs were frozen. */
  readonly takenAt?: string;
  /** Between the first VM's moment and the last one's. */
  readonly spreadMs?: number;
  /** True when no guest wrote in between. */
  readonly together?: boolean;
  /** Of the least consistent of its VMs. */
  readonly consistency?: Consistency;
  readonly provenAt?: string;
  /** When its disks were last read again and found to be whole. */
  readonly verifiedAt?: string;
  readonly suspicion?: Suspicion;
  /** Kept whatever the retention says: a person, a failover or a suspicion wants it. */
  readonly heldBecause?: string;
  readonly bytesCopied: number;
  /** Mean of what was copied, in bits a byte; absent where nothing was. */
  readonly entropy?: number;
  /** Why it is incomplete or corrupt, as a sentence. */
  readonly reason?: string;
  readonly createdAt: string;
}

export interface GroupPoint extends GroupPointView {
  readonly vms: readonly GroupPointVm[];
}

/** One that is offered for a recovery. */
export interface CompletePoint extends GroupPoint {
  readonly takenAt: string;
  readonly provenAt: string;
}

/** A point to be read again as a whole. */
export interface PointToVerify {
  readonly pointId: string;
  readonly sequence: number;
  readonly site: string;
  readonly generationIds: readonly string[];
}

/** Which point to recover from: that one, or the newest that is whole and no later than `before`. */
export interface PointWish {
  readonly groupId: string;
  /** The site that it has to be at; default any. */
  readonly at?: string;
  readonly pointId?: string;
  /** ISO 8601 UTC. */
  readonly before?: string;
  /** Suspect ones are passed over unless this is set or one is named by its id. */
  readonly suspectToo?: boolean;
}

export function groupPointId(groupId: string, sequence: number): string {
  return `${groupId}-p${sequence}`;
}

/** Sealed under this name at the site. */
export function generationOf(groupId: string, position: number, diskId: string, sequence: number): string {
  return `${groupId}-m${position}-${diskId}-p${sequence}`;
}

/** What a disk of a group goes by wherever it is: sites name disks in words of their own, and keep their order. */
export function diskLineage(groupId: string, position: number, index: number): string {
  return `${groupId}-m${position}-disk-${index}`;
}

export function replicaOf(groupId: string, position: number, diskId: string): string {
  return `${groupId}-m${position}-${diskId}`;
}
