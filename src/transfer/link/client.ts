import type { Duplex } from "node:stream";
import { uncarry } from "../../domain/carried-error.ts";
import { type BlockSink, type BlockSource, type Extent, leafBytes, type WireMeter } from "../ports.ts";
import { AdaptiveCompression, compress, decompress } from "./compression.ts";
import { compressedFlag, type Frame, type FrameHead, FrameSocket, frameType, largestRequest, lost } from "./frames.ts";

/** What the other end says of the disk that it opened. */
export interface OpenedEnd {
  readonly sizeBytes: number;
  readonly wholeLeaves?: boolean;
  /** Its leaves are hashed beside it. */
  readonly hashes?: boolean;
}

export interface LinkOptions {
  /** The other end, as an error names it. */
  readonly name: string;
  readonly compression?: boolean;
  readonly signal?: AbortSignal;
}

interface Pending {
  reply(frame: Frame): void;
  fail(error: unknown): void;
}

/** A disk at the other end of the connection, which is this object's to close. `ask` is what the other end opens it by. */
export async function openRemoteSink(socket: Duplex, ask: unknown, options: LinkOptions): Promise<BlockSink> {
  const link = new LinkClient(socket, options.name);
  return new RemoteSink(link, await link.open(ask, options.signal), new AdaptiveCompression(options.compression));
}

export async function openRemoteSource(socket: Duplex, ask: unknown, options: LinkOptions): Promise<BlockSource> {
  const link = new LinkClient(socket, options.name);
  return new RemoteSource(link, await link.open(ask, options.signal));
}

class LinkClient implements WireMeter {
  readonly #frames: FrameSocket;
  readonly #name: string;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  limiter: WireMeter["limiter"];

  constructor(socket: Duplex, name: string) {
    this.#name = name;
    this.#frames = new FrameSocket(socket, name, {
      frame: (frame) => this.#pending.get(frame.id)?.reply(frame),
      ended: (error) => {
        for (const { fail } of [...this.#pending.values()]) fail(error);
      },
    });
  }

  get bytes(): number {
    return this.#frames.bytes;
  }

  async open(ask: unknown, signal: AbortSignal | undefined): Promise<OpenedEnd> {
    try {
      const reply = await this.ask({ type: frameType.open }, [Buffer.from(JSON.stringify(ask))], signal);
      return JSON.parse(reply.body.toString()) as OpenedEnd;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Resolves with the answer. An abort costs the connection: the caller's memory must be free when this settles. */
  ask(head: Omit<FrameHead, "id">, parts: readonly Uint8Array[], signal: AbortSignal | undefined): Promise<Frame> {
    return new Promise((resolve, reject) => {
      const end = this.#expect(signal, {
        reply: (frame) => {
          // What can't be read ends the link, and this with it.
          const error = frame.type === frameType.error ? uncarry(JSON.parse(frame.body.toString())) : undefined;
          end();
          if (error) reject(error);
          else resolve(frame);
        },
        fail: (error) => {
          end();
          reject(error);
        },
      });
      if (this.#pending.has(this.#lastId)) this.#frames.send({ ...head, id: this.#lastId }, parts);
    });
  }

  /** Answers that come in several frames, until an `ok`. */
  async *askMany(
    head: Omit<FrameHead, "id">,
    part: Uint8Array,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Frame> {
    const came: Frame[] = [];
    let wake: () => void = () => undefined;
    let failure: { error: unknown } | undefined;
    let done = false;
    const end = this.#expect(signal, {
      reply: (frame) => {
        if (frame.type === frameType.error) failure = { error: uncarry(JSON.parse(frame.body.toString())) };
        else if (frame.type === frameType.ok) done = true;
        else came.push(frame);
        wake();
      },
      fail: (error) => {
        failure = { error };
        wake();
      },
    });
    try {
      if (this.#pending.has(this.#lastId)) this.#frames.send({ ...head, id: this.#lastId }, [part]);
      for (;;) {
        const next = came.shift();
        if (next) yield next;
        else if (failure) throw failure.error;
        else if (done) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      end();
    }
  }

  close(): void {
    this.#frames.end();
  }

  #expect(signal: AbortSignal | undefined, pending: Pending): () => void {
    this.#lastId = (this.#lastId + 1) % 0xffffffff || 1;
    const id = this.#lastId;
    const aborted = (): void => {
      pending.fail(signal?.reason);
      this.#frames.fail(lost(this.#name, "a request was given up"));
    };
    const end = (): void => {
      this.#pending.delete(id);
      signal?.removeEventListener("abort", aborted);
    };
    this.#pending.set(id, pending);
    const refusal: unknown = signal?.aborted ? signal.reason : this.#frames.failure;
    // After the caller has `end` in hand.
    if (refusal !== undefined) queueMicrotask(() => this.#pending.has(id) && pending.fail(refusal));
    else signal?.addEventListener("abort", aborted, { once: true });
    return end;
  }
}

class RemoteSink implements BlockSink {
  readonly sizeBytes: number;
  readonly wholeLeaves?: boolean;
  readonly wire: WireMeter;
  readonly #link: LinkClient;
  readonly #adaptive: AdaptiveCompression;

  constructor(link: LinkClient, { sizeBytes, wholeLeaves }: OpenedEnd, adaptive: AdaptiveCompression) {
    this.#link = link;
    this.wire = link;
    this.#adaptive = adaptive;
    this.sizeBytes = sizeBytes;
    if (wholeLeaves) this.wholeLeaves = true;
  }

  async write(offset: number, data: Uint8Array, signal?: AbortSignal, hashes?: Uint8Array): Promise<void> {
    for (const { from, to, firstHash, lastHash } of pieces(data.byteLength)) {
      await this.#write(offset + from, data.subarray(from, to), signal, hashes?.subarray(firstHash, lastHash));
    }
  }

  async #write(
    offset: number,
    data: Uint8Array,
    signal: AbortSignal | undefined,
    hashes: Uint8Array | undefined,
  ): Promise<void> {
    const sending = this.#adaptive.begin();
    const packed = sending.compress ? await compress(data) : undefined;
    const smaller = packed !== undefined && packed.byteLength < data.byteLength;
    const parts = [...(hashes ? [hashes] : []), smaller ? packed : data];
    const wireBytes = FrameSocket.sizeOf(...parts);
    await this.#link.limiter?.take(wireBytes, signal);
    const head = { type: frameType.write, offset, length: data.byteLength, flags: smaller ? compressedFlag : 0 };
    await this.#link.ask({ ...head, hashes: (hashes?.byteLength ?? 0) / 32 }, parts, signal);
    this.#adaptive.arrived(sending, data.byteLength, wireBytes);
  }

  async writeZeroes(offset: number, length: number, signal?: AbortSignal): Promise<void> {
    const body = Buffer.alloc(8);
    body.writeBigUInt64BE(BigInt(length));
    await this.#link.ask({ type: frameType.writeZeroes, offset }, [body], signal);
  }

  async flush(signal?: AbortSignal): Promise<void> {
    await this.#link.ask({ type: frameType.flush }, [], signal);
  }

  async close(): Promise<void> {
    this.#link.close();
  }
}

class RemoteSource implements BlockSource {
  readonly sizeBytes: number;
  readonly wire: WireMeter;
  readonly hashes?: NonNullable<BlockSource["hashes"]>;
  readonly #link: LinkClient;

  constructor(link: LinkClient, { sizeBytes, hashes }: OpenedEnd) {
    this.#link = link;
    this.wire = link;
    this.sizeBytes = sizeBytes;
    if (hashes) {
      this.hashes = async (offset, length, signal) => {
        const { body } = await this.#link.ask({ type: frameType.hashes, offset, length }, [], signal);
        if (body.byteLength !== Math.ceil(length / leafBytes) * 32) throw lost("link", "hashes are missing");
        return body;
      };
    }
  }

  async *extents(options: { sinceBaseline?: string; signal?: AbortSignal }): AsyncGenerator<Extent> {
    const { sinceBaseline, signal } = options;
    const body = Buffer.from(JSON.stringify({ sinceBaseline }));
    for await (const { body: some } of this.#link.askMany({ type: frameType.extents }, body, signal)) {
      yield* JSON.parse(some.toString()) as Extent[];
    }
  }

  async read(offset: number, target: Uint8Array, signal?: AbortSignal, vouched?: Uint8Array): Promise<void> {
    for (const { from, to, firstHash, lastHash } of pieces(target.byteLength)) {
      await this.#read(offset + from, target.subarray(from, to), signal, vouched?.subarray(firstHash, lastHash));
    }
  }

  async #read(
    offset: number,
    target: Uint8Array,
    signal: AbortSignal | undefined,
    vouched: Uint8Array | undefined,
  ): Promise<void> {
    const length = target.byteLength;
    // Who takes the site's hashes over compares them; else the site does so itself.
    const head = { type: frameType.read, offset, length, hashes: vouched ? 1 : 0 };
    const { body, hashes, flags } = await this.#link.ask(head, [], signal);
    // What has come is paid for before more is asked for.
    await this.#link.limiter?.take(FrameSocket.sizeOf(body), signal);
    const packed = body.subarray(hashes * 32);
    const plain = flags & compressedFlag ? await decompress(packed, length) : packed;
    if (plain.byteLength !== length) throw lost("link", "the other side sent less than was asked for");
    target.set(plain);
    vouched?.set(body.subarray(0, Math.min(hashes * 32, vouched.byteLength)));
  }

  async close(): Promise<void> {
    this.#link.close();
  }
}

/** Whole leaves with their hashes, as much at once as the other end takes. */
function* pieces(length: number): Generator<{ from: number; to: number; firstHash: number; lastHash: number }> {
  for (let from = 0; from < length; from += largestRequest) {
    const to = Math.min(length, from + largestRequest);
    yield { from, to, firstHash: (from / leafBytes) * 32, lastHash: Math.ceil(to / leafBytes) * 32 };
  }
}
