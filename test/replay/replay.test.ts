import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { historyFromJSON } from "@temporalio/common/lib/proto-utils.js";
import { Worker } from "@temporalio/worker";
import { workflowBundle } from "../../src/worker/bundle.ts";

const folder = new URL("histories/", import.meta.url);
let cacheDir: string;

before(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "nvc-replay-"));
});
after(() => rm(cacheDir, { recursive: true, force: true }));

interface RecordedHistory {
  events: { activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[];
}

async function recorded(name: string): Promise<RecordedHistory> {
  return JSON.parse(await readFile(new URL(name, folder), "utf8")) as RecordedHistory;
}

async function replay(history: RecordedHistory): Promise<void> {
  const bundle = await workflowBundle(cacheDir);
  await Worker.runReplayHistory({ workflowBundle: bundle }, historyFromJSON(history));
}

test("every recorded history replays with today's workflows", async (t) => {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json"));
  assert.ok(names.length >= 3, "a finalized, a rolled-back and a killed run are recorded");
  for (const name of names) {
    await t.test(name, async () => replay(await recorded(name)));
  }
});

test("a history whose steps came in another order is refused", async () => {
  const history = await recorded("finalized.json");
  const scheduled = history.events.flatMap((event) => event.activityTaskScheduledEventAttributes ?? []);
  const [first, second] = scheduled;
  assert.ok(first && second);
  [first.activityType.name, second.activityType.name] = [second.activityType.name, first.activityType.name];
  await assert.rejects(replay(history), /DeterminismViolation|Nondeterminism/i);
});
