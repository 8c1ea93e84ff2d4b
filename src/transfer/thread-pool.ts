import { availableParallelism } from "node:os";
import { parentPort, Worker } from "node:worker_threads";
import { ProviderError } from "../domain/errors.ts";

interface Request<Job> {
  readonly id: number;
  readonly job: Job;
}

interface Reply<Result> {
  readonly id: number;
  readonly result: Result;
}

interface Thread<Result> {
  readonly worker: Worker;
  readonly jobs: Map<number, { resolve: (result: Result) => void; reject: (error: Error) => void }>;
}

/** In a worker thread: does each job as it comes. `work` must not throw; a result can say that a job failed. */
export function serveJobs<Job, Result>(
  work: (job: Job) => { readonly result: Result; readonly transfer?: readonly ArrayBuffer[] },
): void {
  parentPort?.on("message", ({ id, job }: Request<Job>) => {
    const { result, transfer = [] } = work(job);
    const reply: Reply<Result> = { id, result };
    parentPort?.postMessage(reply, [...transfer]);
  });
}

/**
 * Threads that run one script's jobs, started as they are needed. They hold the process open only while they have work,
 * so nobody needs to end them.
 */
export class ThreadPool<Job, Result> {
  readonly #script: URL;
  readonly #name: string;
  readonly #size: number;
  readonly #threads: Thread<Result>[] = [];
  #nextId = 0;

  constructor(options: { script: URL; name: string; size?: number }) {
    this.#script = options.script;
    this.#name = options.name;
    this.#size = options.size ?? availableParallelism();
  }

  run(job: Job): Promise<Result> {
    const thread = this.#leastBusy();
    const id = this.#nextId++;
    const request: Request<Job> = { id, job };
    return new Promise((resolve, reject) => {
      if (thread.jobs.size === 0) thread.worker.ref();
      thread.jobs.set(id, { resolve, reject });
      thread.worker.postMessage(request);
    });
  }

  #leastBusy(): Thread<Result> {
    const idle = this.#threads.find((thread) => thread.jobs.size === 0);
    if (idle) return idle;
    if (this.#threads.length < this.#size) return this.#start();
    return this.#threads.reduce((best, thread) => (thread.jobs.size < best.jobs.size ? thread : best));
  }

  #start(): Thread<Result> {
    const worker = new Worker(this.#script, { name: this.#name });
    const thread: Thread<Result> = { worker, jobs: new Map() };
    worker.unref();
    worker.on("message", ({ id, result }: Reply<Result>) => {
      const job = thread.jobs.get(id);
      thread.jobs.delete(id);
      if (thread.jobs.size === 0) worker.unref();
      job?.resolve(result);
    });
    const lost = (cause?: unknown): void => {
      const at = this.#threads.indexOf(thread);
      if (at >= 0) this.#threads.splice(at, 1);
      for (const job of thread.jobs.values()) job.reject(this.#lost(cause));
      thread.jobs.clear();
    };
    worker.on("error", lost);
    worker.on("exit", () => lost());
    this.#threads.push(thread);
    return thread;
  }

  #lost(cause: unknown): ProviderError {
    return new ProviderError("Unknown", {
      operation: `run ${this.#name}`,
      resource: "worker thread",
      reason: "the thread ended unexpectedly",
      action: "It is tried again with a new one.",
      cause,
    });
  }
}
