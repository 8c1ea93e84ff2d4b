import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CloudWatchClient, PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
import type { VmMetric } from "../../src/domain/metric.ts";
import type { NewAlarm } from "../../src/providers/alarms-facet.ts";
import { startAwsLab, whyNoGuests } from "../sandbox/aws/support.ts";
import { connectAws } from "./support/aws.ts";
import { refuses } from "./support/refuses.ts";

const skip = whyNoGuests() ?? false;
const lab = skip ? undefined : await startAwsLab();
after(() => lab?.close());
const periodMs = 300_000;
const end = Math.floor(Date.now() / periodMs) * periodMs;

test("what CloudWatch keeps is read in our units, by whole periods, each named by its end", { skip }, async () => {
  assert.ok(lab);
  const { metrics: kept } = lab.aws.events;
  for (const at of [end - 2 * periodMs, end - 2 * periodMs + 60_000, end - periodMs, end]) {
    kept.record("i-1", "CPUUtilization", at, at === end - periodMs ? 50 : 25);
    kept.record("i-1", "EBSWriteBytes", at, 150_000);
  }
  const provider = connectAws({
    region: "us-east-1",
    endpoint: lab.aws.endpoint,
    keys: lab.aws.cloud.identity.administratorKeys,
  });
  after(() => provider.close());
  const { metrics } = provider;
  assert.ok(metrics);
  assert.equal(metrics.metrics.includes("memory.used"), false);
  assert.match(provider.capabilities["metrics.memory"] ?? "", /CloudWatch agent/);
  const read = async (vms: readonly string[], wanted: readonly VmMetric[], from = end - 2 * periodMs) =>
    Array.fromAsync(
      metrics.read(
        {
          ...{ vms: vms.map((vmId) => ({ vmId })), metrics: wanted, stepSeconds: 60 },
          ...{ from: new Date(from).toISOString(), to: new Date(end + 60_000).toISOString() },
        },
        AbortSignal.timeout(30_000),
      ),
    );
  const at = (ms: number) => new Date(ms).toISOString();
  const of = { site: "conformance", resourceId: "i-1" };
  // Of the period that is not over there is nothing.
  assert.deepEqual(await read(["i-1"], ["cpu.utilisation"]), [
    { ...of, metric: "cpu.utilisation", at: at(end - periodMs), value: 0.25 },
    { ...of, metric: "cpu.utilisation", at: at(end), value: 0.5 },
  ]);
  const writes = await read(["i-1"], ["disk.write", "network.in", "memory.used"]);
  assert.deepEqual(
    writes.map(({ metric, value }) => [metric, value]),
    [
      ["disk.write", 1_000],
      ["disk.write", 500],
    ],
    "what was not measured has no sample",
  );
  assert.deepEqual(await read(["i-2"], metrics.metrics), []);
  assert.deepEqual(await read(["i-1"], metrics.metrics, end + 1), []);
  // More than one request takes.
  const many = Array.from({ length: 150 }, (_, index) => `i-${index}`);
  assert.equal((await read(many, metrics.metrics)).length, 4);
  assert.deepEqual(lab.complaints, []);
});

test("CloudWatch watches by our limit and tells how it stands; an alarm of others is shown and left alone", {
  skip,
}, async () => {
  assert.ok(lab);
  const keys = lab.aws.cloud.identity.administratorKeys;
  const provider = connectAws({ region: "us-east-1", endpoint: lab.aws.endpoint, keys });
  after(() => provider.close());
  const { alarms } = provider;
  assert.ok(alarms);
  const signal = AbortSignal.timeout(30_000);
  lab.aws.events.metrics.record("i-9", "CPUUtilization", Date.now() - 1_000, 95);
  const topic = "arn:aws:sns:us-east-1:123456789012:ops";
  const busy: NewAlarm = {
    ...({ name: "busy", vmId: "i-9", metric: "cpu.utilisation", comparison: "gt" } as const),
    ...{ threshold: 0.9, actions: [topic], durationSeconds: 0, key: "busy", tags: {} },
  };
  const made = await alarms.createAlarm(busy, signal);
  assert.deepEqual([made.name, made.state, made.durationSeconds, made.actions], ["busy", "alarm", 300, [topic]]);
  const client = new CloudWatchClient(lab.config());
  after(() => client.destroy());
  const theirs = {
    ...{ AlarmName: "theirs", Namespace: "AWS/EC2", MetricName: "EBSReadOps", Statistic: "Sum" as const, Period: 60 },
    ...{ Dimensions: [{ Name: "InstanceId", Value: "i-9" }], EvaluationPeriods: 2, Threshold: 7 },
  };
  await client.send(new PutMetricAlarmCommand({ ...theirs, ComparisonOperator: "LessThanThreshold" }));
  const listed = await Array.fromAsync(alarms.listAlarms(signal));
  assert.deepEqual(
    listed.map(({ name, metric, threshold, comparison, state }) => [name, metric, threshold, comparison, state]),
    [
      ["busy", "cpu.utilisation", 0.9, "gt", "alarm"],
      ["theirs", "AWS/EC2 EBSReadOps", 7, "lt", "unknown"],
    ],
  );
  await refuses("Conflict", alarms.deleteAlarm("theirs", signal));
  await refuses(
    "InvalidInput",
    alarms.createAlarm({ ...busy, actions: ["arn:aws:automate:us-east-1:ec2:stop"] }, signal),
  );
  await alarms.deleteAlarm(made.alarmId, signal);
  assert.equal((await Array.fromAsync(alarms.listAlarms(signal))).length, 1);
  assert.deepEqual(lab.complaints, []);
});
