import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export type End = { readonly host: string; readonly port: number } | { readonly path: string };

export interface RelayPlan {
  readonly listen: End;
  readonly to: End;
  /** What may pass in a second, one way and the other each, as over a link of that width. */
  readonly bytesPerSecond?: number;
}

/** Relays connections from here to there: `node shaped-relay.ts '[{"listen":…,"to":…}]'`. Ends with who started it. */
function relay({ listen, to, bytesPerSecond }: RelayPlan): void {
  const buckets = [new Bucket(bytesPerSecond), new Bucket(bytesPerSecond)] as const;
  // One side may have said all and still wait for the answer.
  createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ ...to, allowHalfOpen: true });
    void pass(near, far, buckets[0]);
    void pass(far, near, buckets[1]);
  }).listen(listen);
}

async function pass(from: Socket, to: Socket, bucket: Bucket): Promise<void> {
  from.on("error", () => to.destroy());
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      await bucket.take(chunk.byteLength);
      if (!to.write(chunk)) await drained(to);
    }
    to.end();
  } catch {
    to.destroy();
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    socket.on("drain", done).on("close", done);
  });
}

class Bucket {
  readonly #perSecond: number | undefined;
  #freeAt = 0;

  constructor(perSecond: number | undefined) {
    this.#perSecond = perSecond;
  }

  async take(bytes: number): Promise<void> {
    if (this.#perSecond === undefined) return;
    const now = performance.now();
    this.#freeAt = Math.max(this.#freeAt, now) + (bytes / this.#perSecond) * 1000;
    if (this.#freeAt > now + 5) await sleep(this.#freeAt - now);
  }
}

if (process.argv[1] === import.meta.filename) {
  const parent = process.ppid;
  for (const plan of JSON.parse(process.argv[2] ?? "[]") as RelayPlan[]) relay(plan);
  setInterval(() => {
    if (process.ppid !== parent) process.exit();
  }, 200);
}
