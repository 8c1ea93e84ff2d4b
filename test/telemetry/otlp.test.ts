import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Otlp } from "../../src/telemetry/otlp/index.ts";
import { parsePrometheus } from "../../src/telemetry/otlp/prometheus-text.ts";
import type { Span } from "../../src/telemetry/span.ts";
import { readHeaders } from "../../src/telemetry/start-otlp.ts";
import { workOfRequest } from "../../src/telemetry/work.ts";
import { attribute, Collector } from "./collector.ts";

const resource = { service: "novacron-api", instance: "i", version: "0", host: "h" };
const span = (name: string): Span => ({
  ...{ name, kind: "internal", work: workOfRequest(undefined, "r"), startedAt: Date.now(), durationMs: 1.5 },
});

async function sender(batches: object = {}) {
  const collector = new Collector();
  const endpoint = await collector.start();
  const settings = { resource, metricsEveryMs: 20, clean: (text: string) => text.replaceAll("secret", "***") };
  const otlp = new Otlp({ ...settings, endpoint: `${endpoint}/`, headers: async () => ({}), batches });
  after(async () => {
    await otlp.close(100);
    await collector.stop();
  });
  const state = (name: string) => new Map(otlp.flows).get(name)?.state;
  const until = async (holds: () => boolean): Promise<void> => {
    for (let tries = 0; tries < 400 && !holds(); tries++) await sleep(25);
    assert.ok(holds());
  };
  return { collector, otlp, state, until };
}

test("a collector that is away costs what does not fit meanwhile, counted, and no more", async () => {
  const { collector, otlp, state, until } = await sender({ everyMs: 5, most: 3 });
  collector.refusing = { status: 503 };
  for (const name of ["one", "two", "three", "four", "five"]) otlp.spans.take(span(name));
  await sleep(50);
  assert.deepEqual({ ...state("otlp-traces"), lagMs: 0 }, { sent: 0, dropped: 2, waiting: 3, lagMs: 0 });
  collector.refusing = undefined;
  await until(() => collector.spans.length === 3);
  assert.deepEqual(
    collector.spans.map(({ name }) => name),
    ["one", "two", "three"],
  );
  await until(() => state("otlp-traces")?.sent === 3);
});

test("what a collector refuses for good, all or some, is dropped and counted", async () => {
  const { collector, otlp, state, until } = await sender({ everyMs: 5 });
  collector.refusing = { status: 400 };
  otlp.spans.take(span("bad"));
  await until(() => state("otlp-traces")?.dropped === 1);
  collector.refusing = { status: 200, body: '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}' };
  for (const name of ["a", "b", "c"]) otlp.spans.take(span(name));
  await until(() => state("otlp-traces")?.dropped === 3);
  assert.equal(state("otlp-traces")?.sent, 1);
});

test("nobody there at all ends no process and holds up no end", async () => {
  const otlp = new Otlp({
    ...{ resource, metricsEveryMs: 20, clean: (text: string) => text, headers: async () => ({}) },
    endpoint: "http://127.0.0.1:9",
    batches: { everyMs: 1 },
  });
  otlp.spans.take(span("lost"));
  otlp.lines.take("{}");
  otlp.readMetrics(async () => "a 1\n");
  await sleep(60);
  await otlp.close(200);
  assert.equal(new Map(otlp.flows).get("otlp-traces")?.state.waiting, 1);
});

test("what a body must not hold is taken out of it last", async () => {
  const { collector, otlp, until } = await sender({ everyMs: 5 });
  otlp.spans.take({ ...span("call"), failure: "refused: secret" });
  await until(() => collector.spans.length === 1);
  assert.deepEqual(collector.spans[0]?.status, { code: 2, message: "refused: ***" });
});

test("what others tell is sent as theirs, and in a shape that costs nobody's else", async () => {
  const { collector, otlp, until } = await sender({ everyMs: 5 });
  const of = { service: "novacron-site-worker", instance: "a-1", host: "w" };
  const facts = { "novacron.site": "b", span_id: "none", "novacron.vm_id": "v" };
  const line = { at: "9999-01-01T00:00:00.000Z", level: "info", process: "p", message: "m", facts } as const;
  otlp.relay.lines(of, [{ ...line, site: "a", traceId: "none" }]);
  const odd = { ...span("odd"), startedAt: 1e308, durationMs: 1e308, facts: { "novacron.site": "b", call: "c" } };
  otlp.relay.spans(of, [{ ...odd, work: { ...odd.work, site: "a" } }]);
  await until(() => collector.records.length === 1 && collector.spans.length === 1);
  const [told] = collector.records;
  const [seen] = collector.spans;
  assert.ok(told && seen);
  for (const each of [told, seen]) assert.equal(attribute(each, "novacron.site"), "a");
  assert.equal(attribute(seen, "call"), "c");
  assert.equal(attribute(told, "novacron.vm_id"), "v");
  const sent = collector.requests.map(({ text }) => text).join("\n");
  assert.ok(!/"(?:traceId|spanId)":"none"/.test(sent), sent);
  const moments = [...sent.matchAll(/UnixNano":"(\d+)"/g)].map(([, nanos = ""]) => BigInt(nanos));
  assert.ok(moments.length >= 3 && moments.every((nanos) => nanos < 2n ** 63n), sent);
});

test("Prometheus's text is sent as sums, gauges and histograms", async () => {
  const { collector, otlp, until } = await sender();
  const text = `# HELP calls_total Calls
# TYPE calls_total counter
calls_total{code="o\\"k\\\\",site="a,b={}"} 3
# HELP age_seconds Age
# TYPE age_seconds gauge
age_seconds 1.5
age_seconds{of="nothing"} NaN
# HELP t Times
# TYPE t histogram
t_bucket{call="x",le="0.1"} 1
t_bucket{call="x",le="1"} 3
t_bucket{call="x",le="+Inf"} 4
t_sum{call="x"} 9.5
t_count{call="x"} 4
`;
  assert.equal(parsePrometheus(text)[0]?.samples[0]?.labels.code, 'o"k\\');
  otlp.readMetrics(async () => text);
  await until(() => collector.metrics.length >= 3);
  const [calls, age, times] = collector.metrics;
  const labels = [
    { key: "code", value: { stringValue: 'o"k\\' } },
    { key: "site", value: { stringValue: "a,b={}" } },
  ];
  assert.equal(calls?.sum?.isMonotonic, true);
  assert.deepEqual([calls?.sum?.dataPoints[0]?.asDouble, calls?.sum?.dataPoints[0]?.attributes], [3, labels]);
  assert.deepEqual(
    age?.gauge?.dataPoints.map(({ asDouble }) => asDouble),
    [1.5],
  );
  const [point] = times?.histogram?.dataPoints ?? [];
  assert.deepEqual(
    [point?.count, point?.sum, point?.bucketCounts, point?.explicitBounds],
    ["4", 9.5, ["1", "2", "1"], [0.1, 1]],
  );
});

test("headers are read as OpenTelemetry's own variable has them", () => {
  assert.deepEqual(readHeaders("api-key=a%20b, other=c=d,=no,broken=100%"), {
    "api-key": "a b",
    other: "c=d",
    broken: "100%",
  });
  assert.deepEqual(readHeaders(""), {});
});
