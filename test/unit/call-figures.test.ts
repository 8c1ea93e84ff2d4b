import assert from "node:assert/strict";
import { test } from "node:test";
import type { MetricSample } from "../../src/domain/metric.ts";
import { CallFigures } from "../../src/worker/call-figures.ts";

test("how quickly a site answers is a sample of each minute in which it was asked", async () => {
  const kept: MetricSample[] = [];
  const said: string[] = [];
  let away = false;
  const write = async (samples: readonly MetricSample[]) => {
    if (away) throw new Error("the store is away");
    kept.push(...samples);
  };
  const figures = new CallFigures({ write }, (_, message) => said.push(message));
  for (let call = 1; call <= 100; call++) {
    const code = call === 100 ? "Timeout" : call === 99 ? "NotFound" : "ok";
    figures.note("aws-us-east-1", { code, durationMs: call * 10, isBlock: false });
  }
  figures.note("aws-us-east-1", { code: "ok", durationMs: 90_000, isBlock: true });
  await figures.flush();
  await figures.flush();
  const values = kept.map(({ site, metric, value }) => [site, metric, value]);
  assert.deepEqual(values, [
    ["aws-us-east-1", "calls.latency_p95", 0.95],
    ["aws-us-east-1", "calls.failed", 0.01],
  ]);
  away = true;
  figures.note("gcp", { code: "ok", durationMs: 1, isBlock: false });
  await figures.close();
  assert.deepEqual([kept.length, said.length], [2, 1]);
});
