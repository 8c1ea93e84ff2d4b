import { ProviderError } from "../../domain/errors.ts";
import type { BlockSink } from "../ports.ts";
import { NbdConnections } from "./connections.ts";
import { maxPayloadBytes } from "./protocol.ts";
import type { NbdAddress } from "./wire.ts";

export interface NbdSinkOptions extends NbdAddress {
  /** Data connections, where the server allows several. Default 2. */
  readonly connections?: number;
  /** The disk's true size where the server rounds it up. */
  readonly sizeBytes?: number;
  readonly signal?: AbortSignal;
}

/** Of one WRITE_ZEROES: qemu works through a request at once, and an abort should not wait for a terabyte. */
const zeroPieceBytes = 1024 ** 3;
const zeroPiecesInFlight = 8;

/** Writes to an NBD export. */
export class NbdBlockSink implements BlockSink {
  readonly sizeBytes: number;
  readonly #data: NbdConnections;
  #zeros: Uint8Array | undefined;
  #closed = false;

  private constructor(options: NbdSinkOptions, data: NbdConnections) {
    this.#data = data;
    this.sizeBytes = options.sizeBytes ?? data.info.sizeBytes;
  }

  /** @throws ProviderError Unavailable when the server cannot be reached, NotFound when it has no such export, Conflict
   *  when the export is read-only, UnsupportedCapability when it cannot make writes durable. */
  static async open(options: NbdSinkOptions): Promise<NbdBlockSink> {
    const data = await NbdConnections.open(options, options.connections ?? 2, options.signal);
    const { readOnly, canFlush } = data.info;
    if (!readOnly && canFlush) return new NbdBlockSink(options, data);
    data.close();
    throw new ProviderError(readOnly ? "Conflict" : "UnsupportedCapability", {
      operation: "open the NBD export for writing",
      resource: data.resource,
      reason: readOnly
        ? "the export is read-only"
        : "the server has no FLUSH, so nothing written to it is known to last",
      action: readOnly ? "Open the disk again for writing." : "Use a server with FLUSH, such as qemu-nbd.",
    });
  }

  async write(offset: number, data: Uint8Array, signal?: AbortSignal): Promise<void> {
    if (data.byteLength <= maxPayloadBytes) return this.#data.pick().write(offset, data, signal);
    const writes: Promise<void>[] = [];
    for (let at = 0; at < data.byteLength; at += maxPayloadBytes) {
      writes.push(this.#data.pick().write(offset + at, data.subarray(at, at + maxPayloadBytes), signal));
    }
    await Promise.all(writes);
  }

  async writeZeroes(offset: number, length: number, signal?: AbortSignal): Promise<void> {
    await this.#inPieces(offset, length, zeroPieceBytes, (at, piece) => {
      if (!this.#data.info.canWriteZeroes) return this.#sendZeros(at, piece, signal);
      // Without NO_HOLE the server may make a hole of it.
      return this.#data.pick().writeZeroes(at, piece, 0, signal);
    });
  }

  async flush(signal?: AbortSignal): Promise<void> {
    await this.#data.pick().flush(signal);
  }

  /** Tells the server that the content of the range does not matter any more; a hint. */
  async trim(offset: number, length: number, signal?: AbortSignal): Promise<void> {
    if (!this.#data.info.canTrim) return;
    await this.#inPieces(offset, length, zeroPieceBytes, (at, piece) => this.#data.pick().trim(at, piece, signal));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#data.close();
  }

  async #sendZeros(offset: number, length: number, signal?: AbortSignal): Promise<void> {
    const zeros = (this.#zeros ??= new Uint8Array(1024 * 1024));
    await this.#inPieces(offset, length, zeros.byteLength, (at, piece) =>
      this.#data.pick().write(at, zeros.subarray(0, piece), signal),
    );
  }

  async #inPieces(
    offset: number,
    length: number,
    pieceBytes: number,
    send: (offset: number, length: number) => Promise<void>,
  ): Promise<void> {
    const end = offset + length;
    let at = offset;
    const lane = async (): Promise<void> => {
      while (at < end) {
        const from = at;
        at = Math.min(end, from + pieceBytes);
        await send(from, at - from);
      }
    };
    await Promise.all(Array.from({ length: zeroPiecesInFlight }, lane));
  }
}
