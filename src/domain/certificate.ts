import type { ChangeTracking } from "./change-tracking.ts";
import type { Consistency } from "./consistency.ts";
import type { PreparedDisk } from "./preparation.ts";
import type { GapReport, HeldTraffic } from "./traffic.ts";

/** How much of a copy was proven. `target-reread`: the sealed point was read back at the target and every byte compared by its hash with what the
 *  source gave. `object-reread`: the uploaded object was. `sent-only`: nothing was read back. `compared-after-switch`, of a guest that never stopped:
 *  the source's disk, as the switch left it, was held against the target's some moments later; what the guest had written
 *  in those is counted, and nothing is said of it. */
export const proofLevels = ["target-reread", "object-reread", "compared-after-switch", "sent-only"] as const;
export type ProofLevel = (typeof proofLevels)[number];

export interface DiskCertificate {
  readonly diskId: string;
  readonly sizeBytes: number;
  readonly level: ProofLevel;
  /** How the bytes that were moved were found: all of them, or the ones changed since a proven state. */
  readonly method: "full" | ChangeTracking;
  readonly leafBytes: number;
  /** Root of the tree over the SHA-256 of each leaf, in hex; the manifest itself is in the store under `manifestId`. */
  readonly rootHash: string;
  readonly manifestId: string;
  readonly pointId: string;
  readonly bytesCopied: number;
  /** Bytes read back at the target for the proof; zeros the target vouches for are not read. */
  readonly bytesReread: number;
  /** Of `compared-after-switch`: bytes that differed where the guest had written since. */
  readonly bytesWrittenSince?: number;
  /** Where the certified point lies, when that is not the target: the disk that a live move left at its source. */
  readonly site?: string;
}

/** What there is to say of a move without a stop. */
export interface LiveCertificate {
  readonly switchedAt: string;
  /** For how long the guest stood still, as the hypervisor measured it. */
  readonly pauseMs?: number;
  /** Memory is moved by the hypervisors over a transport that loses nothing; nobody compares it. `lost`: the guest ended
   *  at the target after the switch and was started there anew. */
  readonly memory: "moved-not-compared" | "lost";
}

/** The proof of a move that a customer can check again: `novacron certificate verify FILE`. */
export interface Certificate {
  readonly format: "novacron-certificate/1";
  readonly certificateId: string;
  readonly migrationId: string;
  readonly planHash: string;
  readonly vm: string;
  readonly from: string;
  readonly to: string;
  readonly sourceVmId: string;
  readonly targetVmId: string;
  /** Of the moment that the disks were read at. */
  readonly pointTakenAt: string;
  /** What the disks show together at that moment; absent of certificates from before it was noted. */
  readonly consistency?: Consistency;
  readonly provenAt: string;
  readonly identical: boolean;
  readonly disks: readonly DiskCertificate[];
  readonly boot: {
    readonly proven: boolean;
    /** The line of the console output that proved it. */
    readonly evidence?: string;
    readonly reason?: string;
  };
  readonly live?: LiveCertificate;
  /** What was changed on the clones that it boots from, on top of the certified points. */
  readonly prepared?: readonly PreparedDisk[];
  /** What users had of the cutover, where traffic moved with it. */
  readonly traffic?: { readonly gap?: GapReport; readonly held: readonly HeldTraffic[] };
  /** True when either site is part of the sandbox. */
  readonly simulated: boolean;
}
