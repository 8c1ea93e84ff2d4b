import { after } from "node:test";
import type { Client } from "@temporalio/client";
import { DefaultLogger, Runtime } from "@temporalio/worker";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import { defaultSavingsSettings } from "../../src/domain/savings/settings.ts";
import { cacheDir } from "../../src/host/paths.ts";
import type { TemporalServer } from "../../src/host/temporal.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { openStore, type Store } from "../../src/store/index.ts";
import { connectClient } from "../../src/temporal/connection.ts";
import { createListener, createWorker } from "../../src/worker/worker.ts";
import { withPostgres, withTemporal } from "./servers.ts";

const unused = (): never => {
  throw new Error("this test has no use for it");
};

/** What activities lean on, for tests that move no disks: what they don't give is not there. */
export function smallDeps(own: Pick<ActivityDeps, "registry" | "store"> & Partial<ActivityDeps>): ActivityDeps {
  return {
    costs: {} as ActivityDeps["costs"],
    transfer: {} as ActivityDeps["transfer"],
    defaults: {} as ActivityDeps["defaults"],
    parallelMigrations: 1,
    savings: defaultSavingsSettings,
    settings: () => ({ ceilings: {} }),
    signalCopyProgress: unused,
    signalReplicated: unused,
    runIsOpen: unused,
    credentialFile: unused,
    proxy: unused,
    leaseTerms: { durationMs: 60_000, marginMs: 15_000 },
    health: { sites: [] },
    network: { vpn: true, vpnType: "ipsec", encryption: "aes256" },
    ensureSiteHealth: unused,
    intervals: { metricsMs: 100, alertsMs: 100, heartbeatMs: 100 },
    notify: { findings: [], send: unused },
    webhookKey: async () => undefined,
    startDrill: unused,
    log: { warn: () => undefined },
    ...own,
  };
}

/** Sites as a test has them, by name; no other is ever asked. */
export function registryOf(providers: ReadonlyMap<string, Provider> = new Map()): ActivityDeps["registry"] {
  return {
    sites: [],
    async provider(site) {
      const found = providers.get(site);
      if (!found) throw new Error(`no site ${site} is asked here`);
      return found;
    },
  };
}

/** A real PostgreSQL and Temporal of the test file's own, and a client of each; they end with the file. */
export async function startServers(): Promise<{
  store: Store;
  client: Client;
  temporalAddress: string;
  temporalPorts: TemporalServer["ports"];
}> {
  const [postgres, temporal] = await Promise.all([withPostgres({ after }), withTemporal({ after })]);
  const store = await openStore({ databaseUrl: postgres.databaseUrl });
  await store.migrate();
  const client = await connectClient({ address: temporal.address, namespace: "default" });
  return { store, client, temporalAddress: temporal.address, temporalPorts: temporal.ports };
}

/** A worker in this process; the returned function ends it. A failing activity makes no noise. `decorate` puts a test's own
 *  activities in the place of ours. */
export async function startSmallWorker(
  address: string,
  deps: ActivityDeps,
  { decorate }: Pick<Parameters<typeof createWorker>[0], "decorate"> = {},
): Promise<() => Promise<void>> {
  Runtime.install({ logger: new DefaultLogger("ERROR"), shutdownSignals: [] });
  const temporal = { address, namespace: "default" };
  return running(await createWorker({ temporal, bundleCacheDir: cacheDir(), deps, ...(decorate && { decorate }) }));
}

/** What listens to sites, in this process; the returned function ends it. */
export async function startSmallListener(address: string, deps: ActivityDeps): Promise<() => Promise<void>> {
  return running(await createListener({ temporal: { address, namespace: "default" }, deps }));
}

function running({ worker, close }: Awaited<ReturnType<typeof createListener>>): () => Promise<void> {
  const run = worker.run();
  return async () => {
    worker.shutdown();
    await run;
    await close();
  };
}
