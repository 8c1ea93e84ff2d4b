import assert from "node:assert/strict";
import { test } from "node:test";
import {
  backupsToRemove,
  judgeLostRun,
  momentOfBackup,
  newBackupId,
  type OpenRun,
  standingOf,
} from "../../src/domain/control-plane.ts";

const own = { epoch: 3, holderId: "b" };

test("a claim of a later epoch supersedes, one of an earlier is replaced, and of two in one epoch all choose the same", () => {
  assert.equal(standingOf(own, undefined), "free");
  assert.equal(standingOf(own, own), "ours");
  assert.equal(standingOf(own, { epoch: 4, holderId: "a" }), "superseded");
  assert.equal(standingOf(own, { epoch: 2, holderId: "z" }), "behind");
  const other = { epoch: 3, holderId: "c" };
  assert.deepEqual([standingOf(own, other), standingOf(other, own)], ["superseded", "behind"]);
});

test("a backup's name tells its moment, and names sort by it", () => {
  const at = new Date("2026-11-29T08:30:05.678Z");
  const backupId = newBackupId(at, "1a2b3c4d");
  assert.equal(backupId, "20261129t083005z-1a2b3c4d");
  assert.equal(momentOfBackup(backupId), Date.parse("2026-11-29T08:30:05Z"));
  assert.ok(newBackupId(new Date("2026-12-01T00:00:00Z"), "00000000") > backupId);
  assert.equal(momentOfBackup("something-else"), undefined);
});

test("kept are all of the newest day, then one a day for as long as was said, and three in any case", () => {
  const now = Date.parse("2026-11-29T12:00:00Z");
  const hoursAgo = (hours: number) => newBackupId(new Date(now - hours * 3_600_000), "0a");
  const ids = Array.from({ length: 24 * 6 }, (_, hours) => hoursAgo(hours));
  const removed = new Set(backupsToRemove(ids, now, 3 * 86_400_000));
  const kept = ids.filter((id) => !removed.has(id));
  assert.deepEqual(kept.slice(0, 25), ids.slice(0, 25), "the newest day is whole");
  assert.deepEqual(kept.slice(25), [hoursAgo(37), hoursAgo(61)], "the newest of each day before");
  assert.deepEqual(backupsToRemove([hoursAgo(9_000), hoursAgo(9_100)], now, 86_400_000), []);
});

test("of what was lost a group is protected anew, what was not begun is started, and the rest is for a person", () => {
  const run: OpenRun = {
    kind: "migration",
    id: "m1",
    workflowId: "migration/m1",
    subject: "web-1",
    state: "running",
    untouched: true,
  };
  assert.equal(judgeLostRun(run).outcome, "restarted");
  assert.match(judgeLostRun({ ...run, untouched: false }).advice ?? "", /fenced there by the tag.*m1/);
  assert.match(
    judgeLostRun({ ...run, untouched: false, state: "awaiting-finalize" }).advice ?? "",
    /serves at the target/,
  );
  const group = { ...run, kind: "protection-group", untouched: true } as const;
  assert.equal(judgeLostRun({ ...group, state: "protected" }).outcome, "restarted");
  assert.equal(judgeLostRun({ ...group, state: "failing-over" }).outcome, "lost");
});
