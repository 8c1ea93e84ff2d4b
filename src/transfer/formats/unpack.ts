import { codecPool, giveScratch, takeScratch } from "./codec-pool.ts";
import type { PackedUnit } from "./codec-worker.ts";
import { sectorBytes } from "./codec-worker.ts";
import { damaged } from "./failures.ts";
import type { CompressedStretch, RandomAccess } from "./image.ts";

/** Units further apart in the file than this are read one by one. */
const gapBytes = 64 * 1024;

export interface UnpackRequest {
  readonly file: RandomAccess;
  /** Whole units, ascending and next to each other on the disk, all of one codec. */
  readonly units: readonly CompressedStretch[];
  readonly unitBytes: number;
  /** The disk's offset of `target`'s first byte; the units may begin before it and end after it. */
  readonly offset: number;
  readonly target: Uint8Array;
}

/**
 * Reads compressed units and puts what they hold into the target.
 * @throws ProviderError IntegrityFailure when one does not decompress to a whole unit.
 */
export async function unpackUnits(request: UnpackRequest, signal?: AbortSignal): Promise<void> {
  const { file, units, offset, target } = request;
  const [first, last] = [units[0], units.at(-1)];
  if (!first || !last) return;
  const end = last.offset + last.length;
  const whole = first.offset >= offset && end <= offset + target.byteLength;
  const direct = whole && target.buffer instanceof SharedArrayBuffer ? target.buffer : undefined;
  const input = takeScratch(units.reduce((sum, { storedBytes }) => sum + storedBytes + gapBytes, 0));
  const output = direct ?? takeScratch(end - first.offset);
  try {
    const from = await readStored(file, units, new Uint8Array(input), signal);
    const base = direct ? target.byteOffset + (first.offset - offset) : 0;
    const packed = units.map(
      (unit, index): PackedUnit => ({
        from: from[index] ?? 0,
        storedBytes: unit.storedBytes,
        to: base + (unit.offset - first.offset),
        length: unit.length,
        unitBytes: request.unitBytes,
        sector: unit.offset / sectorBytes,
      }),
    );
    const result = await codecPool().run({ kind: "unpack", codec: first.codec, input, output, units: packed });
    if (result.kind === "unpacked" && result.failed) {
      const unit = units[result.failed.unit];
      throw damaged(
        file.name,
        `what is stored for disk byte ${unit?.offset} doesn't decompress (${result.failed.reason})`,
      );
    }
    if (!direct) copyPart(new Uint8Array(output), first.offset, end, offset, target);
  } finally {
    giveScratch(input);
    if (!direct) giveScratch(output);
  }
}

/** Reads neighbours in the file together; says where in the buffer each unit begins. */
async function readStored(
  file: RandomAccess,
  units: readonly CompressedStretch[],
  buffer: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const from: number[] = [];
  const reads: Promise<void>[] = [];
  let filled = 0;
  for (let index = 0; index < units.length; ) {
    const start = units[index]?.at ?? 0;
    let end = start;
    const base = filled;
    for (let unit = units[index]; unit && unit.at >= start && unit.at <= end + gapBytes; unit = units[++index]) {
      from[index] = base + (unit.at - start);
      end = Math.max(end, unit.at + unit.storedBytes);
    }
    filled += end - start;
    reads.push(file.read(start, buffer.subarray(base, filled), signal));
  }
  await allSettled(reads);
  return from;
}

/** Rejects like `Promise.all`, but not before everything has ended: buffers are used again after that. */
export async function allSettled(work: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) {
    if (result.status === "rejected") throw result.reason;
  }
}

function copyPart(plain: Uint8Array, start: number, end: number, offset: number, target: Uint8Array): void {
  const from = Math.max(start, offset);
  const to = Math.min(end, offset + target.byteLength);
  target.set(plain.subarray(from - start, to - start), from - offset);
}
