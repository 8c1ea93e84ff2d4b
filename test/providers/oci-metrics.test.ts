import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { VmMetric } from "../../src/domain/metric.ts";
import type { NewAlarm } from "../../src/providers/alarms-facet.ts";
import type { Provider } from "../../src/providers/provider.ts";
import type { Instance } from "../../src/sandbox/oci/state.ts";
import { type OciLab, startOciLab } from "../sandbox/oci/support.ts";
import { connectOci } from "./support/oci.ts";
import { refuses } from "./support/refuses.ts";

const minute = 60_000;
const end = Math.floor(Date.now() / minute) * minute;
let lab: OciLab;
let provider: Provider;
before(async () => {
  lab = await startOciLab();
  const { region, endpoint, compartment, credentials } = lab.oci;
  const { tenancy, user, fingerprint, privateKey } = credentials;
  provider = connectOci({
    ...{ region, endpoint, compartment },
    credentials: { tenancy, user, fingerprint, private_key: privateKey },
  });
});
after(async () => {
  await lab?.close();
});

test("what Monitoring keeps is read in our units, of the instances that were asked for", async () => {
  const { metrics: kept, cloud, compartment: compartmentId } = lab.oci;
  const ids = ["one", "two"].map((name) => {
    const id = `ocid1.instance.oc1.iad.${name}`;
    const guestId = `g-${name}`;
    cloud.tables.instances.put({ id, compartmentId, displayName: name, guestId } as Instance);
    for (const [ago, value] of [
      [3, 50],
      [2, 25],
      [0, 99],
    ] as const) {
      kept.record(guestId, "CpuUtilization", end - ago * minute, value);
      kept.record(guestId, "MemoryUtilization", end - ago * minute, value);
      kept.record(guestId, "DiskBytesWritten", end - ago * minute, 6_000);
    }
    return id;
  });
  const [one = ""] = ids;
  const { metrics } = provider;
  assert.ok(metrics);
  const read = async (vms: readonly string[], wanted: readonly VmMetric[], stepSeconds = 60) =>
    Array.fromAsync(
      metrics.read(
        {
          ...{ vms: vms.map((vmId) => ({ vmId })), metrics: wanted, stepSeconds },
          ...{ from: new Date(end - 3 * minute).toISOString(), to: new Date(end + 30_000).toISOString() },
        },
        AbortSignal.timeout(30_000),
      ),
    );
  const at = (ago: number) => new Date(end - ago * minute).toISOString();
  const of = { site: provider.site, resourceId: one, metric: "cpu.utilisation" };
  // Neither the minute without a sample nor the one that is not over has any.
  assert.deepEqual(await read([one], ["cpu.utilisation"]), [
    { ...of, at: at(3), value: 0.5 },
    { ...of, at: at(2), value: 0.25 },
  ]);
  assert.equal((await read(ids, ["cpu.utilisation"])).length, 4);
  const others = await read([one], ["memory.used", "disk.write", "network.in"]);
  assert.deepEqual(
    others.map(({ metric, value }) => [metric, value]),
    [
      ["memory.used", 0.5],
      ["memory.used", 0.25],
      ["disk.write", 100],
      ["disk.write", 100],
    ],
  );
  assert.deepEqual(lab.complaints, []);
});

test("Monitoring watches by our limit and tells how it stands; an alarm of others is shown and left alone", async () => {
  const { alarms } = provider;
  assert.ok(alarms);
  const signal = AbortSignal.timeout(30_000);
  const { metrics: kept, cloud, compartment: compartmentId } = lab.oci;
  const vmId = "ocid1.instance.oc1.iad.busy";
  cloud.tables.instances.put({ id: vmId, compartmentId, displayName: "busy", guestId: "g-busy" } as Instance);
  kept.record("g-busy", "CpuUtilization", Date.now() - 1_000, 95);
  const topic = "ocid1.onstopic.oc1.iad.ops";
  const busy: NewAlarm = {
    name: "busy",
    vmId,
    metric: "cpu.utilisation",
    comparison: "gte",
    threshold: 0.95,
    actions: [topic],
    tags: {},
    durationSeconds: 3_600,
    key: "busy",
  };
  const made = await alarms.createAlarm(busy, signal);
  assert.deepEqual([made.durationSeconds, made.comparison, made.threshold], [3_600, "gte", 0.95]);
  await refuses("InvalidInput", alarms.createAlarm({ ...busy, actions: [], key: "silent" }, signal));
  const there = cloud.tables.alarms.get(made.alarmId);
  assert.ok(there);
  const query = "CpuUtilization[5m].mean() > 80";
  const theirs = { ...there, id: "ocid1.alarm.oc1.iad.theirs", displayName: "theirs", freeformTags: {} };
  cloud.tables.alarms.put({ ...theirs, details: { ...there.details, query } });
  const listed = await Array.fromAsync(alarms.listAlarms(signal));
  assert.deepEqual(
    listed.map(({ name, metric, threshold, state }) => [name, metric, threshold, state]),
    [
      ["busy", "cpu.utilisation", 0.95, "alarm"],
      ["theirs", `oci_computeagent ${query}`, undefined, "ok"],
    ],
  );
  await refuses("Conflict", alarms.deleteAlarm(theirs.id, signal));
  for (let repeat = 0; repeat < 2; repeat++) await alarms.deleteAlarm(made.alarmId, signal);
  assert.equal((await Array.fromAsync(alarms.listAlarms(signal))).length, 1);
  assert.deepEqual(lab.complaints, []);
});
