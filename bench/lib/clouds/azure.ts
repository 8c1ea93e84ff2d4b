import { randomUUID } from "node:crypto";
import { PageBlobSink } from "../../../src/providers/azure/block-sink.ts";
import { SnapshotSource } from "../../../src/providers/azure/block-source.ts";
import { Azure } from "../../../src/providers/azure/client.ts";
import { InstanceTypes } from "../../../src/providers/azure/instance-types.ts";
import { Snapshots } from "../../../src/providers/azure/points.ts";
import { ReplicaBlobs } from "../../../src/providers/azure/replica-blobs.ts";
import { patience } from "../../../src/providers/azure/settings.ts";
import { View } from "../../../src/providers/azure/view.ts";
import type { BlockSink, BlockSource } from "../../../src/transfer/ports.ts";
import { type BareClient, type CloudEnd, type NullDisk, unbounded } from "./end.ts";

const snapshotId = "bench";
const subject = { operation: "copy", resource: snapshotId };

/** A page blob of ours by Put Page, and a managed disk's snapshot by its signed address. */
export const azureEnd: CloudEnd = {
  into: "an Azure page blob",
  outOf: "an Azure disk's snapshot",
  peer: "bare SDK loop, 16 in flight",
  goal: 0.7,
  nullEnd: new URL("./azure-null.ts", import.meta.url),
  // As much as the pump has in one request.
  requestBytes: 1024 * 1024,
  source,
  sink,
  bare,
};

async function source({ endpoint, sizeBytes }: NullDisk): Promise<BlockSource> {
  const azure = azureAt(endpoint);
  const snapshot = {
    snapshotId,
    resourceId: azure.id("Microsoft.Compute/snapshots", snapshotId),
    state: "completed" as const,
    sizeBytes,
    startedAt: new Date(0).toISOString(),
    diskName: "bench",
    diskUniqueId: undefined,
    tags: {},
    notes: {},
  };
  const snapshots = new Snapshots(azure, new View(azure, new InstanceTypes(azure)));
  return new SnapshotSource(azure, { snapshot, snapshots, subject });
}

async function sink({ endpoint, sizeBytes }: NullDisk): Promise<BlockSink> {
  const blobs = new ReplicaBlobs(azureAt(endpoint));
  const retake = async () => {
    throw new Error("The lease was lost.");
  };
  return new PageBlobSink({ blobs, blob: "bench", sizeBytes, leaseId: randomUUID(), retake, subject });
}

function azureAt(endpoint: string): Azure {
  const values = { tenant_id: "bench", client_id: "bench", client_secret: "only-for-benches" };
  const entry = {
    region: "eastus",
    subscriptionId: "bench",
    resourceGroup: "bench",
    storageAccount: "bench",
    endpoint,
    simulated: true,
    credentials: async () => ({ type: "client_secret", values }),
  };
  return new Azure(entry, unbounded, patience);
}

async function bare(endpoint: string): Promise<BareClient> {
  const sdk = await import("@azure/storage-blob");
  const client = new sdk.PageBlobClient(`${endpoint}/replicas/bench`, new sdk.AnonymousCredential());
  return {
    put: (offset, block) => client.uploadPages(block, offset, block.byteLength),
    get: (offset, length) => client.downloadToBuffer(Buffer.allocUnsafe(length), offset, length),
    close: () => undefined,
  };
}
