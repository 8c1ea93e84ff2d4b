import { availableParallelism } from "node:os";
import type { HashJob } from "./hash-worker.ts";
import { ThreadPool } from "./thread-pool.ts";

/** Threads that hash leaves in place. */
export class HashPool {
  readonly #threads: ThreadPool<HashJob, Uint8Array>;

  /** By default one thread is left to the connections. More than four would outrun any disk. */
  constructor(size: number = Math.max(1, Math.min(4, availableParallelism() - 1))) {
    this.#threads = new ThreadPool({ script: new URL("./hash-worker.ts", import.meta.url), name: "leaf-hashes", size });
  }

  /** One SHA-256 after the other of each leaf in the first `length` bytes; the last one may be short. */
  hashLeaves(buffer: SharedArrayBuffer, length: number): Promise<Uint8Array> {
    return this.#threads.run({ buffer, length });
  }

  /** Starts one thread ahead of the first work. */
  async warmUp(): Promise<void> {
    await this.hashLeaves(new SharedArrayBuffer(1), 1);
  }
}

let shared: HashPool | undefined;

/** The process's own threads, shared by every transfer in it. */
export function sharedHashPool(): HashPool {
  shared ??= new HashPool();
  return shared;
}
