import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ProviderError } from "../../src/domain/errors.ts";
import type { LogLine } from "../../src/domain/log-line.ts";
import { LogKeeper } from "../../src/telemetry/log-keeper.ts";
import { createLogger } from "../../src/telemetry/logger.ts";
import { within, workOfRequest } from "../../src/telemetry/work.ts";

function shelf() {
  const kept: LogLine[] = [];
  const state = { away: false, kept };
  return {
    state,
    async append(lines: readonly LogLine[]): Promise<void> {
      if (state.away) {
        const subject = { operation: "query the store", resource: "store", reason: "it is away", action: "Wait." };
        throw new ProviderError("Unavailable", subject);
      }
      kept.push(...lines);
    },
  };
}

const silent = { take: () => undefined };
const until = async (holds: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 400 && !holds(); tries++) await sleep(25);
  assert.ok(holds());
};

test("lines are kept with what they say in its place", async () => {
  const { state, append } = shelf();
  const keeper = new LogKeeper("worker", { append }, { everyMs: 5 });
  const log = createLogger({ name: "worker", level: "info", output: silent, takers: [keeper] });
  const work = { ...workOfRequest(undefined, "r"), workflowId: "migration/m", runId: "run", activity: "copyDisk" };
  within({ ...work, attempt: 3, site: "onprem-a", vmId: "v" }, () => log.warn({ bytesCopied: 5 }, "slow"));
  log.info({ blob: "x".repeat(40_000) }, "long");
  await until(() => state.kept.length === 2);
  const [first, second] = state.kept;
  const { at, facts, ...rest } = first as LogLine;
  assert.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000);
  assert.equal(facts.bytes_copied, 5);
  assert.deepEqual(rest, {
    ...{ level: "warn", process: "worker", message: "slow", traceId: work.traceId, requestId: "r" },
    ...{ workflowId: "migration/m", runId: "run", activity: "copyDisk", attempt: 3, site: "onprem-a", vmId: "v" },
  });
  assert.ok(JSON.stringify(second?.facts).length < 20_000);
});

test("while the store is away nothing waits or fails; what is too much is dropped, counted, and said to be", async () => {
  const { state, append } = shelf();
  state.away = true;
  const keeper = new LogKeeper("api", { append }, { everyMs: 5, most: 10 });
  const log = createLogger({ name: "api", level: "info", output: silent, takers: [keeper] });
  for (let number = 0; number < 25; number++) log.info({ number }, "said");
  assert.equal(keeper.state.waiting, 10);
  assert.equal(keeper.state.dropped, 15);
  await sleep(50);
  assert.equal(state.kept.length, 0);
  assert.ok(keeper.state.lagMs >= 50);
  state.away = false;
  await until(() => state.kept.length === 11);
  const told = state.kept.at(-1);
  assert.equal(told?.level, "warn");
  assert.match(told?.message ?? "", /^15 lines could not be kept/);
  log.info("afterwards");
  await until(() => state.kept.length === 12);
  assert.equal(keeper.state.sent, 11);
  assert.equal(keeper.state.lagMs, 0);
});

test("few lines that are very long don't fill the memory either", async () => {
  const { state, append } = shelf();
  state.away = true;
  const keeper = new LogKeeper("api", { append }, { everyMs: 5, mostSize: 1_000 });
  for (const length of [600, 600, 300]) keeper.take("x".repeat(length));
  assert.deepEqual([keeper.state.waiting, keeper.state.dropped], [2, 1]);
  state.away = false;
  await until(() => keeper.state.waiting === 0);
  keeper.take("x".repeat(900));
  assert.equal(keeper.state.waiting, 1);
  await keeper.close(1_000);
});

test("what the store refuses for good is dropped and counted, not sent for ever", async () => {
  const refused = new ProviderError("InvalidInput", { operation: "o", resource: "r", reason: "r", action: "a" });
  const calls: number[] = [];
  const append = async (lines: readonly LogLine[]): Promise<void> => {
    calls.push(lines.length);
    if (calls.length === 1) throw refused;
  };
  const keeper = new LogKeeper("api", { append }, { everyMs: 5 });
  const log = createLogger({ name: "api", level: "info", output: silent, takers: [keeper] });
  log.info("bad");
  await until(() => keeper.state.dropped === 1);
  log.info("good");
  await until(() => keeper.state.sent === 1);
  assert.deepEqual(calls, [1, 2], "the second one says that one was lost");
});

test("at the end what waits is kept, and an end with the store away does not hang", async () => {
  const { state, append } = shelf();
  const keeper = new LogKeeper("api", { append }, { everyMs: 60_000 });
  const log = createLogger({ name: "api", level: "info", output: silent, takers: [keeper] });
  log.info("last words");
  await keeper.close(5_000);
  assert.equal(state.kept.length, 1);
  const stuck = new LogKeeper("api", { append: () => new Promise(() => undefined) }, { everyMs: 1 });
  stuck.take("{}");
  await sleep(20);
  await stuck.close(50);
  stuck.take("{}");
  assert.equal(stuck.state.dropped, 1);
});
