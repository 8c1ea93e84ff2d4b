import type { Duplex } from "node:stream";
import { ProviderError } from "../../domain/errors.ts";

/** What travels between two workers. Requests go to the end that has the disk, replies come back under their ids. */
export const frameType = {
  open: 1,
  write: 2,
  writeZeroes: 3,
  flush: 4,
  read: 5,
  extents: 6,
  alive: 7,
  hashes: 8,
  ok: 16,
  data: 17,
  someExtents: 18,
  error: 19,
} as const;

/** The body (behind its hashes) is one zstd frame. */
export const compressedFlag = 1;
/** Of bytes of the disk in one request, to read or to write. */
export const largestRequest = 4 * 1024 * 1024;
const headerBytes = 24;
/** A request's worth of leaves with their hashes is 1 MiB; what claims to be much more is not ours. */
const largestBody = 8 * 1024 * 1024;
const aliveEveryMs = 4_000;
/** Whoever has nothing else to say says every few seconds that it is there. After this long without a byte it isn't. */
const silentAfterMs = 20_000;

export interface FrameHead {
  readonly id: number;
  readonly type: number;
  readonly flags?: number;
  /** SHA-256 values before the rest of the body. */
  readonly hashes?: number;
  /** Of the disk. */
  readonly offset?: number;
  /** Bytes of the disk that it is about, or the body's length before it was compressed. */
  readonly length?: number;
}

export interface Frame extends Required<FrameHead> {
  readonly body: Buffer;
}

export interface FrameHandlers {
  frame(frame: Frame): void;
  /** What was sent has left. */
  drained?(): void;
  /** Once, however it ended. */
  ended(error: ProviderError): void;
}

/** Frames of fixed heads and bounded bodies over one connection. */
export class FrameSocket {
  readonly #socket: Duplex;
  readonly #handlers: FrameHandlers;
  readonly #name: string;
  readonly #head = Buffer.alloc(headerBytes);
  #headFilled = 0;
  #body: Buffer | undefined;
  #bodyFilled = 0;
  #bytes = 0;
  #heardAt = performance.now();
  #ownHandsFull = false;
  #failed: ProviderError | undefined;
  readonly #watch: NodeJS.Timeout;

  constructor(socket: Duplex, name: string, handlers: FrameHandlers) {
    this.#socket = socket;
    this.#name = name;
    this.#handlers = handlers;
    socket.on("data", (chunk: Buffer) => this.#received(chunk));
    socket.on("error", (error) => this.fail(lost(name, error.message)));
    socket.on("end", () => this.fail(lost(name, "the other side ended it")));
    socket.on("close", () => this.fail(lost(name, "it was closed")));
    socket.on("drain", () => handlers.drained?.());
    this.#watch = setInterval(() => this.#lookAlive(), aliveEveryMs).unref();
  }

  /** Sent and received, heads included. */
  get bytes(): number {
    return this.#bytes;
  }

  get failure(): ProviderError | undefined {
    return this.#failed;
  }

  static sizeOf(...parts: readonly Uint8Array[]): number {
    return parts.reduce((sum, part) => sum + part.byteLength, headerBytes);
  }

  /** Listens only while what was sent and has not left, and `inHand` beside it, are no more than `most` bytes. */
  pace(inHand: number, most: number): void {
    if (this.#failed) return;
    this.#ownHandsFull = inHand > most / 2;
    if (inHand + this.#socket.writableLength > most) this.#socket.pause();
    else if (this.#socket.isPaused()) {
      this.#heardAt = performance.now();
      this.#socket.resume();
    }
  }

  /** The parts must not change before the other side has answered. `left` is called once the system has taken them. */
  send(head: FrameHead, parts: readonly Uint8Array[] = [], left?: () => void): void {
    if (this.#failed) return;
    const bytes = Buffer.alloc(headerBytes);
    bytes.writeUInt32BE(head.id, 0);
    bytes.writeUInt8(head.type, 4);
    bytes.writeUInt8(head.flags ?? 0, 5);
    bytes.writeUInt16BE(head.hashes ?? 0, 6);
    bytes.writeUInt32BE(FrameSocket.sizeOf(...parts) - headerBytes, 8);
    bytes.writeUInt32BE(head.length ?? 0, 12);
    bytes.writeBigUInt64BE(BigInt(head.offset ?? 0), 16);
    this.#bytes += FrameSocket.sizeOf(...parts);
    this.#socket.cork();
    if (parts.length === 0) this.#socket.write(bytes, left);
    else this.#socket.write(bytes);
    for (const [index, part] of parts.entries()) {
      this.#socket.write(part, index === parts.length - 1 ? left : undefined);
    }
    this.#socket.uncork();
  }

  sendJson(id: number, type: number, value: unknown): void {
    this.send({ id, type }, [Buffer.from(JSON.stringify(value))]);
  }

  /** Ends after what was sent has left. */
  end(): void {
    this.#stop(lost(this.#name, "we closed it"));
    this.#socket.end();
  }

  fail(error: ProviderError): void {
    if (this.#failed) return;
    this.#stop(error);
    this.#socket.destroy();
  }

  #stop(error: ProviderError): void {
    if (this.#failed) return;
    this.#failed = error;
    clearInterval(this.#watch);
    this.#handlers.ended(error);
  }

  #lookAlive(): void {
    // It isn't silent, we don't listen; who doesn't take what we send is.
    if (this.#socket.isPaused() && this.#ownHandsFull) this.#heardAt = performance.now();
    if (performance.now() - this.#heardAt > silentAfterMs) this.fail(lost(this.#name, "the other side is silent"));
    else this.send({ id: 0, type: frameType.alive });
  }

  #received(chunk: Buffer): void {
    this.#heardAt = performance.now();
    this.#bytes += chunk.byteLength;
    for (let at = 0; at < chunk.byteLength && !this.#failed; ) {
      if (!this.#body) {
        const part = chunk.copy(this.#head, this.#headFilled, at, at + headerBytes - this.#headFilled);
        this.#headFilled += part;
        at += part;
        if (this.#headFilled < headerBytes) return;
        const length = this.#head.readUInt32BE(8);
        if (length > largestBody) {
          this.fail(lost(this.#name, "the other side sent what makes no sense"));
          return;
        }
        this.#body = Buffer.allocUnsafe(length);
        this.#bodyFilled = 0;
      }
      const part = chunk.copy(this.#body, this.#bodyFilled, at, at + this.#body.byteLength - this.#bodyFilled);
      this.#bodyFilled += part;
      at += part;
      if (this.#bodyFilled === this.#body.byteLength) this.#complete(this.#body);
    }
  }

  #complete(body: Buffer): void {
    const head = this.#head;
    const frame: Frame = {
      id: head.readUInt32BE(0),
      type: head.readUInt8(4),
      flags: head.readUInt8(5),
      hashes: head.readUInt16BE(6),
      length: head.readUInt32BE(12),
      offset: Number(head.readBigUInt64BE(16)),
      body,
    };
    this.#body = undefined;
    this.#headFilled = 0;
    if (frame.type === frameType.alive) return;
    try {
      this.#handlers.frame(frame);
    } catch {
      // Nobody catches what is thrown in a socket's event.
      this.fail(lost(this.#name, "the other side sent what makes no sense"));
    }
  }
}

export function lost(name: string, reason: string): ProviderError {
  return new ProviderError("Unavailable", {
    operation: "use the link to another site's worker",
    resource: name,
    reason,
    action: "It is tried again; nothing that was acknowledged durable is sent twice.",
  });
}
