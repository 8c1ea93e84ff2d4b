import assert from "node:assert/strict";
import { test } from "node:test";
import { isProviderError } from "../../src/domain/errors.ts";
import { resolvePolicy } from "../../src/domain/protection-policy.ts";
import { pointsToRemove } from "../../src/domain/retention.ts";
import { useStore } from "../support/store.ts";

const on = useStore();
const conflict = (error: unknown) => isProviderError(error, "Conflict");
const retention = { count: 2, maxAgeSeconds: 1_000_000_000, thinning: [] };
let made = 0;

async function groupWithPoints(count: number): Promise<{ groupId: string; points: string[] }> {
  const groupId = `held${(made += 1)}`;
  const policy = resolvePolicy({ primarySite: "a", recoverySite: "b" }, {});
  assert.ok(policy);
  const workflowId = `protection/${groupId}`;
  const members = [{ position: 0, name: "vm-0", vmId: `${groupId}-v0`, tags: {}, planId: "plan-0", planVersion: "1" }];
  await on.store.protection.create({ groupId, name: groupId, workflowId, policy, members, createdBy: "user/u" });
  const points: string[] = [];
  for (let hour = 0; hour < count; hour++) {
    const { pointId } = await on.store.groupPoints.open(groupId, { kind: "scheduled", epoch: 0, from: "a", to: "b" });
    const takenAt = `2026-01-01T0${hour}:00:00Z`;
    await on.store.groupPoints.noteFrozen(pointId, { takenAt, spreadMs: 0, together: true, vms: [] });
    await on.store.groupPoints.complete(pointId, { vms: [], bytesCopied: 1 });
    points.push(pointId);
  }
  return { groupId, points };
}

async function removed(groupId: string): Promise<readonly string[]> {
  const points = await on.store.groupPoints.completed(groupId);
  return pointsToRemove(points, retention, Date.parse("2026-01-02T00:00:00Z")).map(({ pointId }) => pointId);
}

test("a point that a person holds outlives the retention until it is released, and both are told", async () => {
  const { groupId, points } = await groupWithPoints(3);
  const [oldest = ""] = points;
  assert.deepEqual(await removed(groupId), [oldest]);
  const decision = { groupId, pointId: oldest, reason: "before the upgrade", by: "user/ada" };
  await on.store.pointHolds.hold(decision);
  await on.store.pointHolds.hold(decision);
  assert.deepEqual(await removed(groupId), []);
  await assert.rejects(on.store.pointHolds.hold({ ...decision, reason: "another" }), conflict);
  await on.store.pointHolds.release({ ...decision, reason: "it is done" });
  assert.deepEqual(await removed(groupId), [oldest]);
  const { items } = await on.store.protection.events(groupId, { limit: 10, type: "hold" });
  assert.deepEqual(
    items.map(({ message, data }) => [message, data.by]),
    [
      ["Point 0 is held no more (it was: before the upgrade): it is done", "user/ada"],
      ["Point 0 is held: before the upgrade", "user/ada"],
    ],
  );
});

test("a point is not released while a failover has its group", async () => {
  const { groupId, points } = await groupWithPoints(1);
  const decision = { groupId, pointId: points[0] ?? "", reason: "a reason", by: "user/ada" };
  await on.store.pointHolds.hold(decision);
  await on.store.takeovers.claim({ groupId, failoverId: "f", epoch: 0, message: "a test" });
  await assert.rejects(on.store.pointHolds.release(decision), conflict);
  await on.store.takeovers.abandon({ groupId, failoverId: "f", message: "a test" });
  await on.store.pointHolds.release(decision);
});

test("a suspect point is cleared by a person once, and offered again", async () => {
  const { groupId, points } = await groupWithPoints(3);
  const [first = "", , newest = ""] = points;
  await on.store.groupPoints.note(newest, { suspicion: { reason: "entropy" } });
  assert.notEqual((await on.store.groupPoints.choose({ groupId }))?.pointId, newest);
  assert.deepEqual(await removed(groupId), [], "what was before a suspect one may not age out");
  const decision = { groupId, pointId: newest, reason: "a re-encoding", by: "user/ada" };
  await on.store.pointHolds.clear(decision);
  assert.equal((await on.store.groupPoints.choose({ groupId }))?.pointId, newest);
  assert.deepEqual(await removed(groupId), [first]);
  await assert.rejects(on.store.pointHolds.clear(decision), conflict);
  const { items } = await on.store.protection.events(groupId, { limit: 10, type: "cleared" });
  assert.deepEqual(items[0]?.data, {
    ...{ pointId: newest, reason: "a re-encoding", by: "user/ada" },
    suspicion: { reason: "entropy" },
  });
});

test("only what is offered is held or cleared, and only as a point of its group", async () => {
  const { groupId, points } = await groupWithPoints(1);
  const pointId = points[0] ?? "";
  const decision = { groupId, pointId, reason: "a reason", by: "user/ada" };
  await on.store.groupPoints.end(pointId, "corrupt", "bytes differ", ["complete"]);
  await assert.rejects(on.store.pointHolds.hold(decision), conflict);
  await assert.rejects(on.store.pointHolds.clear(decision), conflict);
  const { groupId: other } = await groupWithPoints(1);
  await assert.rejects(on.store.pointHolds.hold({ ...decision, groupId: other }), (error: unknown) =>
    isProviderError(error, "NotFound"),
  );
});
