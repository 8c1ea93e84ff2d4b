import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { planMigration } from "../../src/domain/migration-plan.ts";
import { networksHome } from "../../src/domain/undo.ts";
import { observed } from "./support/observations.ts";

const undo = { windowSeconds: 3600 };

describe("the undo window of a plan", () => {
  test("is an action of its own with its defaults; without one there is none", () => {
    const base = observed();
    const plain = planMigration(base);
    assert.ok(plain.actions.every(({ action }) => action !== "undo-window"));
    const plan = planMigration({ ...base, request: { ...base.request, undo } });
    assert.deepEqual(plan.actions.at(-1)?.parameters, { windowSeconds: 3600, roundPauseSeconds: 30 });
    assert.equal(plan.checks.find(({ check }) => check === "undo-window")?.result, "pass");
    assert.equal(plan.executable, plain.executable);
  });

  test("needs a source that can take a VM back, and a move that takes over", () => {
    const base = observed();
    const request = { ...base.request, undo };
    const gap = { "compute.create": "it makes no VMs" };
    const closed = planMigration({ ...base, request, source: { ...base.source, capabilityGaps: gap } });
    assert.equal(closed.executable, false);
    assert.match(closed.checks.find(({ check }) => check === "undo-window")?.detail ?? "", /makes no VMs/);
    const copy = planMigration({ ...base, request: { ...request, point: "freeze" } });
    assert.match(copy.checks.find(({ check }) => check === "undo-window")?.detail ?? "", /nothing to undo/);
  });

  test("warns where nothing can follow a running VM home", () => {
    const base = observed();
    const target = { ...base.target, capabilityGaps: { "disks.source-frozen": "it gives no points of running VMs" } };
    const plan = planMigration({ ...base, request: { ...base.request, undo }, target });
    assert.equal(plan.checks.find(({ check }) => check === "undo-follows")?.result, "warn");
    assert.equal(plan.executable, true);
  });
});

describe("the way home", () => {
  const nics = (...ids: string[]) => ids.map((networkId, index) => ({ nicId: `n${index}`, networkId }));
  const there = new Set(["lan", "dmz"]);

  test("leads into the networks that the VM had, where that is clear and they are there", () => {
    assert.deepEqual(networksHome(nics("front", "back"), nics("lan", "dmz"), there), { front: "lan", back: "dmz" });
    assert.deepEqual(networksHome(nics("front", "front"), nics("lan", "lan"), there), { front: "lan" });
    assert.deepEqual(networksHome(nics("front", "front", "back"), nics("lan", "dmz", "dmz"), there), { back: "dmz" });
    assert.equal(networksHome(nics("front"), nics("gone"), there), undefined);
    assert.equal(networksHome(nics("front"), nics("lan", "dmz"), there), undefined);
  });

  test("is by a map where the plan names one", () => {
    const base = observed();
    const plan = planMigration({ ...base, request: { ...base.request, undo: { ...undo, map: "home" } } });
    assert.equal(plan.actions.at(-1)?.parameters.map, "home");
    assert.match(plan.actions.at(-1)?.detail ?? "", /by the map home/);
  });
});
