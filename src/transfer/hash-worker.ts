import { parentPort } from "node:worker_threads";
import { hashBytes, hashLeaf } from "./manifest.ts";
import { leafBytes } from "./ports.ts";

export interface HashJob {
  readonly id: number;
  readonly buffer: SharedArrayBuffer;
  readonly length: number;
}

export interface HashResult {
  readonly id: number;
  readonly hashes: Uint8Array;
}

parentPort?.on("message", ({ id, buffer, length }: HashJob) => {
  const hashes = new Uint8Array(Math.ceil(length / leafBytes) * hashBytes);
  for (let offset = 0, leaf = 0; offset < length; offset += leafBytes, leaf++) {
    hashes.set(hashLeaf(new Uint8Array(buffer, offset, Math.min(leafBytes, length - offset))), leaf * hashBytes);
  }
  const result: HashResult = { id, hashes };
  parentPort?.postMessage(result, [hashes.buffer]);
});
