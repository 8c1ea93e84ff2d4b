// Long because it is one story: what a file may say, and what becomes of it.
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { targetsOf } from "../../src/config/alerting-keys.ts";
import { type Config, loadConfig } from "../../src/config/config.ts";
import { configKeys } from "../../src/config/keys.ts";
import { configReport } from "../../src/config/report.ts";
import { parseRate } from "../../src/config/units.ts";
import { defaultSavingsSettings } from "../../src/domain/savings/settings.ts";
import { fileWith } from "../support/config-file.ts";

const earlier = fileURLToPath(new URL("fixtures/earlier-system.yaml", import.meta.url));
const variables = {
  AWS_ACCESS_KEY: "a",
  AWS_SECRET_KEY: "b",
  GCP_SERVICE_ACCOUNT: "c",
  AZURE_TENANT_ID: "12345",
  AZURE_CLIENT_ID: "e",
};

function load(context: TestContext, content: string, env: NodeJS.ProcessEnv = {}): Config {
  return loadConfig({ file: fileWith(context, content), env });
}

const host = "name: onprem-a, uri: 'qemu:///session?socket=/run/x', storage_path: /srv/vm";

describe("a whole file", () => {
  test("of the earlier system loads as it is", () => {
    const config = loadConfig({ file: earlier, env: variables });
    assert.deepEqual(
      config.sites.map(({ site }) => site),
      ["aws-us-east-1", "gcp-us-central1", "azure-eastus"],
    );
    assert.equal(config.sites[2]?.credentials?.values.tenant_id?.reveal(), "12345");
    assert.equal(config.migration.parallelMigrations, 3);
    assert.equal(config.migration.bandwidthBytesPerSecond, 62_500_000);
  });

  test("that is the example loads, and so does no file at all", () => {
    const example = fileURLToPath(new URL("../../config.example.yaml", import.meta.url));
    assert.equal(loadConfig({ file: example, env: variables }).sites.length, 4);
    assert.deepEqual(loadConfig({ env: {} }).sites, []);
  });

  test("with the earlier system's burst and recovery keys loads, in sections and at the top", (context) => {
    const burst =
      "monitor_interval: 30s\nscale_back_threshold: 30%\ncooldown_period: 10m\nmax_burst_vms: 20\ncost_optimized: true\n";
    const recovery =
      "primary_site: a\ndr_site: b\nrpo: 15m\nrto: 1h\nbackup_interval: 1h\nreplication_enabled: true\nauto_failover: false\nhealth_check_interval: 30s\nfailover_threshold: 3\n";
    const indented = (text: string) => text.replace(/^/gm, "  ").trimEnd();
    const files = [
      burst + recovery,
      `bursting:\n${indented(burst)}\ndisaster_recovery:\n${indented(recovery)}\n`,
      `burst:\n${indented(burst)}\n`,
    ];
    const counts = files.map((content) => configReport(load(context, content)).length);
    assert.deepEqual(counts, [5, 5, 5]);
  });

  test("the recovery keys are what a protection group's policy leaves out", (context) => {
    const keys =
      "primary_site: a\ndr_site: b\nrpo: 15m\nrto: 1h\nbackup_interval: 2h\nreplication_enabled: false\nauto_failover: true\nhealth_check_interval: 20s\nfailover_threshold: 4\n";
    const wanted = {
      primarySite: "a",
      recoverySite: "b",
      rpoSeconds: 900,
      rtoSeconds: 3600,
      backupIntervalSeconds: 7200,
      replicationEnabled: false,
      autoFailover: true,
      healthCheckIntervalSeconds: 20,
      failoverThreshold: 4,
    };
    const section = `disaster_recovery:\n${keys.replace(/^/gm, "  ").trimEnd()}\n`;
    for (const content of [keys, section]) assert.deepEqual(load(context, content).recovery, wanted);
    assert.deepEqual(load(context, "inventory: { interval: 1m }").recovery, {});
  });

  test("dr_provider names the site that takes over", (context) => {
    const sites =
      "providers:\n- { name: gcp, region: us-west1, enabled: false }\n- { name: gcp, region: us-central1 }\n- { name: aws, region: us-east-1 }\n";
    const recoverySite = (more: string) => load(context, `${sites}${more}`).recovery.recoverySite;
    assert.equal(recoverySite("dr_provider: gcp\n"), "gcp-us-central1");
    assert.equal(recoverySite("dr_provider: aws-us-east-1\n"), "aws-us-east-1");
    assert.equal(recoverySite("dr_provider: azure\n"), undefined);
    assert.equal(recoverySite("dr_provider: gcp\ndr_site: aws-us-east-1\n"), "aws-us-east-1");
  });

  test("takes the sandbox's sites after its own", (context) => {
    const file = fileWith(context, `providers: [{ ${host} }]`);
    const sandboxed = {
      name: "onprem-b",
      type: "libvirt",
      enabled: true,
      uri: "qemu:///b",
      storage_path: "/b",
      sandbox: true,
    };
    const sitesFile = fileWith(context, JSON.stringify({ providers: [sandboxed] }), "sites.json");
    const { sites } = loadConfig({ file, sitesFile, env: {} });
    assert.deepEqual(
      sites.map(({ site, sandbox }) => [site, sandbox]),
      [
        ["onprem-a", false],
        ["onprem-b", true],
      ],
    );
  });

  test("has the first right to the names of its sites: a simulated one of that name is left out", (context) => {
    const file = fileWith(context, "providers:\n- { name: gcp, region: us-central1, project_id: ours }");
    const simulated = [
      { name: "gcp", enabled: true, region: "us-central1", sandbox: true, project_id: "simulated" },
      { name: "aws", enabled: true, region: "us-east-1", sandbox: true },
    ];
    const sitesFile = fileWith(context, JSON.stringify({ providers: simulated }), "sites.json");
    assert.deepEqual(
      loadConfig({ file, sitesFile, env: {} }).sites.map(({ site, projectId }) => [site, projectId]),
      [
        ["gcp-us-central1", "ours"],
        ["aws-us-east-1", undefined],
      ],
    );
  });
});

describe("keys in effect", () => {
  test("a provider becomes a site", (context) => {
    const { sites } = load(
      context,
      `providers:\n- { ${host}, sandbox: true }\n- { name: lab, type: libvirt, uri: 'qemu:///l', storage_path: /l, enabled: false, region: cellar }`,
    );
    assert.deepEqual(
      sites.map(({ site, type, enabled, sandbox, region }) => ({ site, type, enabled, sandbox, region })),
      [
        { site: "onprem-a", type: "libvirt", enabled: true, sandbox: true, region: undefined },
        { site: "lab", type: "libvirt", enabled: false, sandbox: false, region: "cellar" },
      ],
    );
    const cloud = load(
      context,
      "providers: [{ name: aws, endpoint: 'http://127.0.0.1:1', security_groups: [web], encryption_key: alias/k, residency: [us] }]",
    ).sites[0];
    assert.deepEqual(
      [cloud?.endpoint, cloud?.securityGroups, cloud?.encryptionKey, cloud?.residency],
      ["http://127.0.0.1:1", ["web"], "alias/k", ["us"]],
    );
    const keys = "compartment: ocid1.c, helper_image: with-node, helper_network: ocid1.s";
    const oracle = load(context, `providers: [{ name: oci, ${keys} }]`).sites[0];
    const { compartment, helperImage, helperNetwork } = oracle ?? {};
    assert.deepEqual([compartment, helperImage, helperNetwork], ["ocid1.c", "with-node", "ocid1.s"]);
  });

  test("the control plane is in a failure domain", (context) => {
    const own = load(
      context,
      `providers:\n- { ${host}, failure_domain: hall-1, health_probes: ['tcp://10.0.0.1:22'] }`,
    );
    assert.deepEqual([own.sites[0]?.failureDomain, own.sites[0]?.healthProbes], ["hall-1", ["tcp://10.0.0.1:22"]]);
    assert.deepEqual([own.failureDomain, own.leaseTerms], [undefined, { durationMs: 60_000, marginMs: 15_000 }]);
    const more = "failure_domain: hq\ngroup_leases: { duration: 2m, margin: 30s }";
    const given = load(context, `providers:\n- { ${host} }\n${more}`);
    assert.deepEqual([given.sites[0]?.failureDomain, given.failureDomain], ["onprem-a", "hq"]);
    assert.deepEqual(given.leaseTerms, { durationMs: 120_000, marginMs: 30_000 });
    assert.throws(() => load(context, `providers:\n- { ${host}, health_probes: ['somewhere'] }`), /tcp:\/\/HOST:PORT/);
  });

  test("the control plane is backed up to sites that are configured", (context) => {
    const off = load(context, `providers:\n- { ${host} }`).controlPlane;
    assert.deepEqual(off, { backupTo: [], intervalMs: 900_000, keepMs: 30 * 86_400_000 });
    const section = (more: string) => `providers:\n- { ${host} }\ncontrol_plane: { ${more} }`;
    const given = "backup_to: [onprem-a], backup_interval: 5m, backup_keep: 90d, backup_key_file: /etc/key.json";
    assert.deepEqual(load(context, section(given)).controlPlane, {
      ...{ backupTo: ["onprem-a"], intervalMs: 300_000, keepMs: 90 * 86_400_000, keyFile: "/etc/key.json" },
    });
    assert.throws(() => load(context, section("backup_to: [onprem-b]")), /backup_to\[0\]: .*no site onprem-b/);
  });

  test("what savings are looked for can be set", (context) => {
    const { enabled, settings } = load(context, `providers:\n- { ${host} }`).savings;
    assert.deepEqual([enabled, settings], [true, defaultSavingsSettings]);
    const headroom = "cpu_headroom: 2, memory_headroom: 1.5, network_headroom: 1, disk_headroom: 3";
    const more = `lookback: 14d, least_data: 1d, least_saving: 5, harm_limit: 1%, ${headroom}`;
    const section = `cost_optimization: false\nsavings: { ${more}, schedules: false, architectures: true }`;
    assert.deepEqual(load(context, `providers:\n- { ${host} }\n${section}`).savings, {
      enabled: false,
      settings: {
        ...defaultSavingsSettings,
        ...{ lookbackDays: 14, leastDays: 7, leastSavingMicros: 5_000_000, harmLimit: 0.01 },
        ...{ headroom: { cpu: 2, memory: 1.5, network: 1, disk: 3 }, schedules: false, architectures: true },
      },
    });
    assert.throws(() => load(context, `providers:\n- { ${host} }\nsavings: { cpu_headroom: 0.5 }`), /from 1/);
  });

  test("every kind of provider has its adapter, and one that is not enabled is disabled", (context) => {
    const types = ["aws", "azure", "gcp", "oci", "digitalocean"].map((type) => `{ name: site-${type}, type: ${type} }`);
    const config = load(context, `providers: [${types.join(", ")}, { name: oci, region: eu-1, enabled: false }]`);
    assert.deepEqual(
      config.sites.map(({ enabled }) => enabled),
      [true, true, true, true, true, false],
    );
    assert.deepEqual(configReport(config), []);
  });

  test("a libvirt provider needs its uri and storage_path", (context) => {
    assert.throws(() => load(context, "providers: [{ name: a, type: libvirt }]"), /providers\[0\]\.uri: .* needs it/);
    assert.throws(() => load(context, "providers: [{ name: a, uri: u }]"), /providers\[0\]\.storage_path: .* needs it/);
    const folder = "providers: [{ name: a, type: folder }]";
    assert.throws(() => load(context, folder), /providers\[0\]\.storage_path: a folder site needs it/);
    const [site] = load(context, `providers: [{ ${host} }]`).sites;
    assert.equal(site?.uri, "qemu:///session?socket=/run/x");
    assert.equal(site?.storagePath, "/srv/vm");
  });

  test("quotas become ceilings of the site", (context) => {
    const quotas = "{ max_vms: 3, max_cpus: 8, max_memory: 1.5GiB, max_disk: 2TB }";
    assert.deepEqual(load(context, `providers: [{ ${host}, quotas: ${quotas} }]`).sites[0]?.quotas, {
      maxVms: 3,
      maxCpus: 8,
      maxMemoryBytes: 1.5 * 2 ** 30,
      maxDiskBytes: 2e12,
    });
  });

  test("migration_config sets the defaults of every migration", (context) => {
    const given =
      "{ enable_live_migration: false, prepare: off, parallel_migrations: 7, verification_enabled: false, rollback_enabled: false, stop_grace: 5s, boot_timeout: 1m, probe_timeout: 2s }";
    assert.deepEqual(load(context, `migration_config: ${given}`).migration, {
      parallelMigrations: 7,
      verify: false,
      compression: true,
      rollbackOnFailure: false,
      live: false,
      prepare: "off",
      stopGraceMs: 5_000,
      bootTimeoutMs: 60_000,
      probeTimeoutMs: 2_000,
    });
    assert.deepEqual(load(context, "").migration, {
      compression: true,
      parallelMigrations: 3,
      verify: true,
      rollbackOnFailure: true,
      live: true,
      prepare: "auto",
      stopGraceMs: 60_000,
      bootTimeoutMs: 300_000,
      probeTimeoutMs: 120_000,
    });
  });

  test("bandwidth is read as Mbps and the lower limit wins", (context) => {
    const limit = (content: string) => load(context, content).migration.bandwidthBytesPerSecond;
    assert.equal(limit("migration_config: { bandwidth_limit: 500 }"), 62_500_000);
    assert.equal(
      limit("migration_config: { bandwidth_limit: 1Gbps }\nnetwork_config: { bandwidth: 200 }"),
      parseRate(200),
    );
    assert.equal(
      limit("migration_config: { bandwidth_limit: 100 }\nnetwork_config: { bandwidth: 200 }"),
      parseRate(100),
    );
    assert.equal(limit(""), undefined);
  });

  test("reads the inventory's intervals", (context) => {
    const { inventory } = load(context, "inventory: { interval: 90s, full_interval: 1h, history: 30d }");
    assert.deepEqual(inventory, { intervalMs: 90_000, fullIntervalMs: 3_600_000, historyMs: 30 * 86_400_000 });
  });

  test("reads how often figures are read", (context) => {
    assert.deepEqual(load(context, "metrics: { interval: 30s }").metrics, { intervalMs: 30_000 });
  });

  test("alerting says where people are told", (context) => {
    const { alerting } = load(
      context,
      [
        "webhooks: { key: k }",
        "alerting:",
        "  interval: 15s",
        "  smtp_url: smtp://mail:25",
        "  smtp_from: a@b.c",
        "  smtp_user: u",
        "  smtp_password: p",
        "  heartbeat_url: https://switch/x",
        "  heartbeat_interval: 5m",
        "  channels:",
        "    - { name: oncall, type: pagerduty, key: r }",
        "    - { name: ops, type: slack, url: https://hooks/x }",
        "    - { name: tickets, type: webhook, url: https://t/x }",
      ].join("\n"),
    );
    assert.deepEqual([alerting.intervalMs, alerting.heartbeatMs], [15_000, 300_000]);
    assert.deepEqual([alerting.smtp?.url, alerting.smtp?.from, alerting.smtp?.user], ["smtp://mail:25", "a@b.c", "u"]);
    assert.deepEqual([alerting.smtp?.password?.reveal(), alerting.heartbeatUrl?.reveal()], ["p", "https://switch/x"]);
    assert.deepEqual(targetsOf({ alerting }), [
      { kind: "email" },
      { kind: "pagerduty", name: "oncall" },
      { kind: "slack", name: "ops" },
      { kind: "webhook", name: "tickets" },
    ]);
    const wrong = (text: string, problem: RegExp) => assert.throws(() => load(context, `alerting: ${text}`), problem);
    wrong("{ smtp_url: 'smtp://mail:25' }", /smtp_from is missing/);
    wrong("{ smtp_url: 'http://mail' }", /smtp or smtps URL/);
    wrong("{ channels: [{ name: a, type: pagerduty }] }", /its key is missing/);
    wrong("{ channels: [{ name: a, type: slack }] }", /its url is missing/);
    wrong("{ channels: [{ name: a, type: webhook, url: 'https://t' }] }", /no key to sign/);
    const twin = "{ name: a, type: slack, url: x }";
    wrong(`{ channels: [${twin}, ${twin}] }`, /another slack channel a/);
  });
  test("reads how often policies are scanned", (context) => {
    assert.equal(load(context, "policies: { scan_interval: 2h }").policies.scanIntervalMs, 7_200_000);
    assert.equal(load(context, "").policies.scanIntervalMs, 900_000);
  });

  test("reads whom findings of policies are told", (context) => {
    const alerting = "alerting: { smtp_url: 'smtp://mail:25', smtp_from: a@b.c }\n";
    const told = load(context, `${alerting}policies: { notify: ['email:ops@example.com'] }`).policies.notify;
    assert.deepEqual(told, ["email:ops@example.com"]);
    assert.deepEqual(load(context, "").policies.notify, []);
    const wrong = () => load(context, `${alerting}policies: { notify: ['pagerduty:oncall'] }`);
    assert.throws(wrong, /no pagerduty channel oncall is configured/);
  });

  test("reads how long lines are kept", (context) => {
    assert.equal(load(context, "logging: { keep: 36h }").logging.keepMs, 36 * 3_600_000);
    assert.equal(load(context, "logging: { keep: 0s }").logging.keepMs, 0);
  });

  test("reads where telemetry goes", (context) => {
    const { telemetry } = load(
      context,
      "telemetry: { worker_metrics: '127.0.0.1:9464', otlp_endpoint: 'http://c:4318', otlp_headers: 'a=b', otlp_metrics_interval: 1m }",
    );
    assert.equal(telemetry.workerMetrics, "127.0.0.1:9464");
    assert.deepEqual(
      { ...telemetry.otlp, headers: 0 },
      { endpoint: "http://c:4318", metricsEveryMs: 60_000, headers: 0 },
    );
    assert.equal(telemetry.otlp?.headers?.reveal(), "a=b");
    assert.deepEqual(load(context, "").telemetry, { workerMetrics: undefined });
    assert.throws(() => load(context, "telemetry: { worker_metrics: '9464' }"), /an address and a port/);
    assert.throws(() => load(context, "telemetry: { otlp_endpoint: 'collector' }"), /http or https URL/);
  });

  test("the environment wins over the file's process settings", (context) => {
    const content =
      "api: { host: 127.0.0.2, port: 1 }\ntemporal: { address: 'a:1', namespace: n }\nlogging: { level: warn }";
    const settings = ({ api, temporal, logging }: Config) => ({ ...api, ...temporal, level: logging.level });
    assert.deepEqual(settings(load(context, content)), {
      host: "127.0.0.2",
      port: 1,
      address: "a:1",
      namespace: "n",
      level: "warn",
    });
    const env = {
      NOVACRON_API_HOST: "::1",
      NOVACRON_API_PORT: "0",
      TEMPORAL_ADDRESS: "b:2",
      TEMPORAL_NAMESPACE: "m",
      NOVACRON_LOG_LEVEL: "debug",
    };
    assert.deepEqual(settings(load(context, content, env)), {
      host: "::1",
      port: 0,
      address: "b:2",
      namespace: "m",
      level: "debug",
    });
  });
});

test("a site of libvirt or a folder may be served by its own workers only", (context) => {
  const site = (more: string) => `providers: [{ name: far, type: folder, storage_path: /far, ${more} }]`;
  assert.equal(load(context, site("served_by: own_workers")).sites[0]?.ownWorkersOnly, true);
  assert.equal(load(context, site("served_by: everyone")).sites[0]?.ownWorkersOnly, undefined);
  assert.equal(load(context, site("")).sites[0]?.ownWorkersOnly, undefined);
  assert.throws(
    () => load(context, "providers: [{ name: aws, region: us-east-1, served_by: own_workers }]"),
    /served_by/,
  );
});

test("a libvirt site may have a cost model", (context) => {
  const model = "{ currency: EUR, hardware_price: 12000, life_months: 60, cpus: 64, memory: 256GiB, power_watts: 300 }";
  const site = (type: string, written = model) => `providers: [{ ${type}, storage_path: /s, cost_model: ${written} }]`;
  const libvirt = "name: a, uri: qemu:///system";
  assert.deepEqual(load(context, site(libvirt)).sites[0]?.costModel, {
    ...{ currency: "EUR", hardwarePrice: 12_000, lifeMonths: 60, cpus: 64, memoryBytes: 256 * 2 ** 30 },
    ...{ powerWatts: 300, powerPrice: 0, powerOverhead: 1, licencesMonth: 0 },
  });
  assert.throws(() => load(context, site("name: b, type: folder")), /cost_model/);
  assert.throws(() => load(context, site(libvirt, "{ currency: EUR }")), /hardware_price/);
});

test("a libvirt site may have a HAProxy", (context) => {
  const site = (haproxy: string) =>
    `providers: [{ name: a, uri: qemu:///system, storage_path: /s, haproxy: ${haproxy} }]`;
  for (const address of ["/run/haproxy/admin.sock", "10.0.0.5:9999", "'[::1]:9999'"]) {
    assert.equal(load(context, site(address)).sites[0]?.haproxy, address.replaceAll("'", ""));
  }
  assert.throws(() => load(context, site("nowhere")), /haproxy/);
  assert.throws(() => load(context, "providers: [{ name: aws, region: us-east-1, haproxy: 127.0.0.1:1 }]"), /haproxy/);
});

test("scripts of recovery plans are called with a key of ours", (context) => {
  assert.equal(load(context, "").webhooks.key, undefined);
  const { key } = load(context, "webhooks: { key: not-to-be-seen }").webhooks;
  assert.deepEqual([key?.reveal(), String(key)], ["not-to-be-seen", "[secret]"]);
});

test("a site of ours may have a name server", (context) => {
  const server = "address: 10.0.0.53:53, zones: [example.com], key_name: novacron, key: c2VjcmV0";
  const site = (more = "", kind = "type: folder, storage_path: /s") =>
    load(context, `providers: [{ name: a, ${kind}, name_server: { ${server}${more} } }]`).sites[0]?.nameServer;
  const { key, ...shown } = site() ?? assert.fail("it has none");
  assert.deepEqual(shown, {
    address: "10.0.0.53:53",
    zones: ["example.com"],
    keyName: "novacron",
    algorithm: "hmac-sha256",
  });
  assert.deepEqual([key.reveal(), String(key)], ["c2VjcmV0", "[secret]"]);
  assert.equal(site(", algorithm: hmac-sha512")?.algorithm, "hmac-sha512");
  assert.throws(() => site(", algorithm: hmac-md5"), /algorithm/);
  assert.throws(() => site("", "type: aws, region: us-east-1"), /name_server/);
  assert.throws(() => site("", "type: folder, storage_path: /s, served_by: own_workers"), /name_server/);
});

test("a site of ours may have a VPN gateway", (context) => {
  const gateway = "vici: /run/charon.vici, addresses: [198.51.100.1, '2001:db8::1'], networks: [10.1.0.0/16]";
  const site = (more = "", kind = "type: folder, storage_path: /s") =>
    load(context, `providers: [{ name: a, ${kind}, vpn_gateway: { ${gateway}${more} } }]`).sites[0]?.vpnGateway;
  const least = { vici: "/run/charon.vici", addresses: ["198.51.100.1", "2001:db8::1"], networks: ["10.1.0.0/16"] };
  assert.deepEqual(site(), least);
  assert.deepEqual(site(", probe_address: 10.1.0.1, namespace: gw"), {
    ...least,
    probeAddress: "10.1.0.1",
    namespace: "gw",
  });
  assert.throws(() => site(", probe_address: 10.1.0.0/16"), /probe_address/);
  assert.throws(() => site(", namespace: 'a b'"), /namespace/);
  assert.throws(() => site("", "type: aws, region: us-east-1"), /vpn_gateway/);
  assert.throws(() => site("", "type: folder, storage_path: /s, served_by: own_workers"), /vpn_gateway/);
});

test("connections between sites are configured", (context) => {
  assert.deepEqual(load(context, "").network, { vpn: true, vpnType: "ipsec", encryption: "aes256" });
  const { tunnelKey, ...said } = load(
    context,
    "network_config: { enable_vpn: false, vpn_type: wireguard, encryption: aes128, latency_target: 50ms, drill_interval: 168h, tunnel_key: not-to-be-seen }",
  ).network;
  assert.deepEqual(said, {
    vpn: false,
    vpnType: "wireguard",
    encryption: "aes128",
    latencyTargetMs: 50,
    drillIntervalMs: 604_800_000,
  });
  assert.deepEqual([tunnelKey?.reveal(), String(tunnelKey)], ["not-to-be-seen", "[secret]"]);
});

test("workers of sites are let in where a port is given", (context) => {
  assert.equal(load(context, "").siteWorkers, undefined);
  assert.equal(load(context, "").migration.compression, true);
  const given = "site_workers: { port: 8788, url: 'https://novacron.example.com:8788/' }";
  assert.deepEqual(load(context, given).siteWorkers, {
    host: "127.0.0.1",
    port: 8788,
    url: "https://novacron.example.com:8788",
  });
  assert.equal(load(context, "site_workers: { port: 1, host: 0.0.0.0 }").siteWorkers?.host, "0.0.0.0");
  assert.equal(load(context, "migration_config: { compression_enabled: false }").migration.compression, false);
});

test("listeners make a proxy of this machine's own", (context) => {
  const { listeners } = load(context, "traffic: { listeners: ['shop http 0.0.0.0:8080 10.0.0.5:80'] }").traffic;
  const [listen, backend] = [
    { host: "0.0.0.0", port: 8080 },
    { host: "10.0.0.5", port: 80 },
  ];
  assert.deepEqual(listeners, [{ name: "shop", protocol: "http", listen, backend }]);
  for (const wrong of [
    "shop http 0.0.0.0:8080",
    "shop udp 0.0.0.0:1 10.0.0.5:1",
    "shop tcp 0.0.0.0:1 10.0.0.5:99999",
  ]) {
    assert.throws(() => load(context, `traffic: { listeners: ['${wrong}'] }`), /http or tcp/);
  }
});

test("proxies for traffic are configured with how they are reached", (context) => {
  const given = "{ name: edge, control: 'https://10.0.0.9:8790', token: '${A_TOKEN}', ca_file: /etc/ca.pem }";
  const [edge] = load(context, `traffic: { proxies: [${given}] }`, { A_TOKEN: "geheim" }).traffic.proxies;
  assert.deepEqual(
    { ...edge, token: edge?.token.reveal() },
    {
      name: "edge",
      control: "https://10.0.0.9:8790",
      token: "geheim",
      caFile: "/etc/ca.pem",
    },
  );
  assert.throws(
    () => load(context, `traffic: { proxies: [${given.replace("edge", "local")}] }`, { A_TOKEN: "x" }),
    /local/,
  );
});

test("a key of a later part is reported as not yet in effect", (context) => {
  for (const [path, row] of Object.entries(configKeys)) {
    if (!("later" in row.effect) || path.includes("credentials")) continue;
    for (const name of [path, ...(row.aliases ?? [])]) {
      const parts = name.replace("providers[].", "").split(".");
      const inner = parts.reduceRight<string>((value, part) => `{ ${part}: ${value} }`, String(row.example));
      const content = path.startsWith("providers") ? `providers: [{ name: aws, ${inner.slice(1, -1)} }]` : inner;
      const report = configReport(load(context, content));
      const line = `${name.replace("[]", "[0]")} is not yet in effect: it belongs to ${row.effect.later}`;
      assert.ok(report.includes(line), `${line} is missing in ${JSON.stringify(report)}`);
    }
  }
  assert.deepEqual(configReport(load(context, "inventory: { interval: 1m }")), []);
});

describe("variables", () => {
  test("are filled in with their values or defaults, wherever a text, number or flag belongs", (context) => {
    const content = [
      "api: { host: 'h-${A}-${B:-b}', port: '${PORT}' }",
      "migration_config: { rollback_enabled: '${FLAG:-false}', stop_grace: '${GRACE:-5s}' }",
      "temporal: { address: '$${A}', namespace: '${EMPTY:-full}' }",
    ].join("\n");
    const config = load(context, content, { A: "1", PORT: "81", EMPTY: "" });
    assert.deepEqual(config.api, { host: "h-1-b", port: 81 });
    assert.equal(config.migration.rollbackOnFailure, false);
    assert.equal(config.migration.stopGraceMs, 5_000);
    assert.deepEqual(config.temporal, { address: "${A}", namespace: "full" });
  });

  test("that look like numbers stay texts where a text belongs", (context) => {
    const config = load(context, "providers: [{ name: aws, region: '${R}', credentials: { access_key: '${K}' } }]", {
      R: "1",
      K: "007",
    });
    assert.equal(config.sites[0]?.region, "1");
    assert.equal(config.sites[0]?.credentials?.values.access_key?.reveal(), "007");
  });
});
