import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { ProviderError } from "../domain/errors.ts";
import type { HashJob, HashResult } from "./hash-worker.ts";

interface Thread {
  readonly worker: Worker;
  readonly jobs: Map<number, { resolve: (hashes: Uint8Array) => void; reject: (error: Error) => void }>;
}

/**
 * Threads that hash leaves in place. They hold the process open only while they have work, so nobody needs to end them.
 */
export class HashPool {
  readonly #size: number;
  readonly #threads: Thread[] = [];
  #nextId = 0;

  /** By default one thread is left to the connections. More than four would outrun any disk. */
  constructor(size: number = Math.max(1, Math.min(4, availableParallelism() - 1))) {
    this.#size = size;
  }

  /** One SHA-256 after the other of each leaf in the first `length` bytes; the last one may be short. */
  hashLeaves(buffer: SharedArrayBuffer, length: number): Promise<Uint8Array> {
    const thread = this.#leastBusy();
    const id = this.#nextId++;
    const job: HashJob = { id, buffer, length };
    return new Promise((resolve, reject) => {
      if (thread.jobs.size === 0) thread.worker.ref();
      thread.jobs.set(id, { resolve, reject });
      thread.worker.postMessage(job);
    });
  }

  /** Starts one thread ahead of the first work. */
  async warmUp(): Promise<void> {
    await this.hashLeaves(new SharedArrayBuffer(1), 1);
  }

  #leastBusy(): Thread {
    const idle = this.#threads.find((thread) => thread.jobs.size === 0);
    if (idle) return idle;
    if (this.#threads.length < this.#size) return this.#start();
    return this.#threads.reduce((best, thread) => (thread.jobs.size < best.jobs.size ? thread : best));
  }

  #start(): Thread {
    const worker = new Worker(new URL("./hash-worker.ts", import.meta.url), { name: "leaf-hashes" });
    const thread: Thread = { worker, jobs: new Map() };
    worker.unref();
    worker.on("message", ({ id, hashes }: HashResult) => {
      const job = thread.jobs.get(id);
      thread.jobs.delete(id);
      if (thread.jobs.size === 0) worker.unref();
      job?.resolve(hashes);
    });
    const lost = (cause?: unknown): void => {
      const at = this.#threads.indexOf(thread);
      if (at >= 0) this.#threads.splice(at, 1);
      for (const job of thread.jobs.values()) job.reject(threadLost(cause));
      thread.jobs.clear();
    };
    worker.on("error", lost);
    worker.on("exit", () => lost());
    this.#threads.push(thread);
    return thread;
  }
}

let shared: HashPool | undefined;

/** The process's own threads, shared by every transfer in it. */
export function sharedHashPool(): HashPool {
  shared ??= new HashPool();
  return shared;
}

function threadLost(cause: unknown): ProviderError {
  return new ProviderError("Unknown", {
    operation: "hash the disk",
    resource: "hash thread",
    reason: "a thread that computes hashes ended unexpectedly",
    action: "It is tried again with a new one.",
    cause,
  });
}
