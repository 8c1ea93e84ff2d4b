import { availableParallelism } from "node:os";
import { ThreadPool } from "../thread-pool.ts";
import type { CodecResult, PackJob, UnpackJob } from "./codec-worker.ts";

let shared: ThreadPool<UnpackJob | PackJob, CodecResult> | undefined;

/** The process's own threads that compress and decompress, one a processor: nothing else is busy meanwhile. */
export function codecPool(): ThreadPool<UnpackJob | PackJob, CodecResult> {
  shared ??= new ThreadPool({
    script: new URL("./codec-worker.ts", import.meta.url),
    name: "image-codec",
    size: availableParallelism(),
  });
  return shared;
}

const spare: SharedArrayBuffer[] = [];
const spareMost = 16;
const step = 256 * 1024;

/** A buffer of at least so many bytes that threads can see; to be given back. Its content is whatever was in it. */
export function takeScratch(bytes: number): SharedArrayBuffer {
  const found = spare.findIndex((buffer) => buffer.byteLength >= bytes);
  const [buffer] = found >= 0 ? spare.splice(found, 1) : [];
  return buffer ?? new SharedArrayBuffer(Math.ceil(bytes / step) * step);
}

export function giveScratch(buffer: SharedArrayBuffer): void {
  if (spare.length < spareMost) spare.push(buffer);
}
