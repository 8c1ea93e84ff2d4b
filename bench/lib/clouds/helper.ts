import { joinBlockService, openServedSink, openServedSource } from "../../../src/transfer/block-service/client.ts";
import { decompress } from "../../../src/transfer/link/compression.ts";
import {
  compressedFlag,
  type Frame,
  type FrameHead,
  FrameSocket,
  frameType,
  lost,
} from "../../../src/transfer/link/frames.ts";
import type { BareClient, CloudEnd } from "./end.ts";
import { addressOf } from "./helper-address.ts";

/** The block service of a helper instance, over TLS by a key: the way to the disks of Google Cloud and of Oracle Cloud. There
 *  is no SDK of that: the peer is a bare loop that speaks the same frames in the same TLS session. */
export const helperEnd: CloudEnd = {
  into: "a helper's block service (Google Cloud, Oracle Cloud)",
  outOf: "a helper's block service (Google Cloud, Oracle Cloud)",
  peer: "bare loop of the same frames over the same TLS, 16 in flight",
  goal: 0.7,
  nullEnd: new URL("./helper-null.ts", import.meta.url),
  // As much as the pump has in one request.
  requestBytes: 1024 * 1024,
  source: async ({ endpoint }) => openServedSource(await joined(endpoint), "bench", never),
  sink: async ({ endpoint }) => openServedSink(await joined(endpoint), "bench", never),
  bare,
};

const never = new AbortController().signal;

function joined(endpoint: string) {
  return joinBlockService(addressOf(endpoint), never);
}

interface Waiting {
  resolve(frame: Frame): void;
  reject(error: unknown): void;
}

/** Asks, and waits for the answer: it neither compresses, nor hashes, nor keeps account. */
async function bare(endpoint: string): Promise<BareClient> {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  const frames = new FrameSocket(await joined(endpoint), "bench", {
    frame: (frame) => {
      if (frame.type === frameType.error) frames.fail(lost("bench", frame.body.toString()));
      waiting.get(frame.id)?.resolve(frame);
      waiting.delete(frame.id);
    },
    ended: (error) => {
      for (const { reject } of waiting.values()) reject(error);
    },
  });
  const ask = (head: Omit<FrameHead, "id">, parts: readonly Uint8Array[] = []): Promise<Frame> =>
    new Promise((resolve, reject) => {
      waiting.set(++lastId, { resolve, reject });
      frames.send({ ...head, id: lastId }, parts);
    });
  await ask({ type: frameType.open }, [Buffer.from("{}")]);
  return {
    put: (offset, block) => ask({ type: frameType.write, offset, length: block.byteLength }, [block]),
    get: async (offset, length) => {
      const { body, flags } = await ask({ type: frameType.read, offset, length });
      // The service tries whether its bytes shrink.
      return flags & compressedFlag ? decompress(body, length) : body;
    },
    close: () => frames.end(),
  };
}
