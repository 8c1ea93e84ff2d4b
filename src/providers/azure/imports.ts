import { randomUUID } from "node:crypto";
import { isProviderError } from "../../domain/errors.ts";
import type { Subject } from "../failures.ts";
import type { Azure } from "./client.ts";
import { replicaContainer } from "./containers.ts";
import type { FoundPoint } from "./generations.ts";
import type { ReplicaBlobs } from "./replica-blobs.ts";

const prefix = "imports/";
/** No import takes so long: what is older was left behind by a process that died. */
const leftBehindMs = 24 * 3_600_000;

/** A sealed point as a blob of its own, as long as `work` needs it: disks and images are made from blobs, not from their
 *  snapshots. Copies that earlier calls left behind go first. */
export async function asBlob<T>(
  { azure, blobs }: { readonly azure: Azure; readonly blobs: ReplicaBlobs },
  { record, snapshot }: Extract<FoundPoint, { kind: "sealed" }>,
  subject: Subject,
  signal: AbortSignal,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const remove = async (name: string, until: AbortSignal): Promise<void> => {
    try {
      await blobs.deleteBlob(name, subject, until);
    } catch (error) {
      azure.warn("the copy of a recovery point could not be removed", { blob: name, error: String(error) });
    }
  };
  for await (const { name, modifiedAt } of listImports(azure, subject, signal)) {
    if (Date.now() - modifiedAt > leftBehindMs) await remove(name, signal);
  }
  const blob = `${prefix}${randomUUID()}.vhd`;
  try {
    await blobs.copyFrom(blob, blobs.url(record.blob, snapshot), blob, subject, signal);
    return await work(blobs.url(blob));
  } finally {
    await remove(blob, AbortSignal.timeout(60_000));
  }
}

/** The copies that are there: those of imports that are under way, and those that were left behind. */
export async function* listImports(
  azure: Azure,
  subject: Subject,
  signal: AbortSignal,
): AsyncGenerator<{ readonly name: string; readonly modifiedAt: number }> {
  const all = azure.blobList(subject, signal, (service) =>
    service.getContainerClient(replicaContainer).listBlobsFlat({ prefix, abortSignal: signal }),
  );
  try {
    for await (const { name, properties } of all) yield { name, modifiedAt: properties.lastModified.getTime() };
  } catch (error) {
    // Nothing was ever written here.
    if (!isProviderError(error, "NotFound")) throw error;
  }
}

export function storageAccountId(azure: Azure): string {
  return azure.id("Microsoft.Storage/storageAccounts", azure.entry.storageAccount);
}
