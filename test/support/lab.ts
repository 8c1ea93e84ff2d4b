import { DefaultLogger, Runtime } from "@temporalio/worker";
import { type LabOptions, type LabParts, StackLab, startParts } from "../../bench/lib/stack-lab.ts";
import { cacheDir } from "../../src/host/paths.ts";
import { createListener, createWorker, type WorkerSettings } from "../../src/worker/worker.ts";

// A failing activity is what these tests are about; its line would only be noise.
Runtime.install({ logger: new DefaultLogger("ERROR"), shutdownSignals: [] });

/** Real Postgres, Temporal and two private libvirt hosts of the test's own, until `close()`: call it from a root `after`
 *  (one that is registered inside a `before` runs too early). */
export async function startLab(options?: LabOptions): Promise<Lab> {
  return new Lab(await startParts(options));
}

export class Lab extends StackLab {
  readonly #ends: (() => Promise<void>)[] = [];
  readonly #address: string;

  constructor(parts: LabParts) {
    super(parts);
    this.#address = parts.temporal.address;
  }

  /** A worker in this process; ended by the returned function or with the lab. */
  async startWorker(decorate?: WorkerSettings["decorate"]): Promise<() => Promise<void>> {
    const temporal = { address: this.#address, namespace: "default" };
    return this.#run(await createWorker({ temporal, bundleCacheDir: cacheDir(), deps: this.deps, decorate }));
  }

  /** What listens and looks (alerts, pools, sites), in this process; ended by the returned function or with the lab. */
  async startListener(): Promise<() => Promise<void>> {
    return this.#run(
      await createListener({ temporal: { address: this.#address, namespace: "default" }, deps: this.deps }),
    );
  }

  #run({ worker, close }: Awaited<ReturnType<typeof createListener>>): () => Promise<void> {
    const running = worker.run();
    let ended = false;
    const end = async (): Promise<void> => {
      if (ended) return;
      ended = true;
      worker.shutdown();
      await running;
      await close();
    };
    this.#ends.push(end);
    return end;
  }

  override async close(): Promise<void> {
    for (const end of this.#ends.splice(0)) await end();
    await super.close();
  }
}
