import { isProviderError } from "../../../src/domain/errors.ts";
import type { CensusEntry, Provider } from "../../../src/providers/provider.ts";

/** What uses others goes first. */
const order = [
  "vm",
  "image",
  "volume",
  "source-point",
  "recovery-point",
  "generation",
  "snapshot",
  "address",
  "security-group",
  "network",
  "upload",
  "bucket",
] as const;

/** Removes everything that the provider's census shows. Returns what is left, each with the reason. */
export async function sweep(provider: Provider, signal: AbortSignal): Promise<readonly string[]> {
  const left: string[] = [];
  const seen = await Array.fromAsync(provider.census(signal));
  const place = ({ kind, id }: CensusEntry): number =>
    (order as readonly string[]).indexOf(kind) + (id.startsWith("vpc-") ? 0.5 : 0);
  for (const entry of seen.toSorted((a, b) => place(a) - place(b))) {
    try {
      await remove(provider, entry, signal);
    } catch (error) {
      if (isProviderError(error, "NotFound")) continue;
      left.push(`${entry.kind} ${entry.id}: ${String(error)}`);
    }
  }
  return left;
}

async function remove(provider: Provider, entry: CensusEntry, signal: AbortSignal): Promise<void> {
  const { kind, id, name = "" } = entry;
  const { compute, disks, images, snapshots, networkAdmin, objects } = provider;
  switch (kind) {
    case "vm":
      return compute.deleteVm(id, signal);
    case "image":
      return images?.deleteImage(id, signal);
    case "volume":
      return disks.deleteVolume(id, signal);
    case "source-point":
      return disks.releaseSourcePoint(id, signal);
    case "recovery-point":
      return disks.deletePoint(id, signal);
    case "generation":
      return disks.discardGeneration({ replicaId: "", generationId: id }, signal);
    case "snapshot":
      return snapshots?.deleteSnapshot(id, signal);
    case "address":
      return networkAdmin?.releaseAddress(id, signal);
    case "security-group":
      return networkAdmin?.deleteSecurityGroup(id, signal);
    case "network":
      if (id.startsWith("subnet-")) return networkAdmin?.deleteSubnet(id, signal);
      // A gateway goes with its network.
      return id.startsWith("vpc-") ? networkAdmin?.deleteVirtualNetwork(id, signal) : undefined;
    case "upload": {
      const [bucket = "", ...key] = name.split("/");
      return objects?.abortUpload({ bucket, objectKey: key.join("/"), uploadId: id, partBytes: 1 }, signal);
    }
    case "bucket":
      if (!objects) return;
      for await (const { objectKey } of objects.listObjects(id, "", signal)) {
        await objects.deleteObject(id, objectKey, signal);
      }
      return objects.deleteBucket(id, signal);
    default:
      throw new Error("nothing here knows how to remove it");
  }
}
