import assert from "node:assert/strict";
import { after, test } from "node:test";
import { freePorts } from "../../src/host/ports.ts";
import { Scrubber } from "../../src/telemetry/scrub.ts";
import { startOtlp } from "../../src/telemetry/start-otlp.ts";
import { attribute, Collector, type ReceivedSpan } from "./collector.ts";
import { site, startTraced } from "./support.ts";

const collector = new Collector();
const endpoint = await collector.start();
after(() => collector.stop());
const target = {
  endpoint,
  metricsEveryMs: 200,
  headers: async () => "authorization=Bearer%20of-the-test, x-tenant=one",
};
const [fromApi, fromWorker] = await Promise.all([
  startOtlp("api", target, new Scrubber()),
  startOtlp("worker", target, new Scrubber()),
]);
assert.ok(fromApi && fromWorker);
after(() => Promise.all([fromApi.close(1_000), fromWorker.close(1_000)]));
const [port = 0] = await freePorts(1);
const { url, token } = await startTraced({
  spans: { api: fromApi.spans, worker: fromWorker.spans },
  takers: [fromWorker.lines],
  workerMetrics: `127.0.0.1:${port}`,
  otlp: fromWorker,
});
const traceId = "d".repeat(32);
const callerSpan = "e".repeat(16);

test("a collector gets one trace: request, run, activity, the site's call, the cloud's call", async () => {
  const answer = await fetch(`${url}/v1/sites/${site}/check`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      traceparent: `00-${traceId}-${callerSpan}-01`,
      "x-request-id": "otlp-1",
    },
  });
  assert.equal(answer.status, 200);
  const names = ["POST /v1/sites/{site}/check", "run checkSite", "checkSite", "check", "sts:GetCallerIdentity"];
  const chain: ReceivedSpan[] = [];
  for (const name of names) chain.push(await collector.until(({ spans }) => spans.find((span) => span.name === name)));
  let parent: string | undefined = callerSpan;
  for (const span of chain) {
    assert.equal(span.traceId, traceId, span.name);
    assert.equal(span.parentSpanId, parent, `${span.name} is part of the one before`);
    assert.match(span.spanId, /^[0-9a-f]{16}$/);
    assert.ok(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano));
    assert.ok(Math.abs(Number(BigInt(span.startTimeUnixNano) / 1_000_000n) - Date.now()) < 60_000);
    assert.equal(attribute(span, "novacron.request_id"), "otlp-1");
    assert.deepEqual(span.status, {});
    parent = span.spanId;
  }
  assert.deepEqual(
    chain.map(({ kind }) => kind),
    [2, 1, 5, 3, 3],
  );
  const [request, run, activity, , cloud] = chain as [
    ReceivedSpan,
    ReceivedSpan,
    ReceivedSpan,
    ReceivedSpan,
    ReceivedSpan,
  ];
  assert.equal(attribute(request, "http.response.status_code"), "200");
  assert.equal(attribute(run, "novacron.workflow_id"), `check/${site}`);
  assert.equal(attribute(activity, "novacron.attempt"), "1");
  assert.equal(attribute(cloud, "novacron.site"), site);
});

test("lines and metrics go the same way, with what the collector wants to see", async () => {
  const record = await collector.until(({ records }) =>
    records.find(({ body }) => body.stringValue === "the run ends"),
  );
  assert.equal(record.traceId, traceId);
  assert.equal(record.severityText, "INFO");
  assert.equal(record.severityNumber, 9);
  assert.equal(attribute(record, "outcome"), "completed");
  const calls = await collector.until(({ metrics }) =>
    metrics.findLast(
      ({ name, histogram }) => name === "novacron_site_call_duration_seconds" && histogram?.dataPoints.length === 1,
    ),
  );
  const [point] = calls.histogram?.dataPoints ?? [];
  assert.equal(attribute(point as never, "call"), "check");
  assert.equal(point?.count, "1");
  assert.equal(point?.bucketCounts.length, (point?.explicitBounds.length ?? 0) + 1);
  assert.equal(
    point?.bucketCounts.reduce((sum, each) => sum + Number(each), 0),
    1,
  );
  // What the SDK's native part counts comes with ours.
  await collector.until(({ metrics }) => metrics.find(({ name }) => name.startsWith("temporal_request")));
  for (const { path, headers } of collector.requests) {
    assert.match(path, /^\/v1\/(traces|logs|metrics)$/);
    assert.equal(headers.authorization, "Bearer of-the-test");
    assert.equal(headers["x-tenant"], "one");
    assert.equal(headers["content-type"], "application/json");
  }
  const resources = collector.requests.map(
    ({ text }) => /"service.name","value":\{"stringValue":"([^"]*)"/.exec(text)?.[1],
  );
  assert.deepEqual(new Set(resources), new Set(["novacron-api", "novacron-worker"]));
});

test("of a trace that its caller wants no spans of, none are sent", async () => {
  const quiet = "f".repeat(32);
  await fetch(`${url}/v1/sites/${site}/check`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, traceparent: `00-${quiet}-${callerSpan}-00` },
  });
  await collector.until(({ records }) => records.find((record) => record.traceId === quiet));
  await Promise.all([fromApi.close(2_000), fromWorker.close(2_000)]);
  assert.equal(
    collector.spans.find((span) => span.traceId === quiet),
    undefined,
  );
});
