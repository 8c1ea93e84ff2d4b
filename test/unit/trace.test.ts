import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTraceparent, parseTraceparent, traceOfRun } from "../../src/domain/trace.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";

test("a traceparent is read as the standard has it, and written back the same", () => {
  const text = `00-${traceId}-${spanId}-01`;
  assert.deepEqual(parseTraceparent(text), { traceId, spanId, sampled: true });
  assert.equal(formatTraceparent({ traceId, spanId, sampled: true }), text);
  assert.equal(parseTraceparent(`00-${traceId}-${spanId}-00`)?.sampled, false);
  assert.equal(parseTraceparent(`cc-${traceId}-${spanId}-01-what-comes-later`)?.traceId, traceId);
});

test("what is no traceparent is as if there were none", () => {
  const bad = [
    undefined,
    "",
    "00",
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-more`,
    `00-${traceId}-${spanId}`,
    `00-${traceId}\n-${spanId}-01`,
  ];
  for (const text of bad) assert.equal(parseTraceparent(text), undefined, text);
});

test("a run that no request asked for has a trace that can be told from its id", () => {
  const runId = "0199f2c1-4a2b-7c3d-8e4f-a1b2c3d4e5f6";
  const trace = traceOfRun(runId);
  assert.deepEqual(parseTraceparent(formatTraceparent(trace)), trace);
  assert.equal(trace.traceId, "0199f2c14a2b7c3d8e4fa1b2c3d4e5f6");
});
