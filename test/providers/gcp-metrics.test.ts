import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { VmMetric } from "../../src/domain/metric.ts";
import type { NewAlarm } from "../../src/providers/alarms-facet.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { machineId } from "../../src/sandbox/gcp/compute/machines.ts";
import { alertPoliciesOf } from "../../src/sandbox/gcp/monitoring/alert-policies.ts";
import type { Instance } from "../../src/sandbox/gcp/state.ts";
import { type GcpLab, startGcpLab } from "../sandbox/gcp/support.ts";
import { connectGcp } from "./support/gcp.ts";
import { refuses } from "./support/refuses.ts";

const minute = 60_000;
const end = Math.floor(Date.now() / minute) * minute;
let lab: GcpLab;
let provider: Provider;
before(async () => {
  lab = await startGcpLab({ pageSize: 1 });
  const { project, zone, endpoint, serviceAccountKey: key } = lab.gcp;
  provider = connectGcp({ project, zone, endpoint, key });
});
after(async () => {
  await provider?.close();
  await lab?.close();
});

test("what Cloud Monitoring keeps is read in our units, page by page, of the VMs that were asked for", async () => {
  const { metrics: kept, cloud, zone } = lab.gcp;
  for (const [number, name] of ["one", "two", "other"].entries()) {
    const made = { id: `zones/${zone}/instances/${name}`, numericId: `10${number}` } as Instance;
    const id = machineId(cloud.tables.instances.put(made));
    for (const ago of [2.5, 1.5]) {
      kept.record(id, "instance/cpu/utilization", end - ago * minute, name === "one" ? 0.5 : 1.2);
      kept.record(id, "instance/disk/read_bytes_count", end - ago * minute, 6_000);
    }
  }
  const { metrics } = provider;
  assert.ok(metrics);
  assert.match(provider.capabilities["metrics.memory"] ?? "", /Ops Agent/);
  const read = async (vms: readonly string[], wanted: readonly VmMetric[]) =>
    Array.fromAsync(
      metrics.read(
        {
          ...{ vms: vms.map((vmId) => ({ vmId })), metrics: wanted, stepSeconds: 60 },
          ...{ from: new Date(end - 3 * minute).toISOString(), to: new Date(end + 30_000).toISOString() },
        },
        AbortSignal.timeout(30_000),
      ),
    );
  const at = (ago: number) => new Date(end - ago * minute).toISOString();
  const of = { site: provider.site, metric: "cpu.utilisation" };
  assert.deepEqual(await read(["one", "two"], ["cpu.utilisation"]), [
    { ...of, resourceId: "one", at: at(2), value: 0.5 },
    { ...of, resourceId: "one", at: at(1), value: 0.5 },
    { ...of, resourceId: "two", at: at(2), value: 1 },
    { ...of, resourceId: "two", at: at(1), value: 1 },
  ]);
  const others = await read(["one"], ["disk.read", "network.in", "memory.used"]);
  assert.deepEqual(
    others.map(({ metric, value }) => [metric, value]),
    [
      ["disk.read", 100],
      ["disk.read", 100],
    ],
  );
  assert.deepEqual(await read([], metrics.metrics), []);
  assert.deepEqual(lab.complaints, []);
});

test("an alerting policy is made once, a lost twin of it goes, and a policy of others is shown and left alone", async () => {
  const { alarms } = provider;
  assert.ok(alarms);
  const signal = AbortSignal.timeout(30_000);
  const busy: NewAlarm = {
    name: "busy",
    vmId: "one",
    metric: "cpu.utilisation",
    comparison: "gt",
    threshold: 0.9,
    tags: { owner: "ops" },
    durationSeconds: 90,
    key: "busy",
    actions: ["projects/p/notificationChannels/17"],
  };
  const made = await alarms.createAlarm(busy, signal);
  assert.deepEqual([made.durationSeconds, made.state, made.tags.owner], [120, undefined, "ops"]);
  const policies = alertPoliciesOf(lab.gcp.cloud.documents);
  const kept = policies.get(made.alarmId);
  assert.ok(kept);
  policies.put({ ...kept, id: `9${made.alarmId}` });
  assert.equal((await alarms.createAlarm(busy, signal)).alarmId, made.alarmId);
  assert.equal([...policies.values()].length, 1);
  const { userLabels: _, ...unmarked } = kept.json;
  policies.put({ ...kept, id: "8", json: { ...unmarked, displayName: "theirs" } });
  const elsewhere = JSON.parse(JSON.stringify(kept).replaceAll(lab.gcp.zone, "europe-west1-b")) as typeof kept;
  policies.put({ ...elsewhere, id: "7" });
  const listed = await Array.fromAsync(alarms.listAlarms(signal));
  assert.deepEqual(
    listed.map(({ name, vmId, metric }) => [name, vmId, metric]),
    [
      ["busy", "one", "cpu.utilisation"],
      ["theirs", "one", "cpu.utilisation"],
    ],
  );
  await refuses("Conflict", alarms.deleteAlarm("8", signal));
  for (let repeat = 0; repeat < 2; repeat++) await alarms.deleteAlarm(made.alarmId, signal);
  assert.deepEqual(lab.complaints, []);
});
