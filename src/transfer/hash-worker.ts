import { hashBytes, hashLeaf } from "./manifest.ts";
import { leafBytes } from "./ports.ts";
import { serveJobs } from "./thread-pool.ts";

export interface HashJob {
  readonly buffer: SharedArrayBuffer;
  readonly length: number;
}

serveJobs<HashJob, Uint8Array>(({ buffer, length }) => {
  const hashes = new Uint8Array(Math.ceil(length / leafBytes) * hashBytes);
  for (let offset = 0, leaf = 0; offset < length; offset += leafBytes, leaf++) {
    hashes.set(hashLeaf(new Uint8Array(buffer, offset, Math.min(leafBytes, length - offset))), leaf * hashBytes);
  }
  return { result: hashes, transfer: [hashes.buffer] };
});
