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
  events: {
    activityTaskScheduledEventAttributes?: { activityType: { name: string } };
    markerRecordedEventAttributes?: {
      markerName: string;
      details?: Record<string, { payloads: { data: string }[] }>;
    };
  }[];
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

/** Steps that follow each other, the first two of a run where they are not named. */
const orders: readonly (readonly [string, string?, string?])[] = [
  ["finalized"],
  // A lease must not change hands before its holder is off, nor anything follow before it was judged.
  ["lease-taken-by-fencing", "fenceGroup", "takeLease"],
  ["site-health-decided", "judgeSite", "actOnOutage"],
  // What was not made can't be put into a pool.
  ["burst-served", "createVm", "joinBurst"],
];
for (const [name, before, then] of orders) {
  test(`a history like ${name} whose steps came in another order is refused`, async () => {
    const history = await recorded(`${name}.json`);
    const scheduled = history.events.flatMap((event) => event.activityTaskScheduledEventAttributes ?? []);
    const called = (wanted: string) => scheduled.find(({ activityType }) => activityType.name === wanted);
    const [first, second] = before && then ? [called(before), called(then)] : scheduled;
    assert.ok(first && second);
    [first.activityType.name, second.activityType.name] = [second.activityType.name, first.activityType.name];
    await assert.rejects(replay(history), /DeterminismViolation|Nondeterminism/i);
  });
}

// Each of them was recorded with steps that runs of before have not: replayed as such a run it is another one.
for (const patch of ["rules-at-cutover", "home-without-traffic", "outwaits-while-fencing"]) {
  test(`a history with ${patch} is refused as that of a run that began before it`, async () => {
    const history = await recorded(`${patch}.json`);
    const marks = history.events.flatMap(({ markerRecordedEventAttributes: marker }) =>
      marker?.markerName === "core_patch" ? (marker.details?.["patch-data"]?.payloads ?? []) : [],
    );
    const ours = marks.filter(({ data }) => Buffer.from(data, "base64").toString().includes(`"${patch}"`));
    assert.equal(ours.length, 1, "its mark is in the history");
    for (const mark of ours) {
      const text = Buffer.from(mark.data, "base64").toString().replace(`"${patch}"`, `"before-${patch}"`);
      mark.data = Buffer.from(text).toString("base64");
    }
    await assert.rejects(replay(history), /DeterminismViolation|Nondeterminism/i);
  });
}
