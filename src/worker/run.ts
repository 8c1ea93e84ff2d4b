import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Client } from "@temporalio/client";
import { Runtime } from "@temporalio/worker";
import type { ActivityDeps } from "../activities/deps.ts";
import { type Config, loadConfig, type SiteConfig } from "../config/config.ts";
import { configReport } from "../config/report.ts";
import { readRuntime, required } from "../config/runtime.ts";
import { loadHostTools } from "../host/host-tools.ts";
import { cacheDir, makeSocketDir } from "../host/paths.ts";
import { createSecrets } from "../integrations/secrets/create.ts";
import { openStore } from "../store/index.ts";
import type { Say } from "../telemetry/say.ts";
import { Scrubber } from "../telemetry/scrub.ts";
import { otlpTarget } from "../telemetry/start-otlp.ts";
import { startTelling } from "../telemetry/telling.ts";
import { ensureAlertsWatched } from "../temporal/alerts.ts";
import { ensureBurstPools } from "../temporal/burst-pools.ts";
import { ensureCollectors } from "../temporal/collectors.ts";
import { connectClient, type TemporalAddress } from "../temporal/connection.ts";
import {
  ensureBackupSchedule,
  ensureBurstSweepSchedule,
  ensureConnectionSchedule,
  ensureCostSchedules,
  ensureHousekeepingSchedule,
  ensureInventorySchedules,
  ensurePolicyScanSchedule,
  ensureRecoveryPlanSchedule,
  ensureRotationSchedules,
  ensureSavingsSchedule,
  ensureTestSweepSchedule,
} from "../temporal/schedules.ts";
import { temporalAddress } from "../temporal/settings.ts";
import { ensureGroupsLookedAfter } from "../temporal/site-health.ts";
import { ensureWatches } from "../temporal/watches.ts";
import { sharedHashPool } from "../transfer/hash-pool.ts";
import { reconcileRuns } from "./control-plane/reconcile.ts";
import { Standing } from "./control-plane/standing.ts";
import { buildDeps } from "./deps.ts";
import { sdkLogger } from "./sdk-log.ts";
import { startTelemetry } from "./telemetry.ts";
import { createListener, createWorker, type WorkerSettings } from "./worker.ts";

/** What was said last is kept within this time, or not. */
const lastLinesMs = 2_000;

/** A worker's process: opens all it needs, takes work until a signal ends it, and closes what it opened. `onWorking` is
 *  called once it polls. */
export async function run({ env, onWorking }: { env: NodeJS.ProcessEnv; onWorking: () => void }): Promise<void> {
  const runtime = readRuntime(env);
  const config = loadConfig({ file: runtime.configFile, sitesFile: runtime.sitesFile, env });
  const scrubber = new Scrubber();
  const secrets = createSecrets(config.secrets, env, (secret) => scrubber.remember(secret));
  const telling = await startTelling({
    ...{ name: "worker", level: config.logging.level, keepMs: config.logging.keepMs, scrubber },
    otlp: otlpTarget(config.telemetry.otlp, (source) => secrets.reveal(source)),
  });
  const { log, flows, otlp } = telling;
  const say: Say = (level, message, facts) => log[level](facts ?? {}, message);
  const instanceDir = required(runtime, "instanceDir");
  const toolsManifest = required(runtime, "toolsManifest");
  const readyFile = join(instanceDir, "run/worker.ready");

  const telemetry = await startTelemetry(config, { log: say, flows, otlp });
  Runtime.install({
    // Signals are handled below, so that the ready file goes and connections close in order.
    shutdownSignals: [],
    logger: sdkLogger(log),
    // What the SDK's native part says comes the same way.
    telemetryOptions: {
      logging: { filter: { core: "WARN", other: "ERROR" }, forward: {} },
      ...(telemetry.sdk ? { metrics: telemetry.sdk } : {}),
    },
  });
  for (const line of configReport(config)) log.info(line);

  const { metrics } = telemetry;
  const store = await openStore({
    databaseUrl: required(runtime, "databaseUrl"),
    log: say,
  });
  await store.migrate();
  telling.keepIn(store.logs);
  await store.seedPrices();
  const temporal = temporalAddress(config.temporal, (source) => secrets.reveal(source));
  const client = await connectClient(temporal);
  const deps = await buildDeps({
    config,
    secrets,
    store,
    client,
    tools: loadHostTools(toolsManifest),
    runDir: makeSocketDir(instanceDir),
    instanceDir,
    configFile: runtime.configFile,
    log: say,
    spans: otlp?.spans,
    metrics,
  });
  const ending = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => ending.abort());
  const { backupTo } = config.controlPlane;
  const standing = new Standing({ store, provider: (site) => deps.registry.provider(site), sites: backupTo, log: say });
  const ready = () => {
    mkdirSync(dirname(readyFile), { recursive: true });
    writeFileSync(readyFile, `${process.pid}\n`);
  };
  const mayWork = await standing.mayBegin(ending.signal);
  if (mayWork) {
    await reconcileRuns(store, client, say);
    const told = { log: say, spans: otlp?.spans, attempts: metrics?.attempts, heartbeats: metrics?.heartbeats };
    await takeWork({ config, client, temporal, deps, told, standing, ending, say }, () => {
      ready();
      onWorking();
    });
  }
  if (!ending.signal.aborted) {
    // It stays, so that nobody starts it again and again; what it is told to end with is a signal.
    ready();
    log.error("another control plane has taken over: this worker takes no work");
    await aborted(ending.signal);
  }
  rmSync(readyFile, { force: true });
  await deps.close();
  await client.connection.close();
  await telemetry.close();
  await telling.close(lastLinesMs);
  await store.close();
  // It ends with the last worker; where there was none it would keep the process.
  if (!mayWork) await Runtime.instance().shutdown();
}

interface Work {
  readonly config: Config;
  readonly client: Client;
  readonly temporal: TemporalAddress;
  readonly deps: ActivityDeps & { readonly registry: { readonly sites: readonly { readonly site: string }[] } };
  readonly told: NonNullable<WorkerSettings["telling"]>;
  readonly standing: Standing;
  readonly ending: AbortController;
  readonly say: Say;
}

/** Takes work until it is to end, or another control plane has taken over; resolves when what was at work has ended. */
async function takeWork(parts: Work, onWorking: () => void): Promise<void> {
  const { config, client, temporal, deps, told, standing, ending, say } = parts;
  const sites = deps.registry.sites.map(({ site }) => site);
  const { worker, close } = await createWorker({ temporal, bundleCacheDir: cacheDir(), deps, telling: told });
  const listener = await createListener({ temporal, deps, telling: told });
  const running = Promise.all([worker.run(), listener.worker.run()]);
  // The first copy should not wait for a thread to start.
  await sharedHashPool().warmUp();
  await ensureInventorySchedules(client, sites, config.inventory);
  await ensureWatches(client, sites);
  await ensureCollectors(client, sites);
  await ensureAlertsWatched(client);
  await ensureGroupsLookedAfter(client);
  await ensureRotationSchedules(client, config.rotation);
  await ensureTestSweepSchedule(client);
  await ensureBurstSweepSchedule(client);
  await ensureBurstPools(client, await deps.store.burstPools.list());
  await ensureRecoveryPlanSchedule(client);
  await ensureConnectionSchedule(client);
  await ensureCostSchedules(
    client,
    config.sites.filter((site) => site.enabled && tellsCosts(site)).map(({ site }) => site),
  );
  await ensureSavingsSchedule(client, config.savings.enabled);
  await ensurePolicyScanSchedule(client, config.policies.scanIntervalMs);
  await ensureHousekeepingSchedule(client, { historyMs: config.inventory.historyMs, logsMs: config.logging.keepMs });
  const { backupTo, intervalMs } = config.controlPlane;
  await ensureBackupSchedule(client, backupTo, intervalMs);
  say("info", "The worker takes work", { sites });
  onWorking();
  const stop = new AbortController();
  ending.signal.addEventListener("abort", () => stop.abort());
  if (ending.signal.aborted) stop.abort();
  const keeping = standing.keep(stop.signal, () => stop.abort());
  await aborted(stop.signal);
  listener.worker.shutdown();
  worker.shutdown();
  await Promise.all([running, keeping]);
  await Promise.all([close(), listener.close()]);
}

/** Whose costs are asked for every day: of whom nobody says them they are imported. */
function tellsCosts({ type, costModel, billingTable }: SiteConfig): boolean {
  if (type === "libvirt") return costModel !== undefined;
  return type === "gcp" ? billingTable !== undefined : ["aws", "azure", "oci"].includes(type);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
