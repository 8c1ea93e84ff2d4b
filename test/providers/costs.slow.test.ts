// Long because it asks the same of four clouds.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { adapterOf } from "../../src/costs/adapters/index.ts";
import { Engine } from "../../src/costs/engine.ts";
import type { FocusRow } from "../../src/domain/focus.ts";
import type { Provider } from "../../src/providers/provider.ts";
import type { Instance as AwsInstance } from "../../src/sandbox/aws/state.ts";
import type { Vm } from "../../src/sandbox/azure/state.ts";
import type { Metered } from "../../src/sandbox/cloud/billing/meter.ts";
import type { Instance as GcpInstance } from "../../src/sandbox/gcp/state.ts";
import type { Instance as OciInstance } from "../../src/sandbox/oci/state.ts";
import { startAwsLab, whyNoGuests } from "../sandbox/aws/support.ts";
import { startAzureLab } from "../sandbox/azure/support.ts";
import { startGcpLab } from "../sandbox/gcp/support.ts";
import { startOciLab } from "../sandbox/oci/support.ts";
import { connectAws } from "./support/aws.ts";
import { connectAzure } from "./support/azure.ts";
import { connectGcp } from "./support/gcp.ts";
import { connectOci } from "./support/oci.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const now = Date.now();
const today = new Date(now).toISOString().slice(0, 10);
const month = today.slice(0, 7);
const midnight = Date.parse(today);
const signal = () => AbortSignal.timeout(60_000);

interface Site {
  readonly provider: Provider;
  readonly complaints: readonly string[];
  /** Records that a VM of this size ran, tagged as project `web`, and a disk beside it without a tag. */
  record(resource: "vm" | "disk", from: number, to: number): void;
  /** A VM is running from now on; then it isn't any more. */
  run(running: boolean): void;
  readonly vm: { readonly id: string; readonly hour: number };
  /** What a GiB-hour costs; undefined where the catalogue has no price of disks. */
  readonly diskHour: number | undefined;
  close(): Promise<void>;
}

const diskGib = 100;
const web = { project: "web" };

const clouds: Readonly<Record<string, () => Promise<Site>>> = {
  async aws() {
    const lab = await startAwsLab();
    const { meter } = lab.aws.events.billing;
    const { tables, identity } = lab.aws.cloud;
    const provider = connectAws({ region: "us-east-1", endpoint: lab.aws.endpoint, keys: identity.administratorKeys });
    const place = { region: "us-east-1", zone: "us-east-1a", tags: web };
    const live = { id: "i-live", region: "us-east-1", zone: "us-east-1a", type: "m5.large", tags: {} } as AwsInstance;
    return {
      ...{ provider, complaints: lab.complaints, close: () => lab.close() },
      vm: { id: "i-0001", hour: 0.096 },
      diskHour: undefined,
      record: recorder(
        meter,
        "i-0001",
        { kind: "instance", item: "m5.large", quantity: 1, name: "one", ...place },
        "gp3",
      ),
      run: (running) => void tables.instances.put({ ...live, state: running ? "running" : "terminated" }),
    };
  },
  async azure() {
    const lab = await startAzureLab();
    const { meter } = lab.azure.billing;
    const { endpoint, location: region, subscriptionId, resourceGroup, tenantId, clientId, clientSecret } = lab.azure;
    const values = { tenant_id: tenantId, client_id: clientId, client_secret: clientSecret };
    const account = { subscriptionId, resourceGroup, storageAccount: lab.azure.storageAccount.name };
    const provider = connectAzure({ region, endpoint, ...account, values });
    const path = (name: string) =>
      `/subscriptions/${subscriptionId}/resourcegroups/${resourceGroup}/providers/microsoft.compute/virtualmachines/${name}`;
    const place = { region, tags: web };
    const facts = (power: string) => ({ vmId: "v", guestId: "g", power, unforwarded: [] });
    const live = {
      id: path("live"),
      path: path("live"),
      type: "Microsoft.Compute/virtualMachines",
      group: resourceGroup,
    };
    return {
      ...{ provider, complaints: lab.complaints, close: () => lab.close() },
      vm: { id: "one", hour: 0.096 },
      diskHour: undefined,
      record: recorder(
        meter,
        path("one"),
        { kind: "instance", item: "Standard_D2s_v5", quantity: 1, name: "one", ...place },
        "Premium_LRS",
      ),
      run: (running) =>
        void lab.azure.cloud.tables.resources.put({
          ...live,
          ...{ name: "live", location: region, tags: {}, facts: facts(running ? "running" : "deallocated") },
          properties: { hardwareProfile: { vmSize: "Standard_D2s_v5" } },
        } as unknown as Vm),
    };
  },
  async gcp() {
    const lab = await startGcpLab();
    const { bigQuery, project, zone, region, endpoint, serviceAccountKey: key, billingTable } = lab.gcp;
    const provider = connectGcp({ project, zone, endpoint, key, billingTable });
    const id = (name: string) => `zones/${zone}/instances/${name}`;
    const live = { id: id("live"), machineType: "n2-standard-2", spot: false, labels: {} } as unknown as GcpInstance;
    const what = {
      kind: "instance",
      item: "n2-standard-2",
      quantity: 1,
      name: "one",
      region,
      zone,
      tags: web,
    } as const;
    return {
      ...{ provider, complaints: lab.complaints, close: () => lab.close() },
      vm: { id: "one", hour: 0.097118 },
      diskHour: 0.1 / 730,
      record: recorder(bigQuery.meter, id("one"), what, "pd-balanced"),
      run: (running) =>
        void lab.gcp.cloud.tables.instances.put({ ...live, status: running ? "RUNNING" : "TERMINATED" }),
    };
  },
  async oci() {
    const lab = await startOciLab();
    const { region, endpoint, compartment, credentials, billing, cloud } = lab.oci;
    const { tenancy, user, fingerprint, privateKey } = credentials;
    const values = { tenancy, user, fingerprint, private_key: privateKey };
    const provider = connectOci({ region, endpoint, compartment, credentials: values });
    const id = "ocid1.instance.oc1.iad.one";
    const shape = { shape: "VM.Standard.E4.Flex", ocpus: 2, memoryGib: 16 };
    const live = {
      id: "ocid1.instance.oc1.iad.live",
      compartmentId: compartment,
      displayName: "live",
      freeformTags: {},
    };
    const item = "VM.Standard.E4.Flex:2ocpu:16g";
    const what = { kind: "instance", item, quantity: 1, name: "one", region, tags: web } as const;
    return {
      ...{ provider, complaints: lab.complaints, close: () => lab.close() },
      vm: { id, hour: 2 * 0.025 + 16 * 0.0015 },
      diskHour: 0.0425 / 730,
      record: recorder(billing.meter, id, what, "balanced"),
      run: (running) =>
        void cloud.tables.instances.put({
          ...{ ...live, ...shape, guestId: "g-live", availabilityDomain: "AD-1", definedTags: {}, createdAt: now },
          state: running ? "RUNNING" : "TERMINATED",
        } as unknown as OciInstance),
    };
  },
};

function recorder(
  meter: { record(id: string, what: Metered, from: number, to: number): void },
  vmId: string,
  vm: Metered,
  diskItem: string,
): Site["record"] {
  const disk: Metered = { ...vm, kind: "disk", item: diskItem, quantity: diskGib, name: "data", tags: {} };
  return (resource, from, to) =>
    resource === "vm" ? meter.record(vmId, vm, from, to) : meter.record(`${vmId}-data`, disk, from, to);
}

/** In the form that the cost book keeps. */
async function focusRows({ costs }: Provider, of: string): Promise<FocusRow[]> {
  assert.ok(costs);
  const given = await Array.fromAsync(costs.readCosts(of, signal()));
  if (costs.format === "focus" || given.length === 0) return given;
  const dir = await mkdtemp(join(tmpdir(), "novacron-costs-test-"));
  const engine = new Engine({ dir });
  try {
    const file = join(dir, "costs.jsonl");
    await writeFile(file, given.map((line) => JSON.stringify(line)).join("\n"));
    return await engine.with(async (session) => {
      const read = `read_json_auto('${file}')`;
      const columns = await session.rows<{ column_name: string; column_type: string }>(
        `DESCRIBE SELECT * FROM ${read}`,
      );
      const named = new Map(columns.map(({ column_name: name, column_type: type }) => [name, { name, type }] as const));
      const { adapter } = adapterOf(named, costs.format, file);
      const select = adapter.select(read, named);
      const rows = await session.rows<Record<string, string>>(
        `SELECT CAST("BilledCost" AS VARCHAR) AS "BilledCost", "ResourceId", "ServiceName", "BillingCurrency",
          strftime("ChargePeriodStart", '%Y-%m-%d') AS "ChargePeriodStart", "Tags"['project'] AS project FROM (${select})`,
      );
      return rows.map(({ project, ...row }) => ({ ...row, ...(project ? { Tags: { project } } : {}) }));
    });
  } finally {
    await engine.close();
    await rm(dir, { recursive: true, force: true });
  }
}

const billed = (rows: readonly FocusRow[]) => rows.reduce((sum, { BilledCost }) => sum + Number(BilledCost), 0);

for (const [kind, open] of Object.entries(clouds)) {
  describe(`costs of ${kind}`, { skip: whyNoGuests() ?? false }, () => {
    let site: Site;
    before(async () => {
      site = await open();
    });
    after(() => site?.close());

    test("a VM that ran for a while costs its hours at the list's price, by day, service, resource and tag", async () => {
      const { provider, vm, diskHour } = site;
      // Of the days of the month before, so that no hour of it depends on when the test runs.
      const before = new Date(Date.parse(`${month}-01`) - dayMs).toISOString().slice(0, 7);
      const start = Date.parse(`${before}-27`);
      site.record("vm", start + 12 * hourMs, start + 36 * hourMs);
      site.record("disk", start, start + dayMs);
      const rows = await focusRows(provider, before);
      const ofVm = rows.filter(({ Tags }) => Tags?.project === "web");
      assert.deepEqual(
        ofVm.map(({ ChargePeriodStart, BilledCost }) => [
          String(ChargePeriodStart).slice(0, 10),
          Number(BilledCost).toFixed(6),
        ]),
        [
          [`${before}-27`, (12 * vm.hour).toFixed(6)],
          [`${before}-28`, (12 * vm.hour).toFixed(6)],
        ],
      );
      const disk = diskHour === undefined ? 0 : 24 * diskGib * diskHour;
      assert.ok(Math.abs(billed(rows) - 24 * vm.hour - disk) < 1e-6, `${billed(rows)}`);
      const statement = await provider.costs?.statement?.(before, signal());
      assert.ok(statement && Math.abs(statement.amount.micros / 1e6 - billed(rows)) < 1e-5);
      assert.equal(statement.amount.currency, "USD");
      // AWS tells resources of the newest 14 days only.
      if (kind !== "aws") assert.deepEqual([...new Set(ofVm.map(({ ResourceId }) => ResourceId))], [vm.id]);
    });

    test("what runs now is charged from its start, and not after its end", async () => {
      const liveMs = 400;
      site.run(true);
      await sleep(liveMs);
      site.run(false);
      await sleep(20);
      const live = async () =>
        (await focusRows(site.provider, month)).filter(({ ResourceId }) => String(ResourceId).endsWith("live"));
      const first = billed(await live());
      const atLeast = (liveMs / hourMs) * site.vm.hour;
      assert.ok(first >= atLeast * 0.9 && first < atLeast * 50, `${first} of ${atLeast}`);
      await sleep(50);
      assert.equal(billed(await live()), first);
    });

    test("it says what it expects of days to come, where it has a call for that", async () => {
      const { provider, vm } = site;
      const { costs, capabilities } = provider;
      if (capabilities["costs.forecast"] !== undefined) {
        assert.equal(costs?.forecast, undefined);
        return;
      }
      for (let day = 10; day > 0; day--) site.record("vm", midnight - day * dayMs, midnight - (day - 1) * dayMs);
      const said = await costs?.forecast?.(7, signal());
      assert.ok(said);
      assert.deepEqual([said.currency, said.days.length, said.days[0]?.day], ["USD", 7, today]);
      for (const { micros } of said.days) {
        // What ran in the month before may be among the four weeks that it goes by.
        assert.ok(micros > 0 && micros <= 24 * vm.hour * 1e6 * 1.01, `${micros}`);
      }
      assert.deepEqual(site.complaints, []);
    });

    test("a month that has not begun has no costs", async () => {
      assert.deepEqual(await focusRows(site.provider, "2999-01"), []);
      assert.equal(await site.provider.costs?.statement?.("2999-01", signal()), undefined);
    });
  });
}

test("AWS tells instances of the newest days, and all of them add up to what the service cost", async () => {
  const site = await clouds.aws?.();
  assert.ok(site);
  try {
    const yesterday = midnight - dayMs;
    const of = new Date(yesterday).toISOString().slice(0, 7);
    site.record("vm", yesterday, yesterday + 6 * hourMs);
    const rows = await focusRows(site.provider, of);
    assert.deepEqual(
      rows.map(({ ResourceId, BilledCost }) => [ResourceId, Number(BilledCost).toFixed(6)]),
      [[site.vm.id, (6 * site.vm.hour).toFixed(6)]],
    );
  } finally {
    await site.close();
  }
});
