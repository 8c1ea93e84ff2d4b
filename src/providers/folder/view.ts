import { type FileHandle, open } from "node:fs/promises";
import { ProviderError } from "../../domain/errors.ts";
import { mergeExtents } from "../../transfer/nbd/extent-map.ts";
import type { BlockSource, Extent } from "../../transfer/ports.ts";
import { conflict, fileFailure, notFound, type Subject } from "../failures.ts";
import { RangeMap } from "./ranges.ts";
import type { DiskState } from "./raw-disk.ts";

/** The number of a range that reads as zeros; other numbers are those of {@link View.files}. */
export const zeros = -1;
/** Granularity in which bytes are looked at for being zeros. */
export const unitBytes = 64 * 1024;
const scanBytes = 16 * unitBytes;
const unknown = -2;
const zeroUnit = Buffer.alloc(unitBytes);

/** A file whose bytes stand where they stand on the disk. */
export interface ViewFile {
  readonly path: string;
  /** Where it holds data, when the file by itself is a disk's whole content. */
  readonly whole?: RangeMap;
  /** Of a raw disk that is only borrowed: how it has to be. */
  readonly unchanged?: DiskState;
  /** Nobody knows where it holds zeros. */
  readonly unmapped?: boolean;
}

/** A disk's content: for each range the file that holds it. What no range covers reads as zeros. */
export interface View {
  readonly sizeBytes: number;
  readonly files: readonly ViewFile[];
  readonly map: RangeMap;
}

/** A raw disk as it is in the given state. */
export function rawView(path: string, state: DiskState, allocation: RangeMap | undefined): View {
  const whole = allocation ?? RangeMap.of([[0, state.fileBytes]]);
  return {
    sizeBytes: state.sizeBytes,
    files: [{ path, whole, unchanged: state, unmapped: allocation === undefined }],
    map: whole,
  };
}

export function isZeros(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.byteLength; at += unitBytes) {
    const unit = bytes.subarray(at, at + unitBytes);
    if (Buffer.compare(unit, zeroUnit.subarray(0, unit.byteLength)) !== 0) return false;
  }
  return true;
}

/** Reads a view. Every reader sees the same bytes: layers are never written twice, and a borrowed disk that changes
 *  fails the read. */
export class ViewSource implements BlockSource {
  readonly sizeBytes: number;
  readonly #view: View;
  readonly #changes: ReadonlyMap<string, RangeMap>;
  readonly #subject: Subject;
  readonly #onClose: () => void;
  readonly #handles = new Map<number, Promise<FileHandle>>();
  /** What scanning found so far. */
  readonly #scanned = new Map<number, RangeMap>();
  #closed = false;

  constructor(
    view: View,
    subject: Subject,
    options: { changes?: ReadonlyMap<string, RangeMap>; onClose?: () => void } = {},
  ) {
    this.sizeBytes = view.sizeBytes;
    this.#view = view;
    this.#subject = subject;
    this.#changes = options.changes ?? new Map();
    this.#onClose = options.onClose ?? (() => {});
  }

  async *extents(options: { sinceBaseline?: string; signal?: AbortSignal }): AsyncGenerator<Extent> {
    const { sinceBaseline, signal } = options;
    const changes = sinceBaseline === undefined ? undefined : this.#changes.get(sinceBaseline);
    if (sinceBaseline !== undefined && !changes) {
      throw notFound(this.#subject, `this disk does not know the changes since ${sinceBaseline}`);
    }
    yield* mergeExtents(this.#extents(changes, signal), this.sizeBytes);
  }

  async *#extents(changes: RangeMap | undefined, signal: AbortSignal | undefined): AsyncGenerator<Extent> {
    for (const wanted of changes ?? [{ offset: 0, end: this.sizeBytes }]) {
      for (const { offset, end, value } of this.#view.map.covering(wanted.offset, wanted.end, zeros)) {
        signal?.throwIfAborted();
        if (this.#view.files[value]?.unmapped) yield* this.#scan(value, offset, end, signal);
        else yield { offset, length: end - offset, kind: value === zeros ? "zero" : "data" };
      }
    }
  }

  /** Looks where an unmapped file holds zeros; once for each place. */
  async *#scan(index: number, from: number, to: number, signal: AbortSignal | undefined): AsyncGenerator<Extent> {
    const known = this.#scanned.get(index) ?? new RangeMap();
    this.#scanned.set(index, known);
    const buffer = Buffer.allocUnsafe(scanBytes);
    for (let at = from; at < to; ) {
      const end = Math.min(to, (Math.floor(at / scanBytes) + 1) * scanBytes);
      if (![...known.covering(at, end, unknown)].every(({ value }) => value !== unknown)) {
        const bytes = buffer.subarray(0, end - at);
        await this.read(at, bytes, signal);
        for (let unit = 0; unit < bytes.byteLength; unit += unitBytes) {
          const part = bytes.subarray(unit, unit + unitBytes);
          known.set(at + unit, at + unit + part.byteLength, isZeros(part) ? zeros : index);
        }
      }
      for (const { offset, end: until, value } of known.within(at, end)) {
        yield { offset, length: until - offset, kind: value === zeros ? "zero" : "data" };
      }
      at = end;
    }
  }

  async read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#refuseClosed();
    const ranges = [...this.#view.map.covering(offset, offset + target.byteLength, zeros)];
    await Promise.all(
      ranges.map(async (range) => {
        const bytes = target.subarray(range.offset - offset, range.end - offset);
        if (range.value === zeros) bytes.fill(0);
        else await this.#readFile(range.value, range.offset, bytes);
      }),
    );
    this.#refuseClosed();
  }

  async #readFile(index: number, offset: number, bytes: Uint8Array): Promise<void> {
    const { path, unchanged } = this.#view.files[index] as ViewFile;
    try {
      const file = await this.#handle(index, path);
      for (let done = 0; done < bytes.byteLength; ) {
        const { bytesRead } = await file.read(bytes, done, bytes.byteLength - done, offset + done);
        if (bytesRead === 0) {
          // A borrowed disk's last sector may be short; a layer always holds what its log says.
          if (!unchanged) throw this.#damaged(path);
          bytes.fill(0, done);
          break;
        }
        done += bytesRead;
      }
      if (!unchanged) return;
      const { size, mtimeNs } = await file.stat({ bigint: true });
      if (Number(size) === unchanged.fileBytes && String(mtimeNs) === unchanged.stamp) return;
    } catch (error) {
      throw fileFailure(error, this.#subject);
    }
    throw conflict(
      this.#subject,
      `${path} was written to meanwhile`,
      "Stop what writes to it and start the move anew.",
    );
  }

  #handle(index: number, path: string): Promise<FileHandle> {
    const known = this.#handles.get(index);
    if (known) return known;
    const opening = open(path, "r");
    this.#handles.set(index, opening);
    opening.catch(() => this.#handles.delete(index));
    return opening;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose();
    const handles = await Promise.allSettled(this.#handles.values());
    for (const handle of handles) if (handle.status === "fulfilled") await handle.value.close();
  }

  #refuseClosed(): void {
    if (this.#closed) throw conflict(this.#subject, "a newer attempt has taken over", "Leave it to that attempt.");
  }

  #damaged(path: string): ProviderError {
    return new ProviderError("IntegrityFailure", {
      ...this.#subject,
      reason: `${path} is shorter than its log says`,
      action: "Check the storage; move the disk again.",
    });
  }
}
