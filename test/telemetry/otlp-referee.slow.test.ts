import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Otlp } from "../../src/telemetry/otlp/index.ts";
import type { Span } from "../../src/telemetry/span.ts";
import { workOfRequest } from "../../src/telemetry/work.ts";
import { WorkerMetrics } from "../../src/worker/metrics.ts";
import { OtelCollector } from "../support/otel-collector.ts";
import { temporaryDir } from "../support/servers.ts";
import { Collector } from "./collector.ts";

const whyNot = await OtelCollector.bringIn();

const root = workOfRequest(undefined, "r-1");
const span = (name: string, more: Partial<Span> = {}): Span => ({
  ...{ name, kind: "internal", work: root, startedAt: 1_790_000_000_000.25, durationMs: 1.5 },
  ...more,
});
const spans: readonly Span[] = [
  span("plain"),
  span("failed \u2014 ü 🙂", { kind: "client", failure: 'refused: "no"\n\tat all' }),
  span("with facts", { kind: "server", facts: { code: "ok", count: 3, ratio: 0.25, empty: "" } }),
  span("of an activity", {
    kind: "consumer",
    work: { ...root, parentSpanId: "00f067aa0ba902b7", workflowId: "migration/m", activity: "copyDisk", attempt: 2 },
  }),
  span("beyond all times", { startedAt: 1e308, durationMs: 1e308 }),
];
const lines = [
  {
    time: "2026-11-29T03:00:00.123Z",
    level: "info",
    name: "api",
    msg: "said",
    trace_id: root.traceId,
    n: 1,
    big: 2 ** 60,
  },
  {
    time: "2026-11-29T03:00:00.456Z",
    level: "error",
    name: "worker",
    msg: "zeile\n\u0007ü",
    trace_id: "none",
    err: { a: [1] },
  },
];

test("a real collector understands each of what we send, as it was meant", { skip: whyNot ?? false }, async () => {
  const [direct, behind] = [new Collector(), new Collector()];
  const referee = await OtelCollector.start(temporaryDir(), await behind.start());
  const metrics = new WorkerMetrics(new Map());
  metrics.onCloudCall("aws", {
    call: "ec2:RunInstances",
    code: "ok",
    attempt: 1,
    isBlock: false,
    startedAt: 1,
    durationMs: 7,
  });
  const reading = await metrics.text();
  after(async () => {
    await referee.stop();
    await Promise.all([direct.stop(), behind.stop()]);
  });
  for (const endpoint of [await direct.start(), referee.endpoint]) {
    const resource = { service: "novacron-worker", instance: "i-1", version: "0.1.0", host: "h" };
    const parts = { resource, metricsEveryMs: 1_000_000, clean: (text: string) => text, headers: async () => ({}) };
    const otlp = new Otlp({ ...parts, endpoint, batches: { everyMs: 5 } });
    for (const each of spans) otlp.spans.take(each);
    for (const line of lines) otlp.lines.take(JSON.stringify(line));
    otlp.relay.metrics(resource, reading, 1_790_000_000_000);
    await otlp.close(30_000);
    for (const [flow, { state }] of otlp.flows) assert.deepEqual([flow, state.dropped, state.waiting], [flow, 0, 0]);
  }
  const all = (collector: Collector) =>
    collector.spans.length === spans.length && collector.records.length === lines.length && collector.metrics.length > 5
      ? collector
      : undefined;
  for (const collector of [direct, behind]) await collector.until(all);
  for (const kind of ["spans", "records", "metrics"] as const)
    assert.deepEqual(
      meant(behind[kind]),
      meant(direct[kind]),
      `${kind} as the collector has them, and as we sent them`,
    );
  const resources = ({ requests }: Collector) => requests.flatMap(({ body }) => body.resourceSpans ?? []);
  assert.deepEqual(meant(resources(behind)[0]?.resource), meant(resources(direct)[0]?.resource));
});

/** Without what is left out where it is nothing, and when a reading was taken. */
function meant(told: unknown): unknown {
  return JSON.parse(JSON.stringify(told), (key, value: unknown) => {
    const isNothing = value === "" || value === 0 || value === "0" || value === false;
    const isEmpty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
    if (key !== "" && !/^\d+$/.test(key) && (isNothing || isEmpty || key === "timeUnixNano")) return undefined;
    return value;
  });
}
