/** The peer: the SDK's own client in a bare loop, so many calls in flight, with ready-made blocks and their checksums; what it
 *  reads it checks, and writes to an NBD server. */
import { hash, randomBytes } from "node:crypto";
import { EBSClient, GetSnapshotBlockCommand, PutSnapshotBlockCommand } from "@aws-sdk/client-ebs";
import { NbdBlockSink } from "../../src/transfer/nbd/block-sink.ts";
import { leafBytes } from "../../src/transfer/ports.ts";

export interface LoopRequest {
  readonly direction: "put" | "get";
  readonly endpoint: string;
  /** The socket of the server that takes what is read. */
  readonly nbd: string;
  readonly blocks: number;
}

const inFlight = 16;
const data = Array.from({ length: inFlight }, () => randomBytes(leafBytes));
const ready = data.map((block) => ({ block, checksum: hash("sha256", block, "base64") }));

async function loop({ direction, endpoint, nbd, blocks }: LoopRequest): Promise<void> {
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "only-for-benches" };
  const client = new EBSClient({ region: "us-east-1", endpoint, credentials });
  const sink = direction === "get" ? await NbdBlockSink.open({ path: nbd, exportName: "disk" }) : undefined;
  let next = 0;
  const put = async (index: number): Promise<void> => {
    const { block, checksum } = ready[index % inFlight] as (typeof ready)[number];
    await client.send(
      new PutSnapshotBlockCommand({
        SnapshotId: "snap-0123456789abcdef0",
        BlockIndex: index,
        BlockData: block,
        DataLength: leafBytes,
        Checksum: checksum,
        ChecksumAlgorithm: "SHA256",
      }),
    );
  };
  const get = async (index: number): Promise<void> => {
    const request = { SnapshotId: "snap-0123456789abcdef0", BlockIndex: index, BlockToken: `token-${index}` };
    const { BlockData, Checksum } = await client.send(new GetSnapshotBlockCommand(request));
    const bytes = await BlockData?.transformToByteArray();
    // EBS direct leaves it to its client to hold a block against its checksum.
    if (bytes === undefined || hash("sha256", bytes, "base64") !== Checksum) throw new Error("The block is damaged.");
    await sink?.write(index * leafBytes, bytes);
  };
  const lane = async (): Promise<void> => {
    while (next < blocks) await (direction === "put" ? put : get)(next++);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  await sink?.flush();
  await sink?.close();
  client.destroy();
}

process.on("message", (request: LoopRequest) => {
  void loop(request).then(
    () => process.send?.({ ok: true }),
    (error: unknown) => process.send?.({ ok: false, error: String(error) }),
  );
});
process.send?.({ ok: true });
