// Long because it is one schema, to be read whole.
import { z } from "zod";
import { readRange } from "../domain/address-range.ts";
import { parseHealthProbe } from "../domain/health-probe.ts";
import { isTimeZone, parseHours } from "../domain/hours.ts";
import { parseSecretReference } from "../domain/secret-reference.ts";
import { parseListener } from "../domain/traffic-proxy.ts";
import { Secret } from "./secret.ts";
import { parseBandwidthHours, parseDuration, parseRate, parseShare, parseSize } from "./units.ts";

/** A value that is read into one unit. What it must be is the message of its issues, after "it must be". */
function reading<I extends string | number>(
  input: z.ZodType<I, I>,
  parse: (value: I) => number | undefined,
  what: string,
): z.ZodType<number, I> {
  return input.transform((value, context): number => {
    const read = parse(value);
    if (read !== undefined) return read;
    context.issues.push({ code: "custom", message: what, input: value });
    return z.NEVER;
  });
}

/** As `reading`, of a text into something that is no number. */
function understood<T>(parse: (value: string) => T | undefined, what: string): z.ZodType<T, string> {
  return z.string({ error: what }).transform((value, context): T => {
    const read = parse(value);
    if (read !== undefined) return read;
    context.issues.push({ code: "custom", message: what, input: value });
    return z.NEVER;
  });
}

const hours = () =>
  understood((text) => (parseHours(text) ? text : undefined), "hours of the week, such as mon-fri 22:00-06:00");
const bandwidthHours = () =>
  understood(parseBandwidthHours, "hours of the week and a rate, such as mon-fri 08:00-18:00 100Mbps");
const listener = () =>
  understood(
    parseListener,
    "a name, http or tcp, an address and a backend, such as shop http 0.0.0.0:8080 10.0.0.5:80",
  );
const timeZone = () =>
  understood((text) => (isTimeZone(text) ? text : undefined), "a time zone, such as UTC or Europe/Berlin");

const textOrNumber = (what: string) => z.union([z.number(), z.string()], { error: what });
const durationWhat = "a duration with its unit, such as 50ms, 30s, 5m or 1h30m";
const sizeWhat = "a size with its unit, such as 512MiB or 10GiB";
const rateWhat = "a number of Mbps, or a rate such as 500Mbps or 1Gbps";
const shareWhat = "a fraction from 0 to 1, or a percentage such as 90%";

const duration = () => reading(z.string({ error: durationWhat }), parseDuration, durationWhat);
const size = () => reading(z.string({ error: sizeWhat }), parseSize, sizeWhat);
const rate = () =>
  reading(textOrNumber(rateWhat), (value) => (Number(parseRate(value)) > 0 ? parseRate(value) : undefined), rateWhat);
const share = () => reading(textOrNumber(shareWhat), parseShare, shareWhat);
const count = (least = 0) => {
  const what = least === 0 ? "a whole number" : `a whole number of at least ${least}`;
  return z.number({ error: what }).int({ error: what }).min(least, { error: what });
};
const amount = () =>
  z.number({ error: "a number that is not negative" }).min(0, { error: "a number that is not negative" });
const factor = () => z.number({ error: "a number from 1" }).min(1, { error: "a number from 1" });
const failureDomain = () =>
  z.string().regex(/^[\w.-]{1,100}$/, { error: "a name of letters, digits, dots, hyphens and underscores" });
const address = () =>
  understood((written) => (!written.includes("/") && readRange(written) ? written : undefined), "an IP address");
const cidr = () =>
  understood(
    (written) => (written.includes("/") && readRange(written) ? written : undefined),
    "a range such as 10.1.0.0/16",
  );
const healthProbe = () =>
  understood(
    (written) => (parseHealthProbe(written) ? written : undefined),
    "tcp://HOST:PORT, or an http or https URL",
  );
const httpUrl = () => z.url({ protocol: /^https?$/, error: "an http or https URL" });
const listenAddress = () =>
  z.string().regex(/^(?:[\w.-]+|\[[\da-f:.]+\]):\d{1,5}$/i, { error: "an address and a port, such as 127.0.0.1:9464" });
const flag = () => z.boolean({ error: "true or false" });
const text = () =>
  z
    .string({ error: "a text" })
    .min(1, { error: "a text that is not empty" })
    .refine((value) => !value.includes("${secret:"), { error: "a text; no secret is expected here" });
const choice = <const T extends readonly string[]>(...values: T) =>
  z.enum(values, { error: `one of ${values.join(", ")}` });
const secret = () =>
  z
    .union([z.string().min(1), z.number()], { error: "a text that is not empty" })
    .refine((value) => !String(value).includes("${secret:") || parseSecretReference(String(value)) !== undefined, {
      error: "a secret, or a whole reference such as ${secret:vault:kv/data/novacron#key}",
    })
    .transform((value) => new Secret(String(value)));
const section = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape);

export const providerTypes = ["libvirt", "folder", "aws", "gcp", "azure", "oci", "digitalocean"] as const;
export const credentialTypes = [
  "access_key",
  "assumed_role",
  "web_identity",
  "instance_role",
  "service_account",
  "client_secret",
  "certificate",
  "managed_identity",
  "api_key",
  "api_token",
  "instance_principal",
  "workload_identity",
  "application_default",
] as const;
export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

const provider = section({
  name: z
    .string({ error: "a name of letters, digits and hyphens" })
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9-]{0,62}$/, { error: "a name of letters, digits and hyphens" }),
  type: choice(...providerTypes).optional(),
  enabled: flag(),
  region: text().optional(),
  uri: text().optional(),
  storage_path: text().optional(),
  served_by: choice("everyone", "own_workers"),
  haproxy: z
    .string({ error: "the path of a socket, or host:port" })
    .regex(/^(?:\/\S+|\S+:\d{1,5})$/, { error: "the path of a socket, or host:port" })
    .optional(),
  cost_model: section({
    currency: z.string({ error: "a currency, such as USD" }).regex(/^[A-Z]{3}$/, { error: "a currency, such as USD" }),
    hardware_price: amount(),
    life_months: count(1),
    power_watts: amount().optional(),
    power_price: amount().optional(),
    power_overhead: amount().optional(),
    licences_month: amount().optional(),
    cpus: count(1),
    memory: size(),
  }).optional(),
  name_server: section({
    address: z
      .string({ error: "an address and a port, such as 10.0.0.53:53" })
      .regex(/^\S+:\d{1,5}$/, { error: "an address and a port, such as 10.0.0.53:53" }),
    zones: z.array(text(), { error: "a list of zones" }).min(1, { error: "a list of zones" }),
    key_name: text(),
    key: secret(),
    algorithm: choice("hmac-sha256", "hmac-sha384", "hmac-sha512").optional(),
  }).optional(),
  vpn_gateway: section({
    vici: z
      .string({ error: "the path of a socket, or host:port" })
      .regex(/^(?:\/\S+|\S+:\d{1,5})$/, { error: "the path of a socket, or host:port" }),
    addresses: z.array(address(), { error: "a list of addresses" }).min(1, { error: "a list of addresses" }),
    networks: z.array(cidr(), { error: "a list of ranges" }).min(1, { error: "a list of ranges" }),
    probe_address: address().optional(),
    namespace: failureDomain().optional(),
  }).optional(),
  sandbox: flag(),
  endpoint: httpUrl().optional(),
  security_groups: z.array(text(), { error: "a list of names or ids" }).optional(),
  encryption_key: text().optional(),
  compartment: text().optional(),
  project_id: text().optional(),
  zone: text().optional(),
  helper_image: text().optional(),
  cost_tag: text().optional(),
  billing_table: z
    .string({ error: "a table of BigQuery's, project.dataset.table" })
    .regex(/^[\w-]+(?:\.[\w$-]+){2}$/, { error: "a table of BigQuery's, project.dataset.table" })
    .optional(),
  helper_network: text().optional(),
  subscription_id: text().optional(),
  resource_group: text().optional(),
  storage_account: text().optional(),
  residency: z.array(text(), { error: "a list of places, such as eu" }).optional(),
  failure_domain: failureDomain().optional(),
  health_probes: z.array(healthProbe(), { error: "a list of probes, such as tcp://kvm-a.example.com:22" }).optional(),
  credentials: section({
    type: choice(...credentialTypes).optional(),
    from: secret().optional(),
    access_key: secret().optional(),
    secret_key: secret().optional(),
    session_token: secret().optional(),
    role_arn: secret().optional(),
    external_id: secret().optional(),
    token_file: secret().optional(),
    service_account: secret().optional(),
    key_file: secret().optional(),
    tenant_id: secret().optional(),
    client_id: secret().optional(),
    tenancy: secret().optional(),
    user: secret().optional(),
    fingerprint: secret().optional(),
    token: secret().optional(),
    private_key: secret().optional(),
    passphrase: secret().optional(),
    client_secret: secret().optional(),
    certificate_file: secret().optional(),
  }).optional(),
  quotas: section({
    max_vms: count().optional(),
    max_cpus: count().optional(),
    max_memory: size().optional(),
    max_disk: size().optional(),
  }).optional(),
  cost_limits: section({ daily_limit: amount().optional(), monthly_limit: amount().optional() }).optional(),
});

const bursting = {
  monitor_interval: duration().optional(),
  scale_back_threshold: share().optional(),
  cooldown_period: duration().optional(),
  max_burst_vms: count().optional(),
  cost_optimized: flag().optional(),
};

const recovery = {
  primary_site: text().optional(),
  dr_site: text().optional(),
  rpo: duration().optional(),
  rto: duration().optional(),
  backup_interval: duration().optional(),
  replication_enabled: flag().optional(),
  auto_failover: flag().optional(),
  health_check_interval: duration().optional(),
  failover_threshold: count(1).optional(),
};

/** The file as it is written (input) and with its units read (output). Members without `optional` have their default in
 *  the key table, which is filled in before this schema sees the file. */
export const fileSchema = section({
  providers: z.array(provider, { error: "a list of providers" }),
  preferred_provider: text().optional(),
  enable_bursting: flag().optional(),
  burst_thresholds: section({
    cpu_threshold: share().optional(),
    memory_threshold: share().optional(),
    queue_depth: count().optional(),
    duration: duration().optional(),
  }).optional(),
  bursting: section(bursting).optional(),
  burst: section(bursting).optional(),
  enable_arbitrage: flag().optional(),
  cost_optimization: flag(),
  savings: section({
    lookback: duration(),
    least_data: duration(),
    least_saving: amount(),
    harm_limit: share(),
    cpu_headroom: factor(),
    memory_headroom: factor(),
    network_headroom: factor(),
    disk_headroom: factor(),
    schedules: flag(),
    architectures: flag(),
  }),
  failure_domain: failureDomain().optional(),
  dr_provider: text().optional(),
  disaster_recovery: section(recovery).optional(),
  ...bursting,
  ...recovery,
  network_config: section({
    enable_vpn: flag().optional(),
    enable_sdwan: flag().optional(),
    vpn_type: choice("ipsec", "wireguard").optional(),
    bandwidth: rate().optional(),
    latency_target: duration().optional(),
    encryption: choice("aes128", "aes256").optional(),
    tunnel_key: secret().optional(),
    drill_interval: duration().optional(),
  }).optional(),
  migration_config: section({
    enable_live_migration: flag(),
    prepare: choice("auto", "off"),
    parallel_migrations: count(1),
    bandwidth_limit: rate().optional(),
    time_zone: timeZone(),
    allowed_hours: z.array(hours(), { error: "a list of hours" }).optional(),
    bandwidth_hours: z.array(bandwidthHours(), { error: "a list of hours with rates" }).optional(),
    compression_enabled: flag(),
    verification_enabled: flag(),
    rollback_enabled: flag(),
    stop_grace: duration(),
    boot_timeout: duration(),
    probe_timeout: duration(),
  }),
  api: section({
    host: text(),
    port: count().max(65_535, { error: "a port from 0 to 65535" }),
    public_url: httpUrl().optional(),
    tls: choice("off", "self_made", "files").optional(),
    tls_cert_file: text().optional(),
    tls_key_file: text().optional(),
  }),
  control_plane: section({
    backup_to: z.array(text(), { error: "a list of sites" }).optional(),
    backup_interval: duration(),
    backup_keep: duration(),
    backup_key_file: text().optional(),
  }),
  group_leases: section({ duration: duration(), margin: duration() }),
  site_workers: section({
    host: text(),
    port: count().max(65_535, { error: "a port from 0 to 65535" }).optional(),
    url: httpUrl().optional(),
  }),
  oidc: section({
    issuer: httpUrl().optional(),
    client_id: text().optional(),
    client_secret: secret().optional(),
    scopes: text(),
    groups_claim: text(),
    roles: z.array(text(), { error: "a list of texts" }).optional(),
    mfa_amr: z.array(text(), { error: "a list of texts" }).optional(),
    mfa_acr: z.array(text(), { error: "a list of texts" }).optional(),
    mfa_max_age: duration(),
  }),
  secrets: section({
    cache: duration(),
    vault_address: httpUrl().optional(),
    vault_namespace: text().optional(),
    vault_token: secret().optional(),
    vault_role_id: text().optional(),
    vault_secret_id: secret().optional(),
    aws_region: text().optional(),
    aws_endpoint: httpUrl().optional(),
  }),
  rotation: section({
    interval: duration(),
    grace: duration(),
    tokens: z.array(text(), { error: "a list of texts" }).optional(),
    sites: z.array(text(), { error: "a list of sites" }).optional(),
  }),
  approvals: z.array(text(), { error: "a list of texts" }).optional(),
  alarms: section({ webhook: httpUrl().optional() }).optional(),
  alerting: section({
    interval: duration(),
    smtp_url: z
      .url({ protocol: /^smtps?$/, error: "an smtp or smtps URL, such as smtp://mail.internal:587" })
      .optional(),
    smtp_from: text().optional(),
    smtp_user: text().optional(),
    smtp_password: secret().optional(),
    channels: z
      .array(
        section({
          name: z
            .string({ error: "a name of letters, digits, _ and hyphens" })
            .regex(/^[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}$/, { error: "a name of letters, digits, _ and hyphens" }),
          type: choice("pagerduty", "slack", "webhook"),
          key: secret().optional(),
          url: secret().optional(),
        }),
        { error: "a list of channels" },
      )
      .optional(),
    heartbeat_url: secret().optional(),
    heartbeat_interval: duration(),
  }),
  webhooks: section({ key: secret().optional() }).optional(),
  sessions: section({ idle: duration(), max: duration() }),
  policies: section({ scan_interval: duration(), notify: z.array(z.string().min(1)).default([]) }),
  inventory: section({ interval: duration(), full_interval: duration(), history: duration() }),
  metrics: section({ interval: duration() }),
  temporal: section({
    address: text(),
    namespace: text(),
    tls: flag(),
    tls_ca_file: text().optional(),
    tls_cert_file: text().optional(),
    tls_key_file: text().optional(),
    tls_server_name: text().optional(),
    api_key: secret().optional(),
    payload_keys: secret().optional(),
  }),
  logging: section({ level: choice(...logLevels), keep: duration() }),
  telemetry: section({
    worker_metrics: listenAddress().optional(),
    otlp_endpoint: httpUrl().optional(),
    otlp_headers: secret().optional(),
    otlp_metrics_interval: duration(),
  }),
  traffic: section({
    listeners: z.array(listener(), { error: "a list of listeners" }).optional(),
    proxies: z
      .array(
        section({
          name: z
            .string({ error: "a name of letters, digits and hyphens" })
            .regex(/^(?!local$)[a-zA-Z0-9][a-zA-Z0-9-]{0,62}$/, {
              error: "a name of letters, digits and hyphens that is not local",
            }),
          control: httpUrl(),
          token: secret(),
          ca_file: text().optional(),
        }),
        { error: "a list of proxies" },
      )
      .optional(),
  }).optional(),
});

export type FileContent = z.output<typeof fileSchema>;
export type ProviderContent = FileContent["providers"][number];
