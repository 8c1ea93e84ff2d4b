import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createLogger } from "../../src/telemetry/logger.ts";
import { Scrubber } from "../../src/telemetry/scrub.ts";
import { within, workOfRequest } from "../../src/telemetry/work.ts";

type Line = Readonly<Record<string, unknown>>;

function collecting(level = "info", scrubber?: Scrubber) {
  const lines: Line[] = [];
  const output = { take: (line: string) => void lines.push(JSON.parse(line) as Line) };
  return { lines, log: createLogger({ name: "api", level, output, ...(scrubber ? { scrubber } : {}) }) };
}

test("a line says in snake_case what is known of the work it belongs to", async () => {
  const { lines, log } = collecting();
  const work = { ...workOfRequest(undefined, "request-1"), workflowId: "migration/m1", site: "onprem-a", attempt: 2 };
  await within(work, async () => {
    await sleep(1);
    log.info({ migrationId: "m1" }, "said later");
  });
  log.warn({ vmId: "own" }, "outside of any work");
  const [inside, outside] = lines;
  assert.deepEqual(
    { ...inside, time: undefined, pid: undefined, host: undefined },
    {
      level: "info",
      name: "api",
      msg: "said later",
      trace_id: work.traceId,
      span_id: work.spanId,
      request_id: "request-1",
      workflow_id: "migration/m1",
      site: "onprem-a",
      attempt: 2,
      migration_id: "m1",
      time: undefined,
      pid: undefined,
      host: undefined,
    },
  );
  assert.equal(new Date(String(inside?.time)).toISOString(), inside?.time);
  assert.equal(outside?.trace_id, undefined);
  assert.equal(outside?.vm_id, "own");
});

test("what a line says itself wins over the work at hand", () => {
  const { lines, log } = collecting();
  within({ ...workOfRequest(undefined, "r"), site: "onprem-a" }, () => log.info({ site: "onprem-b" }, "of another"));
  assert.equal(lines[0]?.site, "onprem-b");
});

test("neither a secret that was revealed nor what looks like one of ours gets into a line", () => {
  const scrubber = new Scrubber();
  const { lines, log } = collecting("info", scrubber);
  const secret = 'pass"word\nof two lines';
  scrubber.remember(secret);
  scrubber.remember("short");
  const token = `nvc_${"x".repeat(43)}`;
  log.info({ token, deep: { secret } }, `a ${secret} and a short word, Bearer ${token}, AKIAIOSFODNN7EXAMPLE`);
  log.error(new Error(`refused: ${secret}`), "failed");
  const text = JSON.stringify(lines);
  for (const hidden of [secret, "of two lines", token, "AKIAIOSFODNN7"]) assert.ok(!text.includes(hidden), hidden);
  assert.match(text, /a short word/);
});

test("of very many secrets those that were not used for longest are forgotten, and the others are not", () => {
  const scrubber = new Scrubber();
  const first = "first-secret-of-all";
  scrubber.remember(first);
  for (let index = 0; index < 1_500; index++) scrubber.remember(`leased-secret-${index}`);
  scrubber.remember(first);
  for (let index = 1_500; index < 3_000; index++) scrubber.remember(`leased-secret-${index}`);
  assert.equal(scrubber.clean(`a ${first} b leased-secret-2999`), "a *** b ***");
  assert.match(scrubber.clean("leased-secret-100 "), /leased-secret-100/);
});
