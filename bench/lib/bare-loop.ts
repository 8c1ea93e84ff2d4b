/** The peer: a cloud's own client in a bare loop, so many calls in flight; what it writes it reads from an NBD server or has
 *  ready, and what it reads it writes to one. */
import { randomBytes } from "node:crypto";
import { NbdBlockSink } from "../../src/transfer/nbd/block-sink.ts";
import { NbdBlockSource } from "../../src/transfer/nbd/block-source.ts";
import type { BareClient } from "./clouds/end.ts";
import { type CloudName, cloudEnds } from "./clouds/index.ts";

export interface LoopRequest {
  readonly cloud: CloudName;
  readonly endpoint: string;
  readonly bytes: number;
  /** The socket of the server that the bytes are read from, or written to. With neither, ready-made blocks are written. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

const inFlight = 16;
const exportName = "disk";
/** Made once: this process is for one cloud. */
let ready: readonly Buffer[] = [];

async function loop(request: LoopRequest): Promise<void> {
  const { requestBytes, bare } = cloudEnds[request.cloud];
  if (request.bytes % requestBytes !== 0) throw new Error(`${request.bytes} is not a number of whole requests.`);
  if (ready.length === 0) ready = Array.from({ length: inFlight }, () => randomBytes(requestBytes));
  const client = await bare(request.endpoint, ready);
  const { from, to, bytes } = request;
  if (from !== undefined) await fromDisk(client, from, requestBytes);
  else if (to !== undefined) await toDisk(client, to, steps(bytes, requestBytes), requestBytes);
  else await inLanes(steps(bytes, requestBytes), ready, (offset, block) => client.put(offset, block));
  client.close();
}

async function fromDisk(client: BareClient, path: string, requestBytes: number): Promise<void> {
  const source = await NbdBlockSource.open({ path, exportName });
  const offsets: number[] = [];
  for await (const { offset, length, kind } of source.extents({})) {
    if (kind === "data") for (const at of steps(length, requestBytes)) offsets.push(offset + at);
  }
  const buffers = Array.from({ length: inFlight }, () => Buffer.alloc(requestBytes));
  await inLanes(offsets, buffers, async (offset, buffer) => {
    await source.read(offset, buffer);
    await client.put(offset, buffer);
  });
  await source.close();
}

async function toDisk(client: BareClient, path: string, offsets: readonly number[], requestBytes: number) {
  const sink = await NbdBlockSink.open({ path, exportName });
  await inLanes(offsets, ready, async (offset) => sink.write(offset, await client.get(offset, requestBytes)));
  await sink.flush();
  await sink.close();
}

/** As many at once as there are buffers. */
async function inLanes(
  offsets: readonly number[],
  buffers: readonly Buffer[],
  move: (offset: number, buffer: Buffer) => Promise<unknown>,
): Promise<void> {
  const waiting = offsets.values();
  const lane = async (buffer: Buffer): Promise<void> => {
    for (const offset of waiting) await move(offset, buffer);
  };
  await Promise.all(buffers.map(lane));
}

function steps(length: number, requestBytes: number): number[] {
  return Array.from({ length: Math.ceil(length / requestBytes) }, (_, index) => index * requestBytes);
}

process.on("message", (request: LoopRequest) => {
  void loop(request).then(
    () => process.send?.({ ok: true }),
    (error: unknown) => process.send?.({ ok: false, error: String(error) }),
  );
});
process.send?.({ ok: true });
