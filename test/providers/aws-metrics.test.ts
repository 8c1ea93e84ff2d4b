import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { VmMetric } from "../../src/domain/metric.ts";
import { startAwsLab, whyNoGuests } from "../sandbox/aws/support.ts";
import { connectAws } from "./support/aws.ts";

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
