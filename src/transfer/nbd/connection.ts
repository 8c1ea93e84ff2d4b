import type { ProviderError } from "../../domain/errors.ts";
import { connectionLost, protocolError, serverError } from "./errors.ts";
import type { NbdExportInfo } from "./handshake.ts";
import { handshake } from "./handshake.ts";
import {
  chunkFlagDone,
  chunkType,
  command,
  encodeRequest,
  simpleReplyBytes,
  simpleReplyMagic,
  structuredReplyBytes,
  structuredReplyMagic,
} from "./protocol.ts";
import type { NbdAddress } from "./wire.ts";
import { Wire } from "./wire.ts";

const connectTimeoutMs = 10_000;
const stallTimeoutMs = 120_000;

export interface StatusRun {
  readonly length: number;
  readonly flags: number;
}

interface Pending {
  readonly operation: string;
  readonly bytes: number;
  /** Where a read's bytes go. */
  readonly target?: Uint8Array;
  /** What BLOCK_STATUS collects, by context name. */
  readonly status?: Map<string, StatusRun[]>;
  error?: ProviderError;
  settle(error?: Error): void;
}

/** One connection in the transmission phase, with any number of requests in flight. */
export class NbdConnection {
  readonly info: NbdExportInfo;
  readonly #wire: Wire;
  readonly #pending = new Map<number, Pending>();
  #handle = 0;
  #bytesInFlight = 0;
  readonly #header = Buffer.alloc(structuredReplyBytes);

  private constructor(wire: Wire, info: NbdExportInfo) {
    this.#wire = wire;
    this.info = info;
    wire.onFail((error) => {
      for (const pending of [...this.#pending.values()]) pending.settle(error);
    });
    this.#awaitReply();
  }

  static async open(address: NbdAddress, contexts: readonly string[], signal?: AbortSignal): Promise<NbdConnection> {
    const wire = await Wire.open(address, signal, connectTimeoutMs);
    const aborted = (): void => wire.fail(signal?.reason);
    signal?.addEventListener("abort", aborted, { once: true });
    const timer = setTimeout(
      () => wire.fail(connectionLost("open the NBD export", wire.resource, new Error("no answer in time"))),
      connectTimeoutMs,
    );
    try {
      const connection = new NbdConnection(wire, await handshake(wire, address.exportName, contexts));
      wire.onIdle(address.stallTimeoutMs ?? stallTimeoutMs, () => connection.#stalled());
      return connection;
    } catch (error) {
      wire.fail(error instanceof Error ? error : new Error(String(error)));
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
    }
  }

  get bytesInFlight(): number {
    return this.#bytesInFlight;
  }

  get resource(): string {
    return this.#wire.resource;
  }

  get failed(): boolean {
    return this.#wire.failure !== undefined;
  }

  read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<void> {
    const request = { type: command.read, flags: 0, offset, length: target.byteLength };
    return this.#request("read blocks", request, { target, signal });
  }

  write(offset: number, payload: Uint8Array, signal?: AbortSignal): Promise<void> {
    const request = { type: command.write, flags: 0, offset, length: payload.byteLength };
    return this.#request("write blocks", request, { payload, signal });
  }

  writeZeroes(offset: number, length: number, flags: number, signal?: AbortSignal): Promise<void> {
    return this.#request("write zeros", { type: command.writeZeroes, flags, offset, length }, { signal });
  }

  trim(offset: number, length: number, signal?: AbortSignal): Promise<void> {
    return this.#request("trim blocks", { type: command.trim, flags: 0, offset, length }, { signal });
  }

  flush(signal?: AbortSignal): Promise<void> {
    return this.#request("flush writes", { type: command.flush, flags: 0, offset: 0, length: 0 }, { signal });
  }

  /** Extents by context name; each list covers at least one extent from `offset` on, but perhaps less than `length`. */
  async blockStatus(offset: number, length: number, signal?: AbortSignal): Promise<Map<string, StatusRun[]>> {
    const status = new Map<string, StatusRun[]>();
    await this.#request(
      "read the extent map",
      { type: command.blockStatus, flags: 0, offset, length },
      { status, signal },
    );
    return status;
  }

  close(): void {
    if (this.failed) return;
    const reply = { type: command.disconnect, flags: 0, handle: 0, offset: 0, length: 0 };
    this.#wire.send(encodeRequest(reply), undefined, () =>
      this.#wire.fail(connectionLost("use the disk", this.resource, new Error("we closed it"))),
    );
  }

  #stalled(): void {
    if (this.#pending.size === 0) return;
    this.#wire.fail(connectionLost("use the NBD server", this.resource, new Error("it has stopped answering")));
  }

  #request(
    operation: string,
    request: { type: number; flags: number; offset: number; length: number },
    options: { target?: Uint8Array; payload?: Uint8Array; status?: Map<string, StatusRun[]>; signal?: AbortSignal },
  ): Promise<void> {
    const { signal, payload, target, status } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const { failure } = this.#wire;
    if (failure) return Promise.reject(failure);
    const handle = this.#handle;
    this.#handle = (handle + 1) >>> 0;
    const bytes = payload?.byteLength ?? target?.byteLength ?? 0;
    this.#bytesInFlight += bytes;
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        operation,
        bytes,
        target,
        status,
        settle: (error) => {
          this.#pending.delete(handle);
          this.#bytesInFlight -= bytes;
          signal?.removeEventListener("abort", aborted);
          if (error) reject(error);
          else resolve();
        },
      };
      // The server's answer to an abandoned request would find nobody, and the caller's memory must be free when the
      // promise settles: an abort costs the connection.
      const aborted = (): void => {
        pending.settle(signal?.reason);
        // After the other requests of the same signal have settled with its reason.
        queueMicrotask(() =>
          this.#wire.fail(connectionLost(operation, this.resource, new Error("a request was given up"))),
        );
      };
      signal?.addEventListener("abort", aborted, { once: true });
      this.#pending.set(handle, pending);
      this.#wire.send(encodeRequest({ ...request, handle }), payload);
    });
  }

  #awaitReply(): void {
    this.#wire.expect(this.#header.subarray(0, simpleReplyBytes), () => {
      const magic = this.#header.readUInt32BE(0);
      if (magic === simpleReplyMagic) this.#simpleReply();
      else if (magic === structuredReplyMagic) {
        this.#wire.expect(this.#header.subarray(simpleReplyBytes), () => this.#structuredReply());
      } else this.#broken("the NBD server sent a reply that makes no sense");
    });
  }

  #simpleReply(): void {
    const error = this.#header.readUInt32BE(4);
    const pending = this.#pending.get(this.#header.readUInt32BE(12));
    if (!pending) {
      this.#broken("the NBD server answered a request that was never made");
    } else if (error !== 0) {
      this.#awaitReply();
      pending.settle(serverError(error, pending.operation, this.resource));
    } else if (pending.target && pending.target.byteLength > 0) {
      this.#wire.expect(pending.target, () => {
        this.#awaitReply();
        pending.settle();
      });
    } else {
      this.#awaitReply();
      pending.settle();
    }
  }

  #structuredReply(): void {
    const flags = this.#header.readUInt16BE(4);
    const type = this.#header.readUInt16BE(6);
    const length = this.#header.readUInt32BE(16);
    const pending = this.#pending.get(this.#header.readUInt32BE(12));
    if (!pending || length > 64 * 1024 * 1024) {
      this.#broken("the NBD server answered a request that was never made");
      return;
    }
    const end = (): void => {
      this.#awaitReply();
      if (flags & chunkFlagDone) pending.settle(pending.error);
    };
    if (length === 0) {
      end();
      return;
    }
    const body = Buffer.allocUnsafe(length);
    this.#wire.expect(body, () => {
      this.#chunk(pending, type, body);
      end();
    });
  }

  #chunk(pending: Pending, type: number, body: Buffer): void {
    if (type & chunkType.errorFlag) {
      pending.error ??= serverError(body.readUInt32BE(0), pending.operation, this.resource);
    } else if (type === chunkType.blockStatus && pending.status) {
      const runs: StatusRun[] = [];
      for (let at = 4; at + 8 <= body.byteLength; at += 8) {
        runs.push({ length: body.readUInt32BE(at), flags: body.readUInt32BE(at + 4) });
      }
      const context = this.info.contexts.get(body.readUInt32BE(0));
      if (context !== undefined) pending.status.set(context, runs);
    } else {
      // Reads go over connections with simple replies, so no other content is expected here.
      pending.error ??= protocolError(
        pending.operation,
        this.resource,
        "the NBD server sent content of an unexpected kind",
      );
    }
  }

  #broken(reason: string): void {
    this.#wire.fail(protocolError("use the NBD server", this.resource, reason));
  }
}
