import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Runtime } from "@temporalio/worker";
import { type Logger, pino } from "pino";
import { loadConfig } from "../config/config.ts";
import { configReport } from "../config/report.ts";
import { readRuntime, required } from "../config/runtime.ts";
import { loadHostTools } from "../host/host-tools.ts";
import { cacheDir, makeSocketDir } from "../host/paths.ts";
import { createSecrets } from "../integrations/secrets/create.ts";
import { openStore } from "../store/index.ts";
import { connectClient } from "../temporal/connection.ts";
import {
  ensureHousekeepingSchedule,
  ensureInventorySchedules,
  ensureRotationSchedules,
} from "../temporal/schedules.ts";
import { temporalAddress } from "../temporal/settings.ts";
import { sharedHashPool } from "../transfer/hash-pool.ts";
import { buildDeps } from "./deps.ts";
import { createWorker } from "./worker.ts";

/** A worker's process: opens all it needs, takes work until a signal ends it, and closes what it opened. `onWorking` is
 *  called once it polls. */
export async function run({ env, onWorking }: { env: NodeJS.ProcessEnv; onWorking: () => void }): Promise<void> {
  const runtime = readRuntime(env);
  const config = loadConfig({ file: runtime.configFile, sitesFile: runtime.sitesFile, env });
  const log = pino({ name: "worker", level: config.logging.level });
  const instanceDir = required(runtime, "instanceDir");
  const toolsManifest = required(runtime, "toolsManifest");
  const readyFile = join(instanceDir, "run/worker.ready");

  Runtime.install({
    // Signals are handled below, so that the ready file goes and connections close in order.
    shutdownSignals: [],
    logger: {
      log: (level, message, meta) => forward(log, level)(meta ?? {}, message),
      trace: (message, meta) => log.trace(meta ?? {}, message),
      debug: (message, meta) => log.debug(meta ?? {}, message),
      info: (message, meta) => log.info(meta ?? {}, message),
      warn: (message, meta) => log.warn(meta ?? {}, message),
      error: (message, meta) => log.error(meta ?? {}, message),
    },
  });
  for (const line of configReport(config)) log.info(line);

  const store = await openStore({
    databaseUrl: required(runtime, "databaseUrl"),
    log: (level, message, facts) => log[level](facts ?? {}, message),
  });
  await store.migrate();
  await store.seedPrices();
  const secrets = createSecrets(config.secrets, env);
  const temporal = temporalAddress(config.temporal, (source) => secrets.reveal(source));
  const client = await connectClient(temporal);
  const deps = await buildDeps({
    config,
    secrets,
    store,
    client,
    tools: loadHostTools(toolsManifest),
    runDir: makeSocketDir(instanceDir),
    log: (level, message, facts) => log[level](facts ?? {}, message),
  });
  const sites = deps.registry.sites.map(({ site }) => site);
  const { worker, close } = await createWorker({
    temporal,
    bundleCacheDir: cacheDir(),
    deps,
  });
  const running = worker.run();
  // The first copy should not wait for a thread to start.
  await sharedHashPool().warmUp();
  await ensureInventorySchedules(client, sites, config.inventory);
  await ensureRotationSchedules(client, config.rotation);
  await ensureHousekeepingSchedule(client, { historyMs: config.inventory.historyMs });
  mkdirSync(dirname(readyFile), { recursive: true });
  writeFileSync(readyFile, `${process.pid}\n`);
  log.info({ sites }, "The worker takes work");
  onWorking();

  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => worker.shutdown());
  await running;
  rmSync(readyFile, { force: true });
  await deps.close();
  await close();
  await client.connection.close();
  await store.close();
}

function forward(log: Logger, level: string) {
  const known = level.toLowerCase();
  const write = known === "trace" || known === "debug" || known === "warn" || known === "error" ? known : "info";
  return log[write].bind(log);
}
