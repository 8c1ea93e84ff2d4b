/**
 * `burst`: from a breach to a VM that serves, by step. The sustain time is left out (it is 0 here); a VM boots for as long as
 * it is told to. The sites are made up, and answer at once: what is measured is what is ours, with PostgreSQL and Temporal as
 * they are.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DefaultLogger, Runtime } from "@temporalio/worker";
import type { ActivityDeps } from "../src/activities/deps.ts";
import { resolveBurst } from "../src/domain/burst-request.ts";
import { requireTemporal } from "../src/host/bring-in/temporal.ts";
import { cacheDir } from "../src/host/paths.ts";
import { startTemporal } from "../src/host/temporal.ts";
import type { KeptLease, Store } from "../src/store/index.ts";
import { ensureBurstPools } from "../src/temporal/burst-pools.ts";
import { connectClient } from "../src/temporal/connection.ts";
import { createListener, createWorker } from "../src/worker/worker.ts";
import { type BenchPlace, withStore } from "./lib/bench-store.ts";
import { BurstSite } from "./lib/burst-site.ts";
import { percentile } from "./lib/open-loop.ts";
import { type Bench, type BenchContext, type Figure, figure } from "./lib/report.ts";

const bootMs = 8_000;
const goalSeconds = 20;
const poolId = "bench";
const stuckMs = 180_000;
const pollMs = 50;
const watched = "onprem-a";
const markets = {
  "gcp-us-central1": { provider: "gcp", region: "us-central1" },
  "aws-us-east-1": { provider: "aws", region: "us-east-1" },
} as const;

export const burstBench: Bench = {
  name: "burst",
  summary: `From a breach to a VM that serves, by step, with a simulated boot of ${bootMs / 1000} s and no sustain time`,
  run,
};

/** Milliseconds of each step of one burst. */
interface Times {
  readonly noticed: number;
  readonly created: number;
  readonly started: number;
  readonly serving: number;
  readonly total: number;
}

async function run({ note, runs = 20 }: BenchContext): Promise<Figure[]> {
  Runtime.install({ logger: new DefaultLogger("ERROR"), shutdownSignals: [] });
  return withStore(async (store, place) => {
    await store.seedPrices();
    const sites = [
      new BurstSite("gcp-us-central1", ["e2-standard-2"], bootMs),
      new BurstSite("aws-us-east-1", ["m6i.large"], bootMs),
    ];
    const ends = await startWorkers(store, sites, place);
    try {
      const times: Times[] = [];
      for (let round = 0; round < runs; round++) {
        times.push(await burst(store));
        note(`burst ${round + 1}: ${((times.at(-1)?.total ?? 0) / 1000).toFixed(1)} s`);
      }
      return figuresOf(times);
    } finally {
      for (const end of ends) await end();
      for (const site of sites) await site.close();
    }
  });
}

async function startWorkers(
  store: Store,
  sites: readonly BurstSite[],
  place: BenchPlace,
): Promise<(() => Promise<void>)[]> {
  const dir = join(place.dir, "temporal");
  mkdirSync(dir);
  const server = await startTemporal({ dir, program: requireTemporal(cacheDir()), headless: true });
  const temporal = { address: server.address, namespace: "default" };
  const client = await connectClient(temporal);
  const registry: ActivityDeps["registry"] = {
    sites: sites.map(({ site }) => ({ site, provider: "made-up", simulated: true })),
    async provider(name) {
      const found = sites.find(({ site }) => site === name);
      if (!found) throw new Error(`The bench has no site ${name}`);
      return found.provider;
    },
  };
  // What the steps of a burst ask for; nothing else runs here.
  const deps = {
    ...{ registry, store, parallelMigrations: 1, log: { warn: () => undefined } },
    settings: (site: string) => ({ ceilings: {}, market: markets[site as keyof typeof markets] }),
  } as unknown as ActivityDeps;
  const started = [
    await createWorker({ temporal, bundleCacheDir: cacheDir(), deps }),
    await createListener({ temporal, deps }),
  ];
  const running = started.map(({ worker }) => worker.run());
  const settings = resolveBurst(
    {
      ...{ name: poolId, site: watched, sites: sites.map(({ site }) => site), ownVms: 1, cooldownSeconds: 0 },
      leastBilledSeconds: 0,
      template: { cpus: 2, memoryBytes: 8 * 2 ** 30, image: "golden", port: 8080 },
      signals: [{ metric: "cpu.utilisation", resourceId: "app", sustainSeconds: 0 }],
    },
    "user/bench",
  );
  await store.burstPools.create({ poolId, settings, createdBy: "user/bench" });
  await ensureBurstPools(client, [{ poolId, name: poolId }]);
  const stop = async (): Promise<void> => {
    for (const { worker } of started) worker.shutdown();
    await Promise.all(running);
    for (const { close } of started) await close();
    await client.connection.close();
    await server.stop();
  };
  return [stop];
}

async function burst(store: Store): Promise<Times> {
  await say(store, 0.2);
  await until("no VM is left", async () => (await store.burstLeases.of(poolId)).length === 0);
  const breachMs = Date.now();
  await say(store, 0.95);
  const lease = await until("a VM that serves", async () =>
    (await store.burstLeases.of(poolId)).find(({ state }) => state === "serving"),
  );
  const at = (step: string) => Date.parse(lease.steps.find((each) => each.step === step)?.at ?? "");
  const orderedMs = Date.parse(lease.orderedAt);
  await letGo(store, lease);
  return {
    noticed: orderedMs - breachMs,
    created: at("created") - orderedMs,
    started: at("started") - at("created"),
    serving: at("serving") - at("started"),
    total: at("serving") - breachMs,
  };
}

async function letGo(store: Store, { leaseId }: KeptLease): Promise<void> {
  await say(store, 0.2);
  await store.burstLeases.update(leaseId, { leaveReason: "the bench has seen it" });
}

async function say(store: Store, value: number): Promise<void> {
  const at = new Date().toISOString();
  await store.metrics.write([{ site: watched, resourceId: "app", metric: "cpu.utilisation", at, value }]);
}

async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  for (const deadline = Date.now() + stuckMs; ; await sleep(pollMs)) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`Not within ${stuckMs / 1000} s: ${what}`);
  }
}

function figuresOf(times: readonly Times[]): Figure[] {
  const steps = {
    total: "breach to serving",
    noticed: "until it is ordered",
    created: "until it is created",
    started: "until it is started",
    serving: `until it serves, ${bootMs / 1000} s of it the simulated boot`,
  } as const;
  return (Object.keys(steps) as (keyof typeof steps)[]).flatMap((step) =>
    ([0.5, 0.95] as const).map((share) =>
      figure({
        name: `${steps[step]}, p${share * 100} of ${times.length}`,
        value:
          percentile(
            times.map((each) => each[step]),
            share,
          ) / 1000,
        unit: "s",
        better: "lower",
        ...(step === "total" ? { goal: goalSeconds } : {}),
      }),
    ),
  );
}
