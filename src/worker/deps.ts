import { type Client, WorkflowNotFoundError } from "@temporalio/client";
import type { ActivityDeps, DataPlane, NetworkSettings, SiteSettings } from "../activities/deps.ts";
import type { Config, SiteConfig } from "../config/config.ts";
import { CostBook } from "../costs/index.ts";
import { nextMonth } from "../domain/cost.ts";
import { isProviderError } from "../domain/errors.ts";
import { apiTarget, parseHealthProbe } from "../domain/health-probe.ts";
import type { HealthSettings } from "../domain/lookout.ts";
import type { HostTools } from "../host/tools.ts";
import { NameServerDns } from "../integrations/dns/index.ts";
import { StrongSwan } from "../integrations/ipsec/strong-swan.ts";
import { tunnelKey } from "../integrations/ipsec/tunnel-key.ts";
import { createSecrets } from "../integrations/secrets/create.ts";
import { createRegistry, type ProviderEntry, type Registry } from "../providers/registry.ts";
import type { Store } from "../store/index.ts";
import { alarms } from "../telemetry/alarm.ts";
import type { Say } from "../telemetry/say.ts";
import type { SpanTaker } from "../telemetry/span.ts";
import { ensureSiteHealth } from "../temporal/site-health.ts";
import { startFailover, startScheduledDrill } from "../temporal/start-failover.ts";
import { alsoChanged } from "../transfer/also-changed.ts";
import { createBandwidthLimiter } from "../transfer/bandwidth.ts";
import { EntropyMeter } from "../transfer/entropy.ts";
import { createHoursLimiter } from "../transfer/hours-limiter.ts";
import { openGuestFiles } from "../transfer/inspect/guest-files.ts";
import { inspectGuest } from "../transfer/inspect/index.ts";
import { firstDifference, manifestDataBytes, writtenRanges } from "../transfer/manifest.ts";
import { padSource } from "../transfer/padded-source.ts";
import { leafBytes } from "../transfer/ports.ts";
import { preparedSince, prepareGuest } from "../transfer/prepare/index.ts";
import { prove } from "../transfer/proof.ts";
import { pump } from "../transfer/pump.ts";
import { tar } from "../transfer/tar.ts";
import { movedFrom, unchangedUntil } from "../transfer/unchanged.ts";
import { copyProgressSignal, replicatedSignal } from "../workflows/migrate-vm/messages.ts";
import { alertNotifier } from "./alert-notifier.ts";
import { CallFigures } from "./call-figures.ts";
import { callLines } from "./call-lines.ts";
import { controlPlaneBackups } from "./control-plane/backups.ts";
import type { WorkerMetrics } from "./metrics.ts";
import { observeProvider } from "./observed-provider.ts";
import { relayedProvider, siteAsker } from "./relayed-provider.ts";
import { trafficProxies } from "./traffic-proxies.ts";

/** One process that answers many beside us. */
const nameServerRate = { perSecond: 50 };
const vpnGatewayRate = { perSecond: 50 };

export const dataPlane: DataPlane = {
  pump,
  padSource,
  inspectGuest,
  openGuestFiles,
  tar,
  prepareGuest,
  preparedSince,
  prove,
  entropyMeter: () => new EntropyMeter(),
  createBandwidthLimiter,
  createHoursLimiter,
  manifestDataBytes,
  writtenRanges,
  firstDifference,
  unchangedUntil,
  movedFrom,
  alsoChanged,
  leafBytes,
};

export interface WorkerParts {
  readonly config: Config;
  readonly store: Store;
  readonly client: Client;
  readonly tools: HostTools;
  /** Where credentials are fetched that the configuration only refers to. */
  readonly secrets?: ReturnType<typeof createSecrets>;
  /** Short folder for the sockets of exports. */
  readonly runDir: string;
  /** The stack's own folder; without it there is no proxy of its own. */
  readonly instanceDir?: string;
  /** Of the configuration, for backups of the control plane. */
  readonly configFile?: string | undefined;
  readonly log?: Say;
  /** Where spans go, if anywhere. */
  readonly spans?: SpanTaker | undefined;
  /** What counts calls, waits and copies, if anything. */
  readonly metrics?: WorkerMetrics | undefined;
}

/** Everything that activities need, from the parts of one process. */
export async function buildDeps(parts: WorkerParts): Promise<ActivityDeps & { close(): Promise<void> }> {
  const { config, store, client, tools, runDir } = parts;
  const log = parts.log ?? (() => undefined);
  const secrets = parts.secrets ?? createSecrets(config.secrets, {});
  const entries = providerEntries(config.sites, secrets);
  const figures = new CallFigures(store.metrics, log);
  const calls = callLines({ log, spans: parts.spans, metrics: parts.metrics });
  const registry = createRegistry(entries, {
    tools,
    runDir,
    context: (site) => ({
      site,
      log,
      budget(name, rate) {
        const budget = store.callBudget(`${site}:${name}`, rate);
        return parts.metrics?.timed(site, budget) ?? budget;
      },
      metered: (month) => store.resources.metered(site, `${month}-01`, nextMonth(month)),
      onCall(call) {
        figures.note(site, call);
        calls.cloud(site, call);
      },
    }),
    nameServer: (entry, { site, budget }) =>
      new NameServerDns({ ...entry, site, budget: budget("name-server", nameServerRate) }),
    vpnGateway: (entry, { site, budget }) =>
      new StrongSwan({ ...entry, site, budget: budget("vpn-gateway", vpnGatewayRate) }),
    onMade: (provider) => observeProvider(provider, calls.site),
    relayed: (entry) => relayedProvider(entry, siteAsker(client, entry.site)),
  });
  const costs = new CostBook({ costs: store.costs });
  return {
    registry,
    store,
    costs,
    transfer: dataPlane,
    defaults: config.migration,
    leaseTerms: config.leaseTerms,
    network: networkOf(config, secrets),
    health: healthOf(config),
    ensureSiteHealth: (site) => ensureSiteHealth(client, site),
    savings: config.savings.settings,
    parallelMigrations: config.migration.parallelMigrations,
    runIsOpen: (workflowId, runId) => runIsOpen(client, workflowId, runId),
    credentialFile: (site) => fileOf(config.sites.find((candidate) => candidate.site === site)),
    startFailover: async (decided) => void (await startFailover(client, decided)),
    startDrill: (due) => startScheduledDrill(client, due),
    intervals: {
      metricsMs: config.metrics.intervalMs,
      alertsMs: config.alerting.intervalMs,
      heartbeatMs: config.alerting.heartbeatMs,
    },
    notify: alertNotifier(config, secrets),
    webhookKey: async () => config.webhooks.key && secrets.reveal(config.webhooks.key),
    proxy: trafficProxies(config.traffic, secrets, parts),
    settings: (site) => settingsOf(config.sites.find((candidate) => candidate.site === site)),
    async signalCopyProgress(workflowId, progress) {
      await client.workflow.getHandle(workflowId).signal(copyProgressSignal, progress);
    },
    async signalReplicated(workflowId) {
      await client.workflow.getHandle(workflowId).signal(replicatedSignal);
    },
    alarm: alarms(log, config.alarms.webhook),
    log: {
      warn: (message, error) => log("warn", message, isProviderError(error) ? { code: error.code } : undefined),
    },
    ...(parts.metrics ? { copies: parts.metrics.copies } : {}),
    ...(parts.instanceDir === undefined ? {} : { controlPlane: backupsOf(parts, registry, parts.instanceDir) }),
    async close() {
      await costs.close();
      await registry.close();
      await figures.close();
    },
  };
}

function backupsOf({ store, config, configFile }: WorkerParts, registry: Registry, instanceDir: string) {
  const { keepMs, keyFile } = config.controlPlane;
  const provider = (site: string) => registry.provider(site);
  return controlPlaneBackups({ store, provider, instanceDir, configFile, keyFile, keepMs });
}

/** Sites as providers are made from them. */
export function providerEntries(
  sites: readonly SiteConfig[],
  secrets: ReturnType<typeof createSecrets>,
): readonly ProviderEntry[] {
  return sites.map(({ nameServer, ...site }) => ({
    ...site,
    credentials: revealing(secrets, site.credentials),
    ...(nameServer ? { nameServer: { ...nameServer, key: () => secrets.reveal(nameServer.key) } } : {}),
  }));
}

/** The secret is asked for at each use, as it may be exchanged: keys of tunnels that are up stay as they are. */
function networkOf({ network }: Config, secrets: ReturnType<typeof createSecrets>): NetworkSettings {
  const { tunnelKey: secret, ...settings } = network;
  if (!secret) return settings;
  return { ...settings, keyOf: async (name) => tunnelKey(await secrets.reveal(secret), name) };
}

function healthOf({ sites, failureDomain, siteWorkers }: Config): HealthSettings {
  const control = siteWorkers?.url === undefined ? undefined : parseHealthProbe(siteWorkers.url);
  return {
    sites: sites
      .filter(({ enabled }) => enabled)
      .map((site) => {
        const { type, region, endpoint } = site;
        const place = {
          type,
          ...(region === undefined ? {} : { region }),
          ...(endpoint === undefined ? {} : { endpoint }),
        };
        const api = apiTarget(place);
        const targets = site.healthProbes.flatMap((written) => parseHealthProbe(written) ?? []);
        return { site: site.site, failureDomain: site.failureDomain, targets, ...(api ? { api } : {}) };
      }),
    ...(failureDomain === undefined ? {} : { controlDomain: failureDomain }),
    // It is enough that it takes a connection: what it says there needs a certificate.
    ...(control ? { control: { ...control, kind: "network" as const, http: false } } : {}),
  };
}

/** A server that doesn't answer proves no run's end. */
async function runIsOpen(client: Client, workflowId: string, runId: string): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(workflowId, runId).describe();
    return status.name === "RUNNING" || status.name === "PAUSED";
  } catch (error) {
    return !(error instanceof WorkflowNotFoundError);
  }
}

function fileOf(site: SiteConfig | undefined): string | undefined {
  const reference = site?.credentials?.from?.reference;
  return reference?.store === "file" ? reference.path : undefined;
}

function settingsOf(site: SiteConfig | undefined): SiteSettings {
  if (!site) return { ceilings: {} };
  const { quotas: ceilings, type: provider, region, securityGroups, encryptionKey, residency, ownWorkersOnly } = site;
  const market = region === undefined ? {} : { market: { provider, region } };
  return { ceilings, ...market, securityGroups, encryptionKey, residency, ownWorkersOnly };
}

function revealing(
  secrets: ReturnType<typeof createSecrets>,
  credentials: SiteConfig["credentials"],
): ProviderEntry["credentials"] {
  return credentials && (() => secrets.revealAll(credentials));
}
