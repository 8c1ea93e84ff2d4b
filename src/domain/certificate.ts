import type { ChangeTracking } from "./change-tracking.ts";
import type { Consistency } from "./consistency.ts";

/** `target-reread`: the sealed point was read back at the target and every byte compared by its hash with what the
 *  source gave. `object-reread`: the uploaded object was. `sent-only`: nothing was read back. */
export type ProofLevel = "target-reread" | "object-reread" | "sent-only";

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
  /** True when either site is part of the sandbox. */
  readonly simulated: boolean;
}
