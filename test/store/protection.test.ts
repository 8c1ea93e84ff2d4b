import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isProviderError } from "../../src/domain/errors.ts";
import type { GroupPointVm } from "../../src/domain/group-point.ts";
import { resolvePolicy } from "../../src/domain/protection-policy.ts";
import { useStore } from "../support/store.ts";

const on = useStore();
let made = 0;

async function group(vms = 1): Promise<string> {
  const groupId = `g${(made += 1)}`;
  const policy = resolvePolicy({ primarySite: "a", recoverySite: "b" }, {});
  assert.ok(policy);
  const members = Array.from({ length: vms }, (_, position) => ({
    ...{ position, name: `vm-${position}`, vmId: `${groupId}-v${position}`, tags: { project: "shop" } },
    ...{ planId: `plan-${position}`, planVersion: "1" },
  }));
  const workflowId = `protection/${groupId}`;
  await on.store.protection.create({ groupId, name: groupId, workflowId, policy, members, createdBy: "user/u" });
  return groupId;
}

function vm(generationId: string): GroupPointVm {
  const disk = { diskId: "vda", generationId, replicaId: "r", sizeBytes: 1, rootHash: "", tracking: "full" as const };
  return {
    ...{
      position: 0,
      name: "vm-0",
      vmId: "v0",
      planId: "plan-0",
      sourcePointId: "sp",
      takenAt: "2026-01-01T00:00:00Z",
    },
    disks: [{ ...disk, bytesCopied: 0, bytesReread: 0 }],
  };
}

async function point(groupId: string, takenAt: string, generationId = "gen"): Promise<string> {
  const { pointId } = await on.store.groupPoints.open(groupId, { kind: "scheduled", epoch: 0, from: "a", to: "b" });
  const vms = [vm(generationId)];
  await on.store.groupPoints.noteFrozen(pointId, { takenAt, spreadMs: 0, together: true, vms });
  await on.store.groupPoints.complete(pointId, { vms, bytesCopied: 5 });
  return pointId;
}

const conflict = (error: unknown) => isProviderError(error, "Conflict");

describe("a group", () => {
  test("is kept as it was made, once, and its name is its own until it is deleted", async () => {
    const groupId = await group(2);
    const known = await on.store.protection.get(groupId);
    assert.equal(known?.state, "initial");
    assert.equal(known?.writableSite, "a");
    assert.equal(known?.replicatesTo, "b");
    assert.deepEqual(
      known?.members.map(({ name }) => name),
      ["vm-0", "vm-1"],
    );
    const again = { ...known, workflowId: "w", createdBy: "u" };
    await on.store.protection.create(again);
    await assert.rejects(on.store.protection.create({ ...again, groupId: "another" }), conflict);
    await on.store.protection.become(groupId, { from: ["initial"], to: "deleted", message: "gone" });
    await on.store.protection.create({ ...again, groupId: `${groupId}-again` });
  });

  test("is found by who reaches every VM of it, at each of its sites", async () => {
    const groupId = await group();
    const list = async (scopes: { site?: string; tags?: Record<string, string> }[]) =>
      (await on.store.protection.list({ limit: 200, scopes })).items.some((each) => each.groupId === groupId);
    assert.equal(await list([{}]), true);
    assert.equal(await list([{ site: "a" }]), false);
    assert.equal(await list([{ site: "a" }, { site: "b" }]), true);
    assert.equal(await list([{ tags: { project: "shop" } }]), true);
    assert.equal(await list([{ tags: { project: "other" } }]), false);
    assert.deepEqual((await on.store.protection.getScoped(groupId))?.subjects, [
      { site: "a", tags: { project: "shop" } },
      { site: "b", tags: { project: "shop" } },
    ]);
  });

  test("tells its story in order, each dedupe key once", async () => {
    const groupId = await group();
    await on.store.protection.appendEvent(groupId, { type: "note", message: "one", dedupeKey: "k" });
    await on.store.protection.appendEvent(groupId, { type: "note", message: "again", dedupeKey: "k" });
    await on.store.protection.appendEvent(groupId, { type: "breach", message: "two" });
    const { items, nextCursor } = await on.store.protection.events(groupId, { limit: 1 });
    assert.deepEqual(
      items.map(({ message, sequence }) => [message, sequence]),
      [["two", 2]],
    );
    const rest = await on.store.protection.events(groupId, { limit: 5, ...(nextCursor ? { cursor: nextCursor } : {}) });
    assert.deepEqual(
      rest.items.map(({ message }) => message),
      ["one"],
    );
  });
});

describe("points of a group", () => {
  test("are offered once they are complete, the newest first, and suspect ones only when asked for", async () => {
    const groupId = await group();
    const first = await point(groupId, "2026-01-01T00:00:00Z");
    const second = await point(groupId, "2026-01-01T01:00:00Z");
    const third = await point(groupId, "2026-01-01T02:00:00Z");
    const { pointId: open } = await on.store.groupPoints.open(groupId, {
      kind: "scheduled",
      epoch: 0,
      from: "a",
      to: "b",
    });
    const chosen = async (wish: object) => (await on.store.groupPoints.choose({ groupId, ...wish }))?.pointId;
    assert.equal(await chosen({}), third);
    assert.equal(await chosen({ before: "2026-01-01T01:30:00Z" }), second);
    assert.equal(await chosen({ pointId: first }), first);
    assert.equal(await chosen({ pointId: open }), undefined, "one that is on its way is not offered");
    await on.store.groupPoints.note(third, { suspicion: { reason: "entropy" } });
    assert.equal(await chosen({}), second);
    assert.equal(await chosen({ suspectToo: true }), third);
    await on.store.groupPoints.end(second, "corrupt", "bytes differ", ["complete"]);
    assert.equal(await chosen({}), first);
    const newest = await on.store.groupPoints.newestOf([{ groupId, replicatesTo: "b" }]);
    assert.equal(newest.get(groupId)?.pointId, third);
  });

  test("go on where a round was, and one of another epoch is refused", async () => {
    const groupId = await group();
    const open = (epoch: number) =>
      on.store.groupPoints.open(groupId, { kind: "scheduled", epoch, from: "a", to: "b" });
    assert.deepEqual(await open(0), await open(0));
    await assert.rejects(open(1), conflict);
    await assert.rejects(
      on.store.groupPoints.open("nobody", { kind: "manual", epoch: 0, from: "a", to: "b" }),
      conflict,
    );
  });

  test("don't share a generation with one that is removed", async () => {
    const groupId = await group();
    const first = await point(groupId, "2026-01-01T00:00:00Z", "same");
    const second = await point(groupId, "2026-01-01T01:00:00Z", "same");
    await on.store.groupPoints.end(first, "expired", "old", ["complete"]);
    assert.deepEqual(
      (await on.store.groupPoints.toClean(groupId, 5)).map(({ pointId }) => pointId),
      [first],
    );
    assert.deepEqual(await on.store.groupPoints.unshared(first, ["same"]), []);
    await on.store.groupPoints.markRemoved(first);
    await on.store.groupPoints.end(second, "expired", "old", ["complete"]);
    assert.deepEqual(await on.store.groupPoints.unshared(second, ["same"]), ["same"]);
    assert.deepEqual(
      (await on.store.groupPoints.toClean(groupId, 5)).map(({ pointId }) => pointId),
      [second],
    );
  });
});

describe("a failover", () => {
  test("has the group alone: no round of it becomes a point, and no other failover gets it", async () => {
    const groupId = await group();
    const { pointId } = await on.store.groupPoints.open(groupId, { kind: "scheduled", epoch: 0, from: "a", to: "b" });
    const claims = await Promise.allSettled(
      ["f1", "f2"].map((failoverId) => on.store.takeovers.claim({ groupId, failoverId, epoch: 0, message: "begins" })),
    );
    assert.deepEqual(claims.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    const winner = claims[0]?.status === "fulfilled" ? "f1" : "f2";
    await on.store.takeovers.claim({ groupId, failoverId: winner, epoch: 0, message: "again" });
    await assert.rejects(on.store.groupPoints.complete(pointId, { vms: [], bytesCopied: 0 }), conflict);
    const final = { kind: "final", epoch: 0, from: "a", to: "b" } as const;
    await assert.rejects(on.store.groupPoints.open(groupId, { ...final, failoverId: "f3" }), conflict);
    const own = await on.store.groupPoints.open(groupId, { ...final, failoverId: winner });
    assert.notEqual(own.pointId, pointId);
    assert.equal((await on.store.groupPoints.get(pointId))?.state, "incomplete");
  });

  test("that is finished leaves the group at the other site, under the next epoch, unprotected", async () => {
    const groupId = await group();
    await on.store.takeovers.claim({ groupId, failoverId: "f", epoch: 0, message: "begins" });
    await on.store.takeovers.closeWritable({ groupId, failoverId: "f" });
    assert.equal((await on.store.protection.get(groupId))?.writableSite, undefined);
    const finished = { groupId, failoverId: "f", site: "b", members: [{ position: 0, vmId: "new" }], message: "done" };
    assert.equal(await on.store.takeovers.finish(finished), 1);
    assert.equal(await on.store.takeovers.finish(finished), 1, "a repeat changes nothing");
    const now = await on.store.protection.get(groupId);
    assert.deepEqual(
      [now?.state, now?.epoch, now?.writableSite, now?.currentSite, now?.replicatesTo, now?.members[0]?.vmId],
      ["unprotected", 1, "b", "b", undefined, "new"],
    );
    assert.ok(now?.unprotectedSince);
    await assert.rejects(on.store.takeovers.claim({ groupId, failoverId: "g", epoch: 0, message: "stale" }), conflict);
  });

  test("that comes to nothing leaves the group as it was", async () => {
    const groupId = await group();
    await on.store.protection.become(groupId, { from: ["initial"], to: "paused", message: "paused" });
    await on.store.takeovers.claim({ groupId, failoverId: "f", epoch: 0, message: "begins" });
    await on.store.takeovers.closeWritable({ groupId, failoverId: "f" });
    await on.store.takeovers.abandon({ groupId, failoverId: "f", epoch: 2, message: "no" });
    const now = await on.store.protection.get(groupId);
    assert.deepEqual([now?.state, now?.writableSite, now?.epoch, now?.takeover], ["paused", "a", 2, undefined]);
  });
});
