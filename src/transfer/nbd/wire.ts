import type { Socket } from "node:net";
import { connect } from "node:net";
import { connectionLost } from "./errors.ts";

export interface NbdAddress {
  /** Path of a unix socket; or `host` and `port`. */
  readonly path?: string;
  readonly host?: string;
  readonly port?: number;
  readonly exportName: string;
  /** A server that owes answers and moves no byte for so long counts as gone. Default 120 000: a flush to a slow disk
   *  may take its time. */
  readonly stallTimeoutMs?: number;
}

export function describeAddress({ path, host, port, exportName }: NbdAddress): string {
  return `nbd:${path ?? `${host}:${port}`}/${exportName}`;
}

interface Want {
  readonly target: Uint8Array;
  readonly filled: () => void;
}

/**
 * A socket whose every byte goes from the kernel straight to where it belongs: the reader names the buffer that the
 * next bytes are for, and is called when it is full. (Through the stream interface each read would be copied out of
 * 64 KiB buffers.)
 */
export class Wire {
  readonly resource: string;
  readonly #socket: Socket;
  #want: Want | undefined;
  #filledBytes = 0;
  /** Takes what arrives while nothing is expected, which happens only between the steps of the handshake. */
  readonly #idle = new Uint8Array(4096);
  #given: Uint8Array = this.#idle;
  #early: Uint8Array = new Uint8Array(0);
  #feeding = false;
  #failed: Error | undefined;
  readonly #onFail: ((error: Error) => void)[] = [];

  private constructor(address: NbdAddress) {
    this.resource = describeAddress(address);
    const target =
      address.path === undefined ? { host: address.host, port: address.port ?? 10809 } : { path: address.path };
    this.#socket = connect({
      ...target,
      noDelay: true,
      keepAlive: true,
      onread: { buffer: () => this.#nextBuffer(), callback: (count) => this.#received(count) },
    });
    this.#socket.on("error", (error) => this.fail(connectionLost("reach the NBD server", this.resource, error)));
    this.#socket.on("end", () => this.fail(connectionLost("use the NBD server", this.resource)));
    this.#socket.on("close", () => this.fail(connectionLost("use the NBD server", this.resource)));
  }

  static async open(address: NbdAddress, signal: AbortSignal | undefined, timeoutMs: number): Promise<Wire> {
    signal?.throwIfAborted();
    const wire = new Wire(address);
    const socket = wire.#socket;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => wire.fail(connectionLost("reach the NBD server", wire.resource, new Error("no answer in time"))),
        timeoutMs,
      );
      const aborted = (): void => wire.fail(signal?.reason);
      signal?.addEventListener("abort", aborted, { once: true });
      const settle = (then: () => void) => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", aborted);
        then();
      };
      socket.once("connect", () => settle(resolve));
      wire.onFail((error) => settle(() => reject(error)));
    });
    return wire;
  }

  get failure(): Error | undefined {
    return this.#failed;
  }

  /** Names where the next bytes go. One at a time: call it again from `filled`. */
  expect(target: Uint8Array, filled: () => void): void {
    this.#want = { target, filled };
    this.#filledBytes = 0;
    if (this.#early.byteLength > 0 && !this.#feeding) this.#feed();
  }

  async readExactly(length: number): Promise<Buffer> {
    const target = Buffer.alloc(length);
    if (length === 0) return target;
    if (this.#failed) throw this.#failed;
    await new Promise<void>((resolve, reject) => {
      this.onFail(reject);
      this.expect(target, resolve);
    });
    return target;
  }

  /** `sent` is called once the kernel has all of it, or the connection is gone. */
  send(header: Uint8Array, payload?: Uint8Array, sent?: () => void): void {
    if (payload === undefined) {
      this.#socket.write(header, sent);
      return;
    }
    this.#socket.cork();
    this.#socket.write(header);
    this.#socket.write(payload, sent);
    this.#socket.uncork();
  }

  /** Calls back whenever nothing has moved for so long. */
  onIdle(afterMs: number, listener: () => void): void {
    // As a listener of the call itself it would hear of the first time only.
    this.#socket.on("timeout", listener).setTimeout(afterMs);
  }

  onFail(listener: (error: Error) => void): void {
    if (this.#failed) listener(this.#failed);
    else this.#onFail.push(listener);
  }

  fail(error: Error): void {
    if (this.#failed) return;
    this.#failed = error;
    this.#want = undefined;
    this.#socket.destroy();
    for (const listener of this.#onFail.splice(0)) listener(error);
  }

  /** Ends after what was sent has left. */
  end(): void {
    this.#socket.end();
  }

  #nextBuffer(): Uint8Array {
    this.#given = this.#want ? this.#want.target.subarray(this.#filledBytes) : this.#idle;
    return this.#given;
  }

  #received(count: number): boolean {
    if (this.#given !== this.#idle) {
      this.#advance(count);
      return this.#failed === undefined;
    }
    if (this.#early.byteLength > this.#idle.byteLength) {
      this.fail(
        connectionLost("use the NBD server", this.resource, new Error("it sent bytes that were not asked for")),
      );
      return false;
    }
    this.#early = Buffer.concat([this.#early, this.#idle.subarray(0, count)]);
    this.#feed();
    return this.#failed === undefined;
  }

  #advance(count: number): void {
    const want = this.#want;
    if (!want) return;
    this.#filledBytes += count;
    if (this.#filledBytes < want.target.byteLength) return;
    this.#want = undefined;
    want.filled();
  }

  #feed(): void {
    this.#feeding = true;
    while (this.#want && this.#early.byteLength > 0) {
      const room = this.#want.target.byteLength - this.#filledBytes;
      const part = this.#early.subarray(0, room);
      this.#want.target.set(part, this.#filledBytes);
      this.#early = this.#early.subarray(part.byteLength);
      this.#advance(part.byteLength);
    }
    this.#feeding = false;
  }
}
