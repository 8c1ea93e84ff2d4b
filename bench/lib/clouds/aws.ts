import { hash } from "node:crypto";
import { SnapshotSink } from "../../../src/providers/aws/block-sink.ts";
import { SnapshotSource } from "../../../src/providers/aws/block-source.ts";
import { Aws } from "../../../src/providers/aws/client.ts";
import { patience } from "../../../src/providers/aws/settings.ts";
import { leafBytes } from "../../../src/transfer/ports.ts";
import { type BareClient, type CloudEnd, unbounded } from "./end.ts";

const snapshotId = "snap-0123456789abcdef0";
const subject = { operation: "copy", resource: snapshotId };
const region = "us-east-1";
const keys = { access_key: "AKIDEXAMPLE", secret_key: "only-for-benches" };

/** EBS direct: a pending snapshot, and a completed one. */
export const awsEnd: CloudEnd = {
  into: "EBS direct",
  outOf: "EBS direct",
  peer: "bare SDK loop, 16 in flight",
  goal: 0.8,
  readyMadeGoal: 0.8,
  nullEnd: new URL("./aws-null.ts", import.meta.url),
  requestBytes: leafBytes,
  source: async ({ endpoint, sizeBytes }) => new SnapshotSource(awsAt(endpoint), { snapshotId, sizeBytes, subject }),
  sink: async ({ endpoint, sizeBytes }) =>
    new SnapshotSink(awsAt(endpoint), { snapshotId, sizeBytes, hasParent: false, subject }),
  bare,
};

function awsAt(endpoint: string): Aws {
  const credentials = async () => ({ values: keys });
  return new Aws({ region, endpoint, simulated: true, credentials }, unbounded, patience);
}

async function bare(endpoint: string, ready: readonly Buffer[]): Promise<BareClient> {
  const sdk = await import("@aws-sdk/client-ebs");
  const credentials = { accessKeyId: keys.access_key, secretAccessKey: keys.secret_key };
  const client = new sdk.EBSClient({ region, endpoint, credentials });
  const checksum = (block: Uint8Array): string => hash("sha256", block, "base64");
  const checksums = new Map<Uint8Array, string>(ready.map((block) => [block, checksum(block)]));
  return {
    put: (offset, block) =>
      client.send(
        new sdk.PutSnapshotBlockCommand({
          SnapshotId: snapshotId,
          BlockIndex: offset / leafBytes,
          BlockData: block,
          DataLength: leafBytes,
          // EBS direct takes no block without.
          Checksum: checksums.get(block) ?? checksum(block),
          ChecksumAlgorithm: "SHA256",
        }),
      ),
    get: async (offset) => {
      const BlockIndex = offset / leafBytes;
      const request = { SnapshotId: snapshotId, BlockIndex, BlockToken: `token-${BlockIndex}` };
      const { BlockData, Checksum } = await client.send(new sdk.GetSnapshotBlockCommand(request));
      const bytes = await BlockData?.transformToByteArray();
      // EBS direct leaves it to its client to hold a block against its checksum.
      if (bytes === undefined || checksum(bytes) !== Checksum) throw new Error("The block is damaged.");
      return bytes;
    },
    close: () => client.destroy(),
  };
}
