import { randomUUID } from "node:crypto";
import type { Subject } from "../failures.ts";
import type { Azure } from "./client.ts";
import type { FoundPoint } from "./generations.ts";
import type { ReplicaBlobs } from "./replica-blobs.ts";

/** A sealed point as a blob of its own, as long as `work` needs it: disks and images are made from blobs, not from their
 *  snapshots. */
export async function asBlob<T>(
  blobs: ReplicaBlobs,
  { record, snapshot }: Extract<FoundPoint, { kind: "sealed" }>,
  subject: Subject,
  signal: AbortSignal,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const blob = `imports/${randomUUID()}.vhd`;
  try {
    await blobs.copyFrom(blob, blobs.url(record.blob, snapshot), blob, subject, signal);
    return await work(blobs.url(blob));
  } finally {
    await blobs.deleteBlob(blob, subject, AbortSignal.timeout(60_000)).catch(() => undefined);
  }
}

export function storageAccountId(azure: Azure): string {
  return azure.id("Microsoft.Storage/storageAccounts", azure.entry.storageAccount);
}
