import type { Certificate } from "../../domain/certificate.ts";

export interface VerifyCertificateInput {
  readonly certificate: Certificate;
}

export interface DiskVerdict {
  readonly diskId: string;
  readonly identical: boolean;
  /** Which ranges differ, at most the first hundred. */
  readonly differing: readonly { readonly offset: number; readonly length: number }[];
  readonly bytesReread: number;
}

export interface VerifyCertificateResult {
  readonly identical: boolean;
  readonly disks: readonly DiskVerdict[];
}
