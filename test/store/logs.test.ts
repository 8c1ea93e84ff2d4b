import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { LogLine } from "../../src/domain/log-line.ts";
import { openStore } from "../../src/store/index.ts";
import { withPostgres } from "../support/servers.ts";

const { databaseUrl } = await withPostgres({ after });
const store = await openStore({ databaseUrl });
await store.migrate();
after(() => store.close());

let second = 0;
const line = (message: string, more: Partial<LogLine> = {}): LogLine => ({
  at: new Date(Date.UTC(2026, 0, 1, 0, 0, (second += 1))).toISOString(),
  level: "info",
  process: "worker",
  message,
  facts: {},
  ...more,
});
const messages = (lines: readonly { message: string }[]) => lines.map(({ message }) => message);

test("lines are found by run, trace, level, site, text and time, page by page, the newest first", async () => {
  const { logs } = store;
  const traceId = "a".repeat(32);
  await logs.append([
    line("one", { workflowId: "operation/o1", traceId, site: "onprem-a", vmId: "v", attempt: 2, requestId: "r" }),
    line("two", { workflowId: "operation/o1/item/0", traceId, level: "warn" }),
    line("three", { workflowId: "operation/o10", level: "error", facts: { reason: "it is 100% full_up" } }),
    line("four\u0000", { level: "debug", facts: { nul: "\u0000" } }),
  ]);
  const list = async (filter: object) => messages((await logs.list({ limit: 10, ...filter })).items);
  assert.deepEqual(await list({}), ["four\ufffd", "three", "two", "one"]);
  assert.deepEqual(await list({ workflowId: "operation/o1" }), ["two", "one"]);
  assert.deepEqual(await list({ traceId }), ["two", "one"]);
  assert.deepEqual(await list({ requestId: "r" }), ["one"]);
  assert.deepEqual(await list({ level: "warn" }), ["three", "two"]);
  assert.deepEqual(await list({ site: "onprem-a" }), ["one"]);
  assert.deepEqual(await list({ text: "100% FULL_" }), ["three"]);
  assert.deepEqual(await list({ text: "100_" }), []);
  const [, third] = (await logs.list({ limit: 10 })).items;
  assert.deepEqual(await list({ since: third?.at }), ["four\ufffd", "three"]);
  assert.deepEqual(await list({ until: third?.at }), ["two", "one"]);

  const first = await logs.list({ limit: 3 });
  const second = await logs.list({ limit: 3, cursor: first.nextCursor });
  assert.deepEqual([...messages(first.items), ...messages(second.items)], ["four\ufffd", "three", "two", "one"]);
  assert.equal(second.nextCursor, undefined);
  const [whole] = second.items;
  assert.deepEqual(
    { ...whole, sequence: 0, at: "" },
    {
      ...{ sequence: 0, at: "", level: "info", process: "worker", message: "one", traceId, requestId: "r" },
      ...{ workflowId: "operation/o1", attempt: 2, site: "onprem-a", vmId: "v", facts: {} },
    },
  );
});

test("who follows gets every line once, though many add at the same time", async () => {
  const { logs } = store;
  const from = await logs.last();
  const seen: string[] = [];
  let adding = true;
  const follow = async (): Promise<void> => {
    for (let last = from; ; ) {
      const stop = !adding;
      const lines = await logs.after(last, { text: "many" }, 1_000);
      seen.push(...messages(lines));
      last = lines.at(-1)?.sequence ?? last;
      if (stop && lines.length === 0) return;
    }
  };
  const following = follow();
  const wanted = Array.from({ length: 200 }, (_, number) => `many ${number}`);
  await Promise.all(wanted.map((message) => logs.append([line(message), line("else")])));
  adding = false;
  await following;
  assert.deepEqual([...seen].sort(), [...wanted].sort());
});

test("what is older than it is to be kept goes, and nothing else", async () => {
  const { logs } = store;
  const before = "2026-01-01T00:00:03.000Z";
  assert.equal(await logs.drop(before), 2);
  const { items } = await logs.list({ limit: 1_000, until: "2026-01-01T00:00:05.000Z" });
  assert.deepEqual(messages(items), ["four\ufffd", "three"]);
  assert.equal(await logs.drop(before), 0);
});
