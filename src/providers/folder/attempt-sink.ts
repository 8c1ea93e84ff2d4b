import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import type { ProviderError } from "../../domain/errors.ts";
import type { BlockSink } from "../../transfer/ports.ts";
import { conflict, fileFailure, invalid, type Subject } from "../failures.ts";
import { syncFile } from "../record-files.ts";
import { endLine, flushLine } from "./layer-log.ts";
import { RangeMap } from "./ranges.ts";
import { isZeros, unitBytes, zeros } from "./view.ts";

export const logName = "log.jsonl";
export const dataName = (index: number) => `${index}.raw`;

/**
 * Writes one attempt at a generation into a folder of its own: data files in which every byte is written once, and a
 * log of what was flushed. What a successor has read from the log can't change under it, even when this process was
 * stopped in mid-write and goes on later: what is written then is in nobody's log.
 */
export class AttemptSink implements BlockSink {
  readonly sizeBytes: number;
  readonly #folder: string;
  readonly #subject: Subject;
  readonly #input: AttemptInput;
  readonly #log: FileHandle;
  readonly #files: Promise<FileHandle>[] = [];
  /** Of the newest data file: what was given to the file system, done or not. */
  #issued = new RangeMap();
  #pending = new RangeMap();
  #unsynced = new Set<number>();
  #writing = 0;
  #flushing: Promise<unknown> = Promise.resolve();
  #failure: unknown;
  #closed = false;

  private constructor(input: AttemptInput, log: FileHandle) {
    this.sizeBytes = input.sizeBytes;
    this.#input = input;
    this.#folder = input.folder;
    this.#subject = input.subject;
    this.#log = log;
  }

  static async open(input: AttemptInput): Promise<AttemptSink> {
    try {
      const log = await open(join(input.folder, logName), "ax", 0o640);
      await syncFile(input.folder);
      return new AttemptSink(input, log);
    } catch (error) {
      throw fileFailure(error, input.subject);
    }
  }

  async write(offset: number, data: Uint8Array, signal?: AbortSignal): Promise<void> {
    this.#check(offset, data.byteLength, signal);
    const runs = runsOf(offset, data);
    await this.#busy(async () => {
      await Promise.all(runs.filter((run) => !run.zeros).map((run) => this.#put(run.offset, run.bytes)));
      for (const run of runs.filter((candidate) => candidate.zeros)) {
        this.#pending.set(run.offset, run.offset + run.bytes.byteLength, zeros);
      }
    });
  }

  async writeZeroes(offset: number, length: number, signal?: AbortSignal): Promise<void> {
    this.#check(offset, length, signal);
    this.#pending.set(offset, offset + length, zeros);
  }

  async flush(signal?: AbortSignal): Promise<void> {
    this.#check(0, 0, signal);
    const flush = this.#flushing.then(() => this.#guarded(() => this.#flushNow()));
    this.#flushing = flush.catch(() => undefined);
    await flush;
  }

  async #flushNow(): Promise<void> {
    const [written, unsynced] = [this.#pending, this.#unsynced];
    this.#pending = new RangeMap();
    this.#unsynced = new Set();
    if (!written.isEmpty) {
      for (const index of unsynced) await (await this.#file(index)).datasync();
      await this.#log.appendFile(flushLine(written));
      await this.#log.datasync();
    }
    // Looked at after the log was written: a successor first makes its claim known, then reads the log.
    await this.#input.refuseSuperseded();
  }

  async #put(offset: number, bytes: Uint8Array): Promise<void> {
    const index = this.#place(offset, offset + bytes.byteLength);
    const file = await this.#file(index);
    for (let done = 0; done < bytes.byteLength; ) {
      const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, offset + done);
      done += bytesWritten;
    }
    this.#unsynced.add(index);
    this.#pending.set(offset, offset + bytes.byteLength, index);
  }

  /** The data file in which nothing was written at that place yet. */
  #place(offset: number, end: number): number {
    if (this.#files.length === 0 || this.#issued.overlaps(offset, end)) {
      this.#issued = new RangeMap();
      this.#files.push(this.#make(this.#files.length));
    }
    this.#issued.set(offset, end, 0);
    return this.#files.length - 1;
  }

  async #make(index: number): Promise<FileHandle> {
    const file = await open(join(this.#folder, dataName(index)), "wx", 0o640);
    try {
      await file.truncate(this.sizeBytes);
      await syncFile(this.#folder);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  #file(index: number): Promise<FileHandle> {
    return this.#files[index] as Promise<FileHandle>;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#input.onClose();
    await this.#flushing;
    const settled = this.#failure === undefined && this.#writing === 0 && this.#pending.isEmpty;
    // Only a hint that the file may be cloned as a whole; nothing is lost without it.
    if (settled && this.#files.length === 1) {
      await this.#log.appendFile(endLine(this.#issued.bytes)).catch(() => undefined);
    }
    for (const file of await Promise.allSettled(this.#files)) if (file.status === "fulfilled") await file.value.close();
    await this.#log.close();
  }

  #check(offset: number, length: number, signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) throw conflict(this.#subject, "it was closed", "Open it again.");
    if (offset < 0 || offset + length > this.sizeBytes) {
      throw invalid(this.#subject, `byte ${offset + length} is behind its end`, "Plan the move again.");
    }
  }

  async #busy(work: () => Promise<void>): Promise<void> {
    this.#writing++;
    try {
      await this.#guarded(work);
    } finally {
      this.#writing--;
    }
  }

  /** After a failure nobody knows what the files hold: only another attempt can go on. */
  async #guarded(work: () => Promise<void>): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      await work();
    } catch (error) {
      this.#failure ??= fileFailure(error, this.#subject);
      throw this.#failure;
    }
  }
}

export interface AttemptInput {
  /** Of this attempt alone. */
  readonly folder: string;
  readonly sizeBytes: number;
  readonly subject: Subject;
  /** @throws Conflict when the attempt is not the newest any more or the generation has ended. */
  refuseSuperseded(): Promise<void>;
  onClose(): void;
}

/** Cuts bytes into runs that hold something and runs of zeros, which are never written. */
function runsOf(offset: number, data: Uint8Array): { offset: number; bytes: Uint8Array; zeros: boolean }[] {
  const runs: { from: number; to: number; zeros: boolean }[] = [];
  for (let at = 0; at < data.byteLength; ) {
    const to = Math.min(data.byteLength, at + unitBytes - ((offset + at) % unitBytes));
    const allZeros = isZeros(data.subarray(at, to));
    const last = runs.at(-1);
    if (last && last.zeros === allZeros) last.to = to;
    else runs.push({ from: at, to, zeros: allZeros });
    at = to;
  }
  return runs.map(({ from, to, zeros: all }) => ({
    offset: offset + from,
    bytes: data.subarray(from, to),
    zeros: all,
  }));
}

/** What a sink throws whose attempt was taken over. */
export function superseded(subject: Subject): ProviderError {
  return conflict(subject, "a newer attempt has taken over", "Leave it to that attempt.");
}
