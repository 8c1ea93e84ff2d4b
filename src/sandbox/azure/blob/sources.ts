import { newLayerId } from "../../cloud/disks/points.ts";
import { storageAccountName } from "../cloud.ts";
import { footerBytes, footerProblem } from "../disks/vhd.ts";
import { AzureError, invalidParameter } from "../errors.ts";
import type { Json } from "../state.ts";
import type { Blob } from "./state.ts";
import type { BlobStore } from "./store.ts";

export const blobHost = `${storageAccountName}.blob.core.windows.net`;

/** Page blobs of the storage account as disks are imported from them. */
export class BlobSources {
  readonly #store: BlobStore;

  constructor(store: BlobStore) {
    this.#store = store;
  }

  /** What can be said before the import begins. @throws AzureError InvalidParameter */
  check({ sourceUri, storageAccountId }: Json): void {
    if (typeof sourceUri !== "string" || !URL.canParse(sourceUri))
      throw invalidParameter("disk.creationData.sourceUri", String(sourceUri));
    if (new URL(sourceUri).host !== blobHost) {
      throw new AzureError(
        "StorageAccountNotFound",
        `The storage account of '${sourceUri}' was not found in the subscription.`,
        404,
      );
    }
    if (typeof storageAccountId !== "string" || !storageAccountId.toLowerCase().endsWith(`/${storageAccountName}`))
      throw invalidParameter("disk.creationData.storageAccountId", "an import needs the account's resource id");
  }

  /** The page blob's data as a sealed layer. @throws AzureError BlobNotFound, InvalidVhd */
  async importVhd({ sourceUri }: Json): Promise<{ layerId: string; sizeBytes: number }> {
    const { cloud } = this.#store;
    const blob = this.find(String(sourceUri));
    if (blob.type !== "PageBlob" || blob.pagesId === undefined)
      throw new AzureError("InvalidVhd", `The blob ${blob.name} is no page blob.`, 409);
    const pagesId = this.#store.freeze(blob);
    const sizeBytes = blob.sizeBytes - footerBytes;
    const problem =
      sizeBytes > 0
        ? footerProblem(await cloud.pages.read(pagesId, sizeBytes, footerBytes), blob.sizeBytes)
        : "It is too small.";
    if (problem !== undefined) throw new AzureError("InvalidVhd", `${blob.name}: ${problem}`, 409);
    const layerId = newLayerId();
    await cloud.pages.toDisk(cloud.disks, pagesId, layerId, sizeBytes);
    return { layerId, sizeBytes };
  }

  /** By its URL, with a snapshot where that names one. */
  find(url: string): Blob {
    const { pathname, searchParams } = new URL(url);
    const [container = "", ...name] = pathname.slice(1).split("/").map(decodeURIComponent);
    return this.#store.find(container, name.join("/"), searchParams.get("snapshot") ?? undefined);
  }
}
