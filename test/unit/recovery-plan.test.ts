import assert from "node:assert/strict";
import { test } from "node:test";
import { type BootGroup, bootCircle, bootDependencies, usualRecoveryPlan } from "../../src/domain/recovery-plan.ts";
import { checkRecoveryPlan } from "../../src/domain/recovery-plan-checks.ts";
import { readinessOf } from "../../src/domain/recovery-run.ts";

const group = (name: string, vms: readonly string[], more: Partial<BootGroup> = {}): BootGroup => ({
  name,
  vms: vms.map((vm) => ({ vm })),
  ...more,
});
const faults = (bootGroups: readonly BootGroup[], members: readonly string[], traffic = {}): string[] =>
  checkRecoveryPlan({ bootGroups, ...traffic }, members)
    .filter(({ result }) => result === "fail")
    .map(({ detail }) => detail);

test("a group comes after the one before it unless it says otherwise", () => {
  const groups = [group("db", ["db"]), group("app", ["app"]), group("web", ["web"], { after: ["db"] })];
  assert.deepEqual(Object.fromEntries(bootDependencies(groups)), { db: [], app: ["db"], web: ["db"] });
});

test("groups that wait for each other are refused with the way round", () => {
  const groups = [group("a", [], { after: ["c"] }), group("b", [], { after: ["a"] }), group("c", [], { after: ["b"] })];
  assert.deepEqual(bootCircle(groups), ["a", "c", "b", "a"]);
  assert.match(faults(groups, []).join(), /wait for each other: a → c → b → a/);
  assert.equal(bootCircle([group("a", []), group("b", []), group("c", [], { after: ["a", "b"] })]), undefined);
});

test("every VM of the group is brought up once, and nothing else", () => {
  assert.deepEqual(faults([group("all", ["a", "b"])], ["a", "b"]), []);
  assert.match(faults([group("all", ["a"])], ["a", "b"]).join(), /b is protected and in no boot group/);
  assert.match(faults([group("all", ["a", "c"])], ["a"]).join(), /c is no VM of the group/);
  assert.match(faults([group("x", ["a"]), group("y", ["a"])], ["a"]).join(), /a is in the plan twice/);
  assert.match(faults([group("x", ["a"]), group("x", [])], ["a"]).join(), /Two boot groups are called x/);
  assert.match(faults([group("x", ["a"], { after: ["nobody"] })], ["a"]).join(), /after nobody, which there is not/);
  assert.deepEqual(faults(usualRecoveryPlan("g", ["a", "b"]).bootGroups, ["a", "b"]), []);
});

test("a record gets values or where a VM's port is reached, and is named once", () => {
  const record = { site: "s", zoneId: "z", name: "www.z", type: "A" } as const;
  const of = (dns: readonly object[]) => faults([group("all", ["a"])], ["a"], { dns });
  assert.deepEqual(of([{ ...record, vm: "a", port: 80 }]), []);
  assert.deepEqual(of([{ ...record, values: ["192.0.2.1"] }]), []);
  assert.match(of([record]).join(), /needs either values, or a VM and a port/);
  assert.match(of([{ ...record, vm: "a", port: 80, values: ["192.0.2.1"] }]).join(), /needs either values/);
  assert.match(of([{ ...record, vm: "b", port: 80 }]).join(), /b has traffic in the plan and is in no boot group/);
  const twice = { ...record, values: ["192.0.2.1"] };
  assert.match(of([twice, twice]).join(), /is in the plan twice/);
});

test("a plan is ready after a drill that passed and is not too old", () => {
  const nowMs = Date.parse("2026-01-10T00:00:00Z");
  const of = (newest: Parameters<typeof readinessOf>[0]) => readinessOf(newest, { maxAgeSeconds: 86_400, nowMs }).state;
  assert.equal(of(undefined), "untested");
  assert.equal(of({ state: "done", endedAt: "2026-01-09T12:00:00Z" }), "ready");
  assert.equal(of({ state: "done", endedAt: "2026-01-08T12:00:00Z" }), "degraded");
  assert.equal(
    of({ state: "failed", endedAt: "2026-01-09T12:00:00Z", problem: { code: "Conflict", message: "x" } }),
    "degraded",
  );
});
