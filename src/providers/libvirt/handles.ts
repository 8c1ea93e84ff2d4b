import { NbdBlockSink, type NbdSinkOptions } from "../../transfer/nbd/block-sink.ts";
import { NbdBlockSource, type NbdSourceOptions } from "../../transfer/nbd/block-source.ts";
import type { BlockSink, BlockSource, Extent } from "../../transfer/ports.ts";
import type { Exports, RunningExport } from "./exports.ts";

type SourceOptions = Omit<NbdSourceOptions, "path" | "exportName">;
type SinkOptions = Omit<NbdSinkOptions, "path" | "exportName">;

/** A source whose export ends with it. */
export class ClosingSource implements BlockSource {
  readonly #exports: Exports;
  readonly #running: RunningExport;
  readonly #inner: NbdBlockSource;

  private constructor(exports: Exports, running: RunningExport, inner: NbdBlockSource) {
    this.#exports = exports;
    this.#running = running;
    this.#inner = inner;
  }

  static async open(exports: Exports, running: RunningExport, options: SourceOptions): Promise<ClosingSource> {
    try {
      const inner = await NbdBlockSource.open({ ...options, path: running.socketPath, exportName: "" });
      return new ClosingSource(exports, running, inner);
    } catch (error) {
      await exports.end(running, "revoke");
      throw error;
    }
  }

  get sizeBytes(): number {
    return this.#inner.sizeBytes;
  }

  extents(options: { sinceBaseline?: string; signal?: AbortSignal }): AsyncIterable<Extent> {
    return this.#inner.extents(options);
  }

  read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<void> {
    return this.#inner.read(offset, target, signal);
  }

  async close(): Promise<void> {
    await this.#inner.close();
    await this.#exports.end(this.#running, "revoke");
  }
}

/** A sink whose export ends with it; what was flushed is durable, what was not may be lost. */
export class ClosingSink implements BlockSink {
  readonly #exports: Exports;
  readonly #running: RunningExport;
  readonly #inner: NbdBlockSink;

  private constructor(exports: Exports, running: RunningExport, inner: NbdBlockSink) {
    this.#exports = exports;
    this.#running = running;
    this.#inner = inner;
  }

  static async open(exports: Exports, running: RunningExport, options: SinkOptions): Promise<ClosingSink> {
    try {
      const inner = await NbdBlockSink.open({ ...options, path: running.socketPath, exportName: "" });
      return new ClosingSink(exports, running, inner);
    } catch (error) {
      await exports.end(running, "revoke");
      throw error;
    }
  }

  get sizeBytes(): number {
    return this.#inner.sizeBytes;
  }

  write(offset: number, data: Uint8Array, signal?: AbortSignal): Promise<void> {
    return this.#inner.write(offset, data, signal);
  }

  writeZeroes(offset: number, length: number, signal?: AbortSignal): Promise<void> {
    return this.#inner.writeZeroes(offset, length, signal);
  }

  flush(signal?: AbortSignal): Promise<void> {
    return this.#inner.flush(signal);
  }

  async close(): Promise<void> {
    await this.#inner.close();
    await this.#exports.end(this.#running, "finish");
  }
}
