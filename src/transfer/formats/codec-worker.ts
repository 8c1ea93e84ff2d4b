import { constants, deflateSync, inflateRawSync, inflateSync, zstdDecompressSync } from "node:zlib";
import { serveJobs } from "../thread-pool.ts";
import type { Codec } from "./image.ts";
import { KeptZlib } from "./kept-zlib.ts";
import { zstdFrameBytes } from "./zstd-frame.ts";

/** Takes stored units out of `input` and puts what they hold into `output`. */
export interface UnpackJob {
  readonly kind: "unpack";
  readonly codec: Codec;
  readonly input: SharedArrayBuffer;
  readonly output: SharedArrayBuffer;
  readonly units: readonly PackedUnit[];
}

export interface PackedUnit {
  readonly from: number;
  readonly storedBytes: number;
  readonly to: number;
  /** What comes out has to be at least this long; of more, only this much is kept. */
  readonly length: number;
  /** The most that may come out. */
  readonly unitBytes: number;
  /** For a grain: the sector of the disk that its marker has to name. */
  readonly sector: number;
}

/** Deflates grains of `input` into `output`, each behind its marker and padded to sectors, one after the other. */
export interface PackJob {
  readonly kind: "pack";
  readonly input: SharedArrayBuffer;
  readonly output: SharedArrayBuffer;
  readonly grains: readonly { readonly from: number; readonly length: number; readonly sector: number }[];
}

/** `unpack`: the first unit that failed, and why. `pack`: where each grain's marker is, and where the last one ends. */
export type CodecResult =
  | { readonly kind: "unpacked"; readonly failed?: { readonly unit: number; readonly reason: string } }
  | { readonly kind: "packed"; readonly at: readonly number[]; readonly bytes: number };

export const sectorBytes = 512;
export const grainMarkerBytes = 12;
/** What deflate may add to bytes that don't compress, and more than none where a call would only find that nothing is left. */
const marginBytes = 1024;
/** No writer's windows are larger; a frame that wants more memory is no cluster. */
const zstdWindowLog = 23;

const inflating = { grain: new KeptZlib("inflate"), deflate: new KeptZlib("inflate-raw"), zstd: undefined } as const;
const deflating = new KeptZlib("deflate");

serveJobs<UnpackJob | PackJob, CodecResult>((job) => ({ result: job.kind === "pack" ? pack(job) : unpack(job) }));

function unpack({ codec, input, output, units }: UnpackJob): CodecResult {
  for (const [unit, { from, storedBytes, to, length, unitBytes, sector }] of units.entries()) {
    const stored = Buffer.from(input, from, storedBytes);
    const target = new Uint8Array(output, to, length);
    try {
      const packed = codec === "grain" ? insideGrain(stored, sector) : stored;
      if (length === unitBytes && inflating[codec]?.run(packed, target) === length) continue;
      const plain = unpackOne(codec, packed, unitBytes);
      if (plain.byteLength < length) return failed(unit, "less comes out than a unit holds");
      target.set(plain.subarray(0, length));
    } catch (error) {
      return failed(unit, error instanceof Error ? error.message : String(error));
    }
  }
  return { kind: "unpacked" };
}

function insideGrain(stored: Buffer, sector: number): Buffer {
  const bytes = stored.readUInt32LE(8);
  if (stored.readBigUInt64LE(0) !== BigInt(sector)) throw new Error("the grain's marker names another place");
  if (bytes === 0 || grainMarkerBytes + bytes > stored.byteLength) throw new Error("the grain's marker is wrong");
  return stored.subarray(grainMarkerBytes, grainMarkerBytes + bytes);
}

function unpackOne(codec: Codec, packed: Buffer, maxOutputLength: number): Buffer {
  // Taken in one piece: Node's default of 16 KiB at a time costs an allocation and a copy for each piece.
  const options = { maxOutputLength, chunkSize: maxOutputLength + marginBytes };
  if (codec === "grain") return inflateSync(packed, options);
  if (codec === "deflate") return inflateRawSync(packed, options);
  const params = { [constants.ZSTD_d_windowLogMax]: zstdWindowLog };
  return zstdDecompressSync(packed.subarray(0, zstdFrameBytes(packed)), { ...options, params });
}

function failed(unit: number, reason: string): CodecResult {
  return { kind: "unpacked", failed: { unit, reason } };
}

function pack({ input, output, grains }: PackJob): CodecResult {
  const target = Buffer.from(output);
  const at: number[] = [];
  let end = 0;
  for (const { from, length, sector } of grains) {
    const storedAt = end + grainMarkerBytes;
    const bytes = deflateInto(
      new Uint8Array(input, from, length),
      target.subarray(storedAt, storedAt + length + marginBytes),
    );
    at.push(end);
    target.writeBigUInt64LE(BigInt(sector), end);
    target.writeUInt32LE(bytes, end + 8);
    end = Math.ceil((storedAt + bytes) / sectorBytes) * sectorBytes;
    target.fill(0, storedAt + bytes, end);
  }
  return { kind: "packed", at, bytes: end };
}

function deflateInto(plain: Uint8Array, target: Uint8Array): number {
  const bytes = deflating.run(plain, target);
  if (bytes !== undefined) return bytes;
  const packed = deflateSync(plain, { chunkSize: target.byteLength });
  target.set(packed);
  return packed.byteLength;
}
