import type { Duplex } from "node:stream";
import { carry } from "../../domain/carried-error.ts";
import { ProviderError } from "../../domain/errors.ts";
import { type BlockSink, type BlockSource, type Extent, leafBytes } from "../ports.ts";
import type { OpenedEnd } from "./client.ts";
import { AdaptiveCompression, compress, decompress } from "./compression.ts";
import { compressedFlag, type Frame, FrameSocket, frameType, largestRequest } from "./frames.ts";

/** What a connection is about; the one who opens it says whether it may be. */
export type ServedEnd = { readonly sink: BlockSink } | { readonly source: BlockSource };

export interface ServeOptions {
  readonly name: string;
  readonly compression?: boolean;
  /** Opens what the other side asks for. @throws what that side is to hear. */
  open(ask: unknown, signal: AbortSignal): Promise<ServedEnd>;
}

const extentsAtOnce = 1_000;
/** As much as a copy may have under way; who sends more is not listened to meanwhile. */
const mostInHand = 64 * 1024 * 1024;
/** What a request costs beside its bytes. */
const requestBytes = 1024;

/** Serves one disk over one connection, until that ends; resolves when the disk is closed again. */
export async function serveLink(socket: Duplex, options: ServeOptions): Promise<void> {
  const gone = new AbortController();
  const server = new LinkServer(options, gone.signal);
  await new Promise<void>((resolve) => {
    server.frames = new FrameSocket(socket, options.name, {
      frame: (frame) => server.serve(frame),
      drained: () => server.pace(),
      ended: (error) => {
        gone.abort(error);
        resolve();
      },
    });
  });
  await server.close();
}

class LinkServer {
  frames: FrameSocket | undefined;
  readonly #options: ServeOptions;
  readonly #signal: AbortSignal;
  readonly #adaptive: AdaptiveCompression;
  readonly #working = new Set<Promise<void>>();
  #end: Promise<ServedEnd> | undefined;
  #inHand = 0;

  constructor(options: ServeOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#adaptive = new AdaptiveCompression(options.compression);
  }

  serve(frame: Frame): void {
    const reads = frame.type === frameType.read || frame.type === frameType.hashes;
    const unpacked = reads || frame.flags & compressedFlag ? frame.length : 0;
    const cost = requestBytes + frame.body.byteLength + Math.min(unpacked, largestRequest);
    this.#inHand += cost;
    const work = this.#answer(frame)
      .catch((error: unknown) => this.frames?.sendJson(frame.id, frameType.error, carry(error)))
      .finally(() => {
        this.#working.delete(work);
        this.#inHand -= cost;
        this.pace();
      });
    this.#working.add(work);
    this.pace();
  }

  pace(): void {
    this.frames?.pace(this.#inHand, mostInHand);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#working);
    const end = await this.#end?.catch(() => undefined);
    if (end) await ("sink" in end ? end.sink : end.source).close();
  }

  async #answer(frame: Frame): Promise<void> {
    const { id, offset } = frame;
    const signal = this.#signal;
    switch (frame.type) {
      case frameType.open:
        return this.#open(frame);
      case frameType.write:
        await this.#write(frame);
        break;
      case frameType.writeZeroes:
        await (await this.#sink()).writeZeroes(offset, Number(frame.body.readBigUInt64BE(0)), signal);
        break;
      case frameType.flush:
        await (await this.#sink()).flush(signal);
        break;
      case frameType.read:
        return this.#read(frame);
      case frameType.hashes:
        return this.#hashes(frame);
      case frameType.extents: {
        const { sinceBaseline } = JSON.parse(frame.body.toString()) as { sinceBaseline?: string };
        await this.#extents(id, sinceBaseline);
        break;
      }
      default:
        throw misuse("it asked for something that is not known here");
    }
    this.frames?.send({ id, type: frameType.ok });
  }

  async #open({ id, body }: Frame): Promise<void> {
    if (this.#end) throw misuse("a connection is for one disk");
    this.#end = this.#options.open(JSON.parse(body.toString()), this.#signal);
    const end = await this.#end;
    const { sizeBytes } = "sink" in end ? end.sink : end.source;
    const wholeLeaves = "sink" in end && end.sink.wholeLeaves === true;
    const hashes = "source" in end && end.source.hashes !== undefined;
    const opened: OpenedEnd = { sizeBytes, ...(wholeLeaves ? { wholeLeaves } : {}), ...(hashes ? { hashes } : {}) };
    this.frames?.sendJson(id, frameType.ok, opened);
  }

  async #write({ offset, length, flags, hashes, body }: Frame): Promise<void> {
    if (length > largestRequest) throw misuse("it sent too much at once");
    if (hashes !== 0 && hashes !== Math.ceil(length / leafBytes))
      throw misuse("its hashes are not those of its leaves");
    const packed = body.subarray(hashes * 32);
    const sink = await this.#sink();
    const data = flags & compressedFlag ? await decompress(packed, length) : packed;
    if (data.byteLength !== length) throw misuse("it sent more or less than it said");
    await sink.write(offset, data, this.#signal, hashes > 0 ? body.subarray(0, hashes * 32) : undefined);
  }

  async #read({ id, offset, length, hashes }: Frame): Promise<void> {
    if (length > largestRequest) throw misuse("it asked for too much at once");
    const source = await this.#source();
    const sending = this.#adaptive.begin();
    const target = Buffer.alloc(length);
    const vouched = hashes > 0 ? Buffer.alloc(Math.ceil(length / leafBytes) * 32) : undefined;
    await source.read(offset, target, this.#signal, vouched);
    const packed = sending.compress ? await compress(target) : undefined;
    const smaller = packed !== undefined && packed.byteLength < length;
    const parts = [...(vouched ? [vouched] : []), smaller ? packed : target];
    const head = { id, type: frameType.data, offset, length, flags: smaller ? compressedFlag : 0 };
    const left = () => this.#adaptive.arrived(sending, length, FrameSocket.sizeOf(...parts));
    this.frames?.send({ ...head, hashes: (vouched?.byteLength ?? 0) / 32 }, parts, left);
  }

  async #hashes({ id, offset, length }: Frame): Promise<void> {
    if (length > largestRequest) throw misuse("it asked for too much at once");
    const source = await this.#source();
    if (!source.hashes) throw misuse("nothing is hashed beside this disk");
    const hashes = await source.hashes(offset, length, this.#signal);
    this.frames?.send({ id, type: frameType.data, offset, length }, [hashes]);
  }

  async #extents(id: number, sinceBaseline: string | undefined): Promise<void> {
    const source = await this.#source();
    let some: Extent[] = [];
    const tell = () => {
      if (some.length > 0) this.frames?.sendJson(id, frameType.someExtents, some);
      some = [];
    };
    const about = sinceBaseline === undefined ? {} : { sinceBaseline };
    for await (const extent of source.extents({ ...about, signal: this.#signal })) {
      some.push(extent);
      if (some.length >= extentsAtOnce) tell();
    }
    tell();
  }

  async #sink(): Promise<BlockSink> {
    const end = await this.#end;
    if (end && "sink" in end) return end.sink;
    throw misuse("no disk is open for writing on this connection");
  }

  async #source(): Promise<BlockSource> {
    const end = await this.#end;
    if (end && "source" in end) return end.source;
    throw misuse("no disk is open for reading on this connection");
  }
}

function misuse(reason: string): ProviderError {
  return new ProviderError("InvalidInput", {
    operation: "serve another site's worker",
    resource: "link",
    reason,
    action: "Let both workers run the same version.",
  });
}
