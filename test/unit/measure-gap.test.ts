import assert from "node:assert/strict";
import { test } from "node:test";
import { GapMeter } from "../../src/activities/measure-gap.ts";

const MiB = 2 ** 20;
const sizeMiB = 256;

test("the measuring of a gap keeps nothing of an answer, however large", async (t) => {
  const chunk = new Uint8Array(MiB);
  let sent = 0;
  const body = new ReadableStream({
    pull: (controller) => {
      if (sent++ < sizeMiB) controller.enqueue(chunk);
      else controller.close();
    },
  });
  t.mock.method(globalThis, "fetch", async () => new Response(body));
  const before = process.memoryUsage().arrayBuffers;
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().arrayBuffers);
  }, 1);
  const meter = new GapMeter({ url: "http://app.example.com/", intervalMs: 60_000, expectStatus: 200 });
  const end = new AbortController();
  const run = meter.run(end.signal, () => undefined);
  while (meter.report.asked === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  end.abort();
  await run;
  clearInterval(watch);
  most = Math.max(most, process.memoryUsage().arrayBuffers);
  const { asked, failed } = meter.report;
  assert.deepEqual([asked, failed], [1, 0]);
  assert.ok(most - before < (sizeMiB / 2) * MiB, `${(most - before) / MiB} MiB were kept`);
});
