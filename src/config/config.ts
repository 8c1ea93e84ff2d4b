// Long because it is one reading of one file.
import type { MoveHours } from "../domain/move-hours.ts";
import { toApiTls, toApprovals, toOidc, toRotation, toSecrets, toTemporal } from "./access-config.ts";
import { toAlerting, toPolicies } from "./alerting-keys.ts";
import { ConfigError } from "./config-error.ts";
import type { Config, ProviderType, SiteConfig } from "./config-types.ts";
import { toControlPlane } from "./control-plane-keys.ts";
import { configKeys } from "./keys.ts";
import { toNameServer } from "./name-server-config.ts";
import { toConfigError, valueAt } from "./problems.ts";
import { toRecovery } from "./recovery-config.ts";
import { readRuntime } from "./runtime.ts";
import { toSavings } from "./savings-keys.ts";
import { type FileContent, fileSchema, type ProviderContent, providerTypes } from "./schema.ts";
import { Secret } from "./secret.ts";
import { type ConfigSource, formatPath, type Path, parseSource, readSource } from "./source.ts";
import { toVpnGateway } from "./vpn-gateway-config.ts";

export type { Config, LogLevel, ProviderType, SiteConfig, SiteQuotas } from "./config-types.ts";

type Tree = Record<string, unknown>;

/** Types whose adapter is part of this version. */
const adapters: ReadonlySet<ProviderType> = new Set([
  ...(["libvirt", "folder", "aws", "azure", "gcp", "oci", "digitalocean"] as const),
]);

/**
 * Reads the configuration file (all defaults without one), the sandbox's sites after it, and the process settings of the
 * environment, which win over the file's.
 * @throws ConfigError the first problem, with its place and likely fix.
 */
export function loadConfig(input: { file?: string; sitesFile?: string; env: NodeJS.ProcessEnv }): Config {
  const { file, sitesFile, env } = input;
  const source = file === undefined ? parseSource("the defaults", "", env) : readSource(file, env);
  const content = validate(source);
  const owner = (index: number): [ConfigSource, number] => [source, index];
  const entries = content.providers.map((entry, index) => ({ entry, where: owner(index) }));
  if (sitesFile !== undefined) {
    const sites = readSource(sitesFile, env);
    const own = new Set(entries.map(({ entry, where }) => toSite(entry, ...where).site));
    const simulated = validate(sites).providers.map((entry, index) => ({
      entry,
      where: [sites, index] as [ConfigSource, number],
    }));
    // A site of the file's own has the first right to its name.
    entries.push(...simulated.filter(({ entry, where }) => !own.has(toSite(entry, ...where).site)));
  }
  checkAliases(source);
  const sites = entries.map(({ entry, where }) => toSite(entry, ...where));
  refuseTwins(sites, (index) => entries[index]?.where ?? owner(index));
  const runtime = readRuntime(env);
  return {
    sites,
    migration: toMigration(content),
    network: toNetwork(content.network_config),
    api: {
      host: runtime.apiHost ?? content.api.host,
      port: runtime.apiPort ?? content.api.port,
      ...(content.api.public_url ? { publicUrl: content.api.public_url.replace(/\/+$/, "") } : {}),
      ...toApiTls(content.api, source),
    },
    ...toSiteWorkers(content.site_workers),
    controlPlane: toControlPlane(content.control_plane, sites, source),
    savings: toSavings(content),
    leaseTerms: { durationMs: content.group_leases.duration, marginMs: content.group_leases.margin },
    ...(content.failure_domain === undefined ? {} : { failureDomain: content.failure_domain }),
    oidc: toOidc(content.oidc, source),
    secrets: toSecrets(content.secrets),
    rotation: toRotation(content.rotation, sites, source),
    approvals: toApprovals(content.approvals ?? [], source),
    alarms: content.alarms ?? {},
    alerting: toAlerting(content, source),
    webhooks: content.webhooks ?? {},
    sessions: { idleMs: content.sessions.idle, maxMs: content.sessions.max },
    policies: toPolicies(content, source),
    inventory: {
      intervalMs: content.inventory.interval,
      fullIntervalMs: content.inventory.full_interval,
      historyMs: content.inventory.history,
    },
    metrics: { intervalMs: content.metrics.interval },
    temporal: {
      address: env.TEMPORAL_ADDRESS ? runtime.temporalAddress : content.temporal.address,
      namespace: env.TEMPORAL_NAMESPACE ? runtime.temporalNamespace : content.temporal.namespace,
      ...toTemporal(content.temporal, runtime.payloadKeysFile),
    },
    logging: { level: runtime.logLevel ?? content.logging.level, keepMs: content.logging.keep },
    telemetry: toTelemetry(content.telemetry),
    traffic: toTraffic(content.traffic),
    recovery: toRecovery(content, sites),
    given: givenPaths(source.value),
  };
}

function validate(source: ConfigSource): FileContent {
  let value = withDefaults(source.value);
  let parsed = fileSchema.safeParse(value);
  if (!parsed.success) {
    // A variable's value is text; where a number or a flag belongs, it is read as one.
    value = structuredClone(value);
    for (const issue of parsed.error.issues) {
      const path = issue.path.filter((part) => typeof part !== "symbol");
      if (source.variables(path).length > 0 && issue.code !== "unrecognized_keys") readAsScalar(value, path);
    }
    const again = fileSchema.safeParse(value);
    if (!again.success) throw toConfigError(again.error.issues, source);
    parsed = again;
  }
  return parsed.data;
}

function readAsScalar(root: unknown, path: Path): void {
  const parent = valueAt(root, path.slice(0, -1)) as Tree;
  const key = path.at(-1) ?? "";
  const text = parent[key];
  if (typeof text !== "string") return;
  if (/^-?\d+(?:\.\d+)?$/.test(text)) parent[key] = Number(text);
  else if (text === "true" || text === "false") parent[key] = text === "true";
}

/** The file's value with the key table's defaults where it says nothing. Anything of a wrong shape is left to the schema. */
function withDefaults(value: unknown): unknown {
  if (!isTree(value)) return value;
  const filled: Tree = { ...value };
  filled.providers ??= [];
  if (Array.isArray(filled.providers)) {
    filled.providers = filled.providers.map((entry: unknown) => fill(entry, "providers[]."));
  }
  return fill(filled, "");
}

function fill(value: unknown, prefix: string): unknown {
  if (!isTree(value)) return value;
  const filled: Tree = { ...value };
  for (const [path, { default: fallback }] of Object.entries(configKeys)) {
    if (fallback === undefined || !path.startsWith(prefix)) continue;
    const [first = "", second] = path.slice(prefix.length).split(".");
    if (first.includes("[]")) continue;
    if (second === undefined) filled[first] ??= fallback;
    else {
      filled[first] = filled[first] ?? {};
      const section = filled[first];
      if (isTree(section)) filled[first] = { ...section, [second]: section[second] ?? fallback };
    }
  }
  return filled;
}

/** A key and its other spellings must not be there together. */
function checkAliases(source: ConfigSource): void {
  for (const [path, { aliases = [] }] of Object.entries(configKeys)) {
    const set = [path, ...aliases].map((name) => name.split(".")).filter((p) => valueAt(source.value, p) !== undefined);
    const [first, second] = set;
    if (!first || !second) continue;
    throw new ConfigError({
      file: source.file,
      ...source.position(second, "key"),
      key: formatPath(second),
      problem: `it means the same as ${formatPath(first)}, which is there too`,
      fix: "Keep one of the two.",
    });
  }
}

function toSite(entry: ProviderContent, source: ConfigSource, index: number): SiteConfig {
  const { name, region, uri, quotas } = entry;
  const refuse = (key: string, problem: string, fix: string): never => {
    const path = ["providers", index, key];
    throw new ConfigError({ file: source.file, ...source.position(path), key: formatPath(path), problem, fix });
  };
  const cloud = providerTypes.find((type) => type === name);
  const type =
    entry.type ??
    cloud ??
    (uri === undefined
      ? refuse("type", "it is missing, and the name is not that of a cloud", `Add one of ${providerTypes.join(", ")}.`)
      : "libvirt");
  if (type === "libvirt" && uri === undefined) refuse("uri", "a libvirt site needs it", "Add `uri: qemu:///system`.");
  if ((type === "libvirt" || type === "folder") && entry.storage_path === undefined) {
    refuse("storage_path", `a ${type} site needs it`, "Add `storage_path: /var/lib/novacron/storage`.");
  }
  const ownWorkersOnly = entry.served_by === "own_workers";
  if (ownWorkersOnly && type !== "libvirt" && type !== "folder") {
    refuse("served_by", `a cloud's site is reached by everyone`, "Leave it out, or let a worker join for it beside.");
  }
  if (entry.haproxy !== undefined && type !== "libvirt") {
    refuse("haproxy", "only a libvirt site has one", "Leave it out; a cloud has load balancers of its own.");
  }
  if (entry.cost_model !== undefined && (type !== "libvirt" || ownWorkersOnly)) {
    refuse("cost_model", "only a libvirt site that everyone reaches has one", "Leave it out; import its bills.");
  }
  if (entry.billing_table !== undefined && type !== "gcp") {
    refuse("billing_table", "only a site of Google Cloud has one", "Leave it out.");
  }
  if (entry.cost_tag !== undefined && !["aws", "azure", "oci"].includes(type)) {
    refuse("cost_tag", `costs of ${type} come with all their tags, or with none`, "Leave it out.");
  }
  const hasAdapter = adapters.has(type);
  return {
    site: siteIdOf(name, type, region),
    name,
    type,
    enabled: entry.enabled && hasAdapter,
    ...(entry.enabled && !hasAdapter ? { disabledBecause: `there is no adapter for ${type} in this version yet` } : {}),
    region,
    uri,
    storagePath: entry.storage_path,
    ...(ownWorkersOnly ? { ownWorkersOnly } : {}),
    haproxy: entry.haproxy,
    costModel: toCostModel(entry.cost_model),
    nameServer: toNameServer(entry.name_server, { type, ownWorkersOnly, refuse }),
    vpnGateway: toVpnGateway(entry.vpn_gateway, { type, ownWorkersOnly, refuse }),
    sandbox: entry.sandbox,
    endpoint: entry.endpoint,
    securityGroups: entry.security_groups,
    encryptionKey: entry.encryption_key,
    compartment: entry.compartment,
    projectId: entry.project_id,
    zone: entry.zone,
    helperImage: entry.helper_image,
    costTag: entry.cost_tag,
    billingTable: entry.billing_table,
    helperNetwork: entry.helper_network,
    subscriptionId: entry.subscription_id,
    resourceGroup: entry.resource_group,
    storageAccount: entry.storage_account,
    residency: entry.residency,
    failureDomain: entry.failure_domain ?? siteIdOf(name, type, region),
    healthProbes: entry.health_probes ?? [],
    credentials: toCredentials(entry.credentials),
    quotas: {
      maxVms: quotas?.max_vms,
      maxCpus: quotas?.max_cpus,
      maxMemoryBytes: quotas?.max_memory,
      maxDiskBytes: quotas?.max_disk,
    },
  };
}

function siteIdOf(name: string, type: string, region: string | undefined): string {
  return name === type && region !== undefined ? `${name}-${region}` : name;
}

function toCredentials(credentials: ProviderContent["credentials"]): SiteConfig["credentials"] {
  if (!credentials) return undefined;
  const { type, from, ...values } = credentials;
  const secrets = Object.entries(values).filter((pair): pair is [string, Secret] => pair[1] instanceof Secret);
  return { type, ...(from ? { from } : {}), values: Object.fromEntries(secrets) };
}

function refuseTwins(sites: readonly SiteConfig[], where: (index: number) => [ConfigSource, number]): void {
  for (const [index, { site }] of sites.entries()) {
    const first = sites.findIndex((other) => other.site === site);
    if (first === index) continue;
    const [source, at] = where(index);
    const path = ["providers", at, "name"];
    throw new ConfigError({
      file: source.file,
      ...source.position(path),
      key: formatPath(path),
      problem: `the site ${site} is there twice`,
      fix: "Give one of the entries a name of its own, and its type.",
    });
  }
}

function toMigration({ migration_config: given, network_config: network }: FileContent): Config["migration"] {
  const limits = [given.bandwidth_limit, network?.bandwidth].filter((limit) => limit !== undefined);
  return {
    parallelMigrations: given.parallel_migrations,
    stopGraceMs: given.stop_grace,
    bootTimeoutMs: given.boot_timeout,
    probeTimeoutMs: given.probe_timeout,
    verify: given.verification_enabled,
    rollbackOnFailure: given.rollback_enabled,
    compression: given.compression_enabled,
    live: given.enable_live_migration,
    prepare: given.prepare,
    ...(limits.length > 0 ? { bandwidthBytesPerSecond: Math.min(...limits) } : {}),
    ...toHours(given),
  };
}

function toNetwork(given: FileContent["network_config"]): Config["network"] {
  const { enable_vpn: vpn = true, vpn_type: vpnType = "ipsec", encryption = "aes256" } = given ?? {};
  return {
    ...{ vpn, vpnType, encryption },
    ...(given?.latency_target === undefined ? {} : { latencyTargetMs: given.latency_target }),
    ...(given?.drill_interval === undefined ? {} : { drillIntervalMs: given.drill_interval }),
    ...(given?.tunnel_key === undefined ? {} : { tunnelKey: given.tunnel_key }),
  };
}

function toSiteWorkers({ host, port, url }: FileContent["site_workers"]): Pick<Config, "siteWorkers"> {
  if (port === undefined) return {};
  return { siteWorkers: { host, port, ...(url === undefined ? {} : { url: url.replace(/\/+$/, "") }) } };
}

function toTelemetry(given: FileContent["telemetry"]): Config["telemetry"] {
  const { worker_metrics: workerMetrics, otlp_endpoint: endpoint } = given;
  if (endpoint === undefined) return { workerMetrics };
  return {
    workerMetrics,
    otlp: { endpoint, headers: given.otlp_headers, metricsEveryMs: given.otlp_metrics_interval },
  };
}

function toTraffic(given: FileContent["traffic"]): Config["traffic"] {
  const proxies = (given?.proxies ?? []).map(({ name, control, token, ca_file: caFile }) => {
    return { name, control, token, ...(caFile === undefined ? {} : { caFile }) };
  });
  return { listeners: given?.listeners ?? [], proxies };
}

function toHours({ time_zone, allowed_hours, bandwidth_hours }: FileContent["migration_config"]) {
  if (allowed_hours === undefined && bandwidth_hours === undefined) return {};
  const hours: MoveHours = {
    timeZone: time_zone,
    ...(allowed_hours === undefined ? {} : { allowedHours: allowed_hours }),
    ...(bandwidth_hours === undefined ? {} : { bandwidthHours: bandwidth_hours }),
  };
  return { hours };
}

function givenPaths(value: unknown, path: Path = []): string[] {
  if (Array.isArray(value)) return value.flatMap((inner, index) => givenPaths(inner, [...path, index]));
  if (isTree(value)) return Object.entries(value).flatMap(([key, inner]) => givenPaths(inner, [...path, key]));
  return value === undefined || value === null ? [] : [formatPath(path)];
}

function isTree(value: unknown): value is Tree {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function toCostModel(written: ProviderContent["cost_model"]): SiteConfig["costModel"] {
  return (
    written && {
      currency: written.currency,
      hardwarePrice: written.hardware_price,
      lifeMonths: written.life_months,
      powerWatts: written.power_watts ?? 0,
      powerPrice: written.power_price ?? 0,
      powerOverhead: written.power_overhead ?? 1,
      licencesMonth: written.licences_month ?? 0,
      cpus: written.cpus,
      memoryBytes: written.memory,
    }
  );
}
