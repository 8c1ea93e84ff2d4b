import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client, Connection } from "@temporalio/client";
import type { Logger } from "pino";
import { targetsOf } from "../config/alerting-keys.ts";
import { loadConfig, type SiteConfig } from "../config/config.ts";
import { configReport } from "../config/report.ts";
import { readRuntime, required } from "../config/runtime.ts";
import { CostBook } from "../costs/index.ts";
import { isProviderError } from "../domain/errors.ts";
import { isSimulated } from "../domain/simulated.ts";
import { tunnelKey } from "../integrations/ipsec/tunnel-key.ts";
import { createSecrets } from "../integrations/secrets/create.ts";
import { openStore, type Store } from "../store/index.ts";
import { Scrubber } from "../telemetry/scrub.ts";
import { otlpTarget } from "../telemetry/start-otlp.ts";
import { startTelling } from "../telemetry/telling.ts";
import { ActivityGateway } from "../temporal/activity-gateway.ts";
import { connectClient } from "../temporal/connection.ts";
import { temporalAddress } from "../temporal/settings.ts";
import { copyProgressSignal } from "../workflows/migrate-vm/messages.ts";
import { createApi } from "./app.ts";
import { AuditCheckpoints } from "./audit-checkpoints.ts";
import type { AuthSettings } from "./auth/index.ts";
import { defaultLimits } from "./deps.ts";
import { keepStarting } from "./left-over.ts";
import { listen as openPort, ownNames, type TlsSource, wantsHsts } from "./listen.ts";
import { requireProtection } from "./listen-address.ts";
import { Runs } from "./runs.ts";
import { assignedEntry } from "./sites/assigned-entry.ts";
import { SiteAuthority } from "./sites/authority.ts";
import type { ServedSite } from "./sites/operations.ts";
import { openSitePort, type SitePort } from "./sites/site-port.ts";
import { ensureBootstrapToken } from "./tokens.ts";

const closeWithinMs = 5_000;
/** What was said last is kept within this time, or not. */
const lastLinesMs = 2_000;
/** As often as Prometheus asks. */
const siteMetricsEveryMs = 15_000;

const runtime = readRuntime(process.env);
const config = loadConfig({ file: runtime.configFile, sitesFile: runtime.sitesFile, env: process.env });
const scrubber = new Scrubber();
const secrets = createSecrets(config.secrets, process.env, (secret) => scrubber.remember(secret));
const telling = await startTelling({
  ...{ name: "api", level: config.logging.level, keepMs: config.logging.keepMs, scrubber },
  otlp: otlpTarget(config.telemetry.otlp, (source) => secrets.reveal(source)),
});
const { log } = telling;
for (const line of configReport(config)) log.warn(line);

const temporalSettings = temporalAddress(config.temporal, (source) => secrets.reveal(source));

const stopping = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stopping.abort());

try {
  await serve();
} catch (error) {
  log.fatal({ err: error }, "the API cannot go on");
  process.exitCode = 1;
}
// The connection to Temporal is left open: what retries a call in the background would fail on a closed one, with nobody
// there to catch it.
process.exit();

async function serve(): Promise<void> {
  const { host, port } = config.api;
  const tls = tlsSource();
  requireProtection(host, { tls: tls !== undefined, signIn: config.oidc !== undefined });
  const store = await openStore({
    databaseUrl: required(runtime, "databaseUrl"),
    log: (level, message, facts) => log[level](facts ?? {}, message),
  });
  try {
    if (await whenAvailable(() => prepare(store))) telling.keepIn(store.logs);
    const checkpoints = await signedEnds(store);
    const temporal = await whenAvailable(() => connectClient(temporalSettings));
    if (temporal) await listen(store, temporal, { host, port, tls });
    await checkpoints?.take();
  } finally {
    await telling.close(lastLinesMs);
    await store.close();
  }
}

async function signedEnds(store: Store): Promise<AuditCheckpoints | undefined> {
  if (runtime.instanceDir === undefined) {
    log.warn("the audit chain's end is not signed: NOVACRON_INSTANCE_DIR, where the key is kept, is not set");
    return undefined;
  }
  const checkpoints = await AuditCheckpoints.open(store, runtime.instanceDir, log);
  checkpoints.keep(stopping.signal);
  return checkpoints;
}

function tlsSource(): TlsSource | undefined {
  const { tls, host, publicUrl } = config.api;
  if (tls?.kind !== "self-made") return tls;
  return { ...tls, dir: join(required(runtime, "instanceDir"), "tls"), names: ownNames(host, publicUrl) };
}

interface At {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsSource | undefined;
}

function authSettings(at: At): AuthSettings {
  const { oidc, sessions, api } = config;
  const publicUrl =
    api.publicUrl ?? `${at.tls ? "https" : "http"}://${at.host.includes(":") ? `[${at.host}]` : at.host}:${at.port}`;
  if (!oidc) return { publicUrl, oidc, sessions };
  const { clientSecret } = oidc;
  return { publicUrl, oidc: { ...oidc, clientSecret: clientSecret && (() => secrets.reveal(clientSecret)) }, sessions };
}

async function prepare(store: Store): Promise<true> {
  await store.migrate();
  await store.seedPrices();
  await ensureBootstrapToken(store, required(runtime, "tokenFile"));
  return true;
}

async function listen(store: Store, temporal: Client, at: At): Promise<void> {
  const sites = config.sites.map(({ site, type, region, enabled, sandbox, failureDomain, residency }) => ({
    failureDomain,
    residency,
    site,
    kind: type,
    region,
    enabled,
    simulated: isSimulated({ type, sandbox }),
  }));
  const auth = authSettings(at);
  const { tunnelKey: secret } = config.network;
  const tunnels = secret ? { tunnelKey: async (name: string) => tunnelKey(await secrets.reveal(secret), name) } : {};
  const rules = {
    notifyTargets: targetsOf(config),
    approvalRules: config.approvals,
    alarmWebhook: config.alarms.webhook,
    codec: temporalSettings.codec,
  };
  if (auth.oidc && !(await store.guard.sealedAt()))
    log.warn("no break-glass secret is sealed: novacron break-glass seal");
  const { historyMs } = config.inventory;
  const sitePort = await letSiteWorkersIn(store, temporal);
  const costs = new CostBook({ costs: store.costs });
  const app = createApi({
    store,
    costs,
    temporal,
    sites,
    log,
    temporalUiUrl: runtime.temporalUiUrl,
    ...(runtime.consoleDir === undefined
      ? {}
      : { console: { dir: runtime.consoleDir, temporalNamespace: temporalSettings.namespace } }),
    auth,
    hsts: wantsHsts(at.tls, auth.publicUrl),
    historyMs,
    flows: telling.flows,
    spans: telling.otlp?.spans,
    readMetrics: (read) => telling.otlp?.readMetrics(read),
    sitePort: sitePort?.told,
    recovery: config.recovery,
    controlPlane: config.controlPlane,
    ...rules,
    ...tunnels,
  });
  const server = await openPort(app, { ...at, log, signal: stopping.signal });
  log.info(
    { address: server.address(), tls: at.tls?.kind ?? "off", sites: sites.map(({ site }) => site) },
    "the API serves",
  );
  keepStarting({ store, log, runs: new Runs(temporal, defaultLimits) }, stopping.signal);
  await aborted(stopping.signal);
  log.info("the API ends");
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  // Event streams never end by themselves; their readers come back with Last-Event-ID.
  const cut = setTimeout(() => server.closeAllConnections(), closeWithinMs);
  await Promise.all([closed, sitePort?.close(closeWithinMs)]);
  clearTimeout(cut);
}

/** Opens the port that workers of sites call, where one is configured. */
async function letSiteWorkersIn(
  store: Store,
  temporal: Client,
): Promise<(Pick<SitePort, "close"> & { told: { url: string; authority: string } }) | undefined> {
  const { siteWorkers, migration, sites } = config;
  if (!siteWorkers) return undefined;
  const { host } = siteWorkers;
  const dir = join(required(runtime, "instanceDir"), "site-authority");
  const names = ownNames(host, siteWorkers.url);
  const authority = await SiteAuthority.open(dir, names);
  const { namespace, codec } = temporalSettings;
  const connection = temporal.connection as Connection;
  const gateway = new ActivityGateway({ connection, namespace, codec, key: authority.taskKey });
  const deps = {
    store,
    authority,
    namespace,
    compression: migration.compression,
    leaseTerms: config.leaseTerms,
    keepsLines: config.logging.keepMs > 0,
    relay: telling.otlp?.relay,
    metricsEveryMs: siteMetricsEveryMs,
    sites: sites.filter(({ enabled }) => enabled).map(servedSite),
    signalProgress: (workflowId: string, progress: { diskId: string; fraction: number }) =>
      temporal.workflow.getHandle(workflowId).signal(copyProgressSignal, progress),
  };
  const { port, close } = await openSitePort(deps, {
    ...{ ...siteWorkers, dir, names },
    ...{ gateway, log, signal: stopping.signal },
  });
  const url = siteWorkers.url ?? `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
  log.info({ url }, "workers of sites are let in");
  return { close, told: { url, authority: authority.fingerprint } };
}

function servedSite(site: SiteConfig): ServedSite {
  const { credentials } = site;
  return {
    entry: assignedEntry(site),
    failureDomain: site.failureDomain,
    ...(credentials ? { credentials: () => secrets.revealAll(credentials) } : {}),
  };
}

/** Waits as long as it takes for what comes up later; `undefined` when we are to end before. */
async function whenAvailable<T>(work: () => Promise<T>): Promise<T | undefined> {
  while (!stopping.signal.aborted) {
    try {
      return await work();
    } catch (error) {
      if (!isProviderError(error, "Unavailable", "Timeout")) throw error;
      logWaiting(log, error);
      await sleep(500, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }
  return undefined;
}

function logWaiting(to: Logger, error: Error): void {
  to.warn({ reason: error.message }, "waiting");
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
