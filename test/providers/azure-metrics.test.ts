import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { MonitorClient } from "@azure/arm-monitor";
import type { VmMetric } from "../../src/domain/metric.ts";
import type { NewAlarm } from "../../src/providers/alarms-facet.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { modelsOf, unread } from "../sandbox/azure/readers.ts";
import { type AzureLab, startAzureLab } from "../sandbox/azure/support.ts";
import { addressOf, connectAzure } from "./support/azure.ts";
import { refuses } from "./support/refuses.ts";

const minute = 60_000;
const end = Math.floor(Date.now() / minute) * minute;
let lab: AzureLab;
let provider: Provider;
before(async () => {
  lab = await startAzureLab();
  provider = connectAzure(addressOf(lab));
});
after(async () => {
  await provider?.close();
  await lab?.close();
});

test("what Azure Monitor keeps is read in our units, by whole spans, each named by its end", async () => {
  const path = `/subscriptions/${lab.azure.subscriptionId}/resourceGroups/${lab.azure.resourceGroup}/providers/Microsoft.Compute/virtualMachines/one`;
  lab.azure.cloud.tables.resources.put({
    ...{ id: path.toLowerCase(), path, type: "Microsoft.Compute/virtualMachines", name: "one", etag: "e", tags: {} },
    ...{ group: lab.azure.resourceGroup, location: lab.azure.location, createdAt: Date.now(), properties: {} },
    ...{ provisioningState: "Succeeded", facts: { guestId: "g-1" } },
  });
  const { metrics: kept } = lab.azure;
  for (const [ago, cpu] of [
    [3, 50],
    [2, 25],
    [0, 99],
  ] as const) {
    kept.record("g-1", "Percentage CPU", end - ago * minute, cpu);
    kept.record("g-1", "Disk Write Bytes", end - ago * minute, 6_000);
    kept.record("g-1", "Available Memory Percentage", end - ago * minute, 40);
  }
  const { metrics } = provider;
  assert.ok(metrics);
  const read = async (vmId: string, wanted: readonly VmMetric[], stepSeconds = 60) =>
    Array.fromAsync(
      metrics.read(
        {
          ...{ vms: [{ vmId }], metrics: wanted, stepSeconds },
          ...{ from: new Date(end - 3 * minute).toISOString(), to: new Date(end + 30_000).toISOString() },
        },
        AbortSignal.timeout(30_000),
      ),
    );
  const at = (ago: number) => new Date(end - ago * minute).toISOString();
  const of = { site: provider.site, resourceId: "one" };
  // Neither the minute without a sample nor the one that is not over has any.
  assert.deepEqual(await read("one", ["cpu.utilisation"]), [
    { ...of, metric: "cpu.utilisation", at: at(2), value: 0.5 },
    { ...of, metric: "cpu.utilisation", at: at(1), value: 0.25 },
  ]);
  const others = await read("one", ["memory.used", "disk.write", "network.in"]);
  assert.deepEqual(
    others.map(({ metric, value }) => [metric, value]),
    [
      ["memory.used", 0.6],
      ["memory.used", 0.6],
      ["disk.write", 100],
      ["disk.write", 100],
    ],
  );
  assert.deepEqual(await read("gone", metrics.metrics), []);
  assert.deepEqual(lab.complaints, []);
});

test("Azure Monitor watches by our limit and tells how it stands; an alert of others is shown and left alone", async () => {
  const { alarms } = provider;
  assert.ok(alarms);
  const signal = AbortSignal.timeout(30_000);
  lab.azure.metrics.record("g-1", "Available Memory Percentage", Date.now() - 1_000, 5);
  const full: NewAlarm = {
    name: "full",
    vmId: "one",
    metric: "memory.used",
    comparison: "gt",
    threshold: 0.5,
    actions: [],
    tags: {},
    durationSeconds: 30,
    key: "full",
  };
  const made = await alarms.createAlarm(full, signal);
  assert.deepEqual([made.metric, made.comparison, made.threshold, made.state], ["memory.used", "gt", 0.5, "alarm"]);
  assert.equal(made.durationSeconds, 60);
  const calm = await alarms.createAlarm({ ...full, comparison: "lt", key: "calm", durationSeconds: 7_200 }, signal);
  assert.deepEqual([calm.comparison, calm.state, calm.durationSeconds], ["lt", "ok", 21_600]);
  await refuses("NotFound", alarms.createAlarm({ ...full, vmId: "gone", key: "gone" }, signal));
  const { resources } = lab.azure.cloud.tables;
  const kept = resources.where(({ name }) => name === calm.alarmId)[0];
  assert.ok(kept);
  resources.put({ ...kept, tags: {} });
  const listed = await Array.fromAsync(alarms.listAlarms(signal));
  assert.deepEqual(listed.map(({ name }) => name).sort(), [calm.alarmId, "full"].sort());
  await refuses("Conflict", alarms.deleteAlarm(calm.alarmId, signal));
  await alarms.deleteAlarm(made.alarmId, signal);
  await alarms.deleteAlarm(made.alarmId, signal);
  const { httpClient, azure, answers } = lab;
  const client = new MonitorClient(lab.credential(), azure.subscriptionId, {
    httpClient,
    retryOptions: { maxRetries: 0 },
  });
  await client.metricAlerts.get(azure.resourceGroup, calm.alarmId);
  await client.metricAlertsStatus.list(azure.resourceGroup, calm.alarmId);
  const { metricAlertResourceDeserializer: alert, metricAlertStatusCollectionDeserializer: status } = await modelsOf(
    ...(["arm-monitor", "metricAlertApi"] as const),
  );
  assert.ok(alert && status);
  const said = answers.filter(({ request }) => request.includes("/metricAlerts/"));
  assert.equal(said.length, 2);
  for (const { request, body } of said) {
    assert.deepEqual(unread(request.endsWith("/status") ? status : alert, body), [], request);
  }
  assert.deepEqual(lab.complaints, []);
});
