import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Plan } from "../../src/domain/plan.ts";
import type { PreparationChange } from "../../src/domain/preparation.ts";
import { planTest, type TestObservations } from "../../src/domain/test-plan.ts";

const resource = { site: "b", kind: "vm", id: "web-1" };
const tags = {
  env: "prod",
  "novacron:lineage": "l-1",
  "novacron:former-shape": "old",
  "novacron:boot-marker": "READY",
};
const create = {
  name: "web-1",
  nics: [{ networkId: "lan", mac: "52:54:00:00:00:01" }, { networkId: "dmz" }],
  securityGroups: ["open"],
  publicAddress: true,
  publishPorts: [22, 8080],
  disks: [],
  tags,
};
const verify = {
  start: false,
  stayOffBecause: "it was off",
  bootTimeoutMs: 9,
  tcpPorts: [],
  httpProbes: [],
  probeTimeoutMs: 9,
};
const base: Plan = {
  kind: "migrate-vm",
  planId: "p-1",
  hash: "h",
  createdAt: "2030-01-01T00:00:00Z",
  inputs: { vm: "vm-1", vmName: "web-1", from: "a", to: "b" },
  observed: [
    { site: "a", kind: "vm", id: "vm-1", version: "1" },
    { site: "b", kind: "network", id: "lan", version: "active" },
  ],
  choices: [],
  actions: [
    { action: "copy-disk", resource, detail: "Copy vda", parameters: { diskId: "vda" } },
    { action: "create-vm", resource, detail: "Create it", parameters: create },
    { action: "verify-vm", resource, detail: "Look", parameters: verify },
  ],
  subjects: [{ site: "a", tags }],
  checks: [],
  estimates: { bytesToMove: 7, bytesNominal: 9, basis: "assumed" },
  executable: true,
};

const planned = (over: Partial<TestObservations> = {}) =>
  planTest({
    request: { vm: "web-1", from: "a", to: "b" },
    base,
    source: { ownWorkersOnly: false },
    target: { capabilityGaps: {} },
    ...over,
  });
const parametersOf = (plan: ReturnType<typeof planned>, name: string) =>
  plan.actions.find(({ action }) => action === name)?.parameters ?? {};
const failures = (plan: ReturnType<typeof planned>) =>
  plan.checks.filter(({ result }) => result === "fail").map(({ check }) => check);

describe("the plan of a test", () => {
  test("is of the VM that the move would make, off its networks and without what is about the real one", () => {
    const made = parametersOf(planned(), "create-vm");
    assert.equal(made.name, "web-1-test");
    assert.deepEqual(made.nics, [{ networkId: "", mac: "52:54:00:00:00:01" }]);
    assert.deepEqual(made.publishPorts, []);
    assert.deepEqual(made.tags, { env: "prod", "novacron:boot-marker": "READY" });
    assert.ok(!("securityGroups" in made) && !("publicAddress" in made));
  });

  test("starts it though the VM is off, looks for what says that it works, and forwards only what is probed", () => {
    const request = { vm: "web-1", from: "a", to: "b", verify: { httpProbes: [{ port: 80, path: "/" }] } };
    const plan = planned({ request });
    assert.deepEqual(
      [parametersOf(plan, "verify-vm").start, parametersOf(plan, "verify-vm").bootMarker],
      [true, "READY"],
    );
    assert.deepEqual(parametersOf(plan, "create-vm").publishPorts, [80]);
  });

  test("copies where no migration replicates, and rests on the source then; a replica is cloned as it is", () => {
    assert.deepEqual(planned().observed, [base.observed[0]]);
    const migration = { migrationId: "m", state: "awaiting-cutover", rounds: 2 };
    const plan = planned({ request: { migrationId: "m" }, migration });
    assert.deepEqual([plan.observed, plan.estimates.bytesToMove], [[], 0]);
    assert.ok(!plan.actions.some(({ action }) => action === "copy-disk"));
    assert.ok(plan.executable);
    for (const other of [{ state: "awaiting-finalize" }, { rounds: 0 }]) {
      assert.deepEqual(failures(planned({ migration: { ...migration, ...other } })), ["test-replica"]);
    }
  });

  test("fails with the site's reason where it can't be cut off, started, or reached by its probes", () => {
    const capabilityGaps = { "network.isolated": "no networks", "network.isolated-probes": "no way in" };
    assert.deepEqual(failures(planned({ target: { capabilityGaps } })), ["test-isolated"]);
    const probing = { vm: "web-1", from: "a", to: "b", verify: { tcpProbes: [{ port: 22 }] } };
    const gaps = { ...capabilityGaps, "compute.start": "no hypervisor" };
    assert.deepEqual(failures(planned({ request: probing, target: { capabilityGaps: gaps } })), [
      "test-start",
      "test-isolated",
      "test-probes",
    ]);
  });

  test("prepares a guest as its move would, on top of what is tested", () => {
    const place = { volume: "partition 1", path: "etc/fstab", reason: "its names follow the controller" };
    const change: PreparationChange = {
      ...place,
      change: "device-names",
      rename: [{ from: "/dev/vda1", to: "UUID=1" }],
    };
    const copied = { diskId: "vda", replicaId: "r", targetSizeBytes: 2 ** 30, encryptionKey: "key" };
    const actions = [
      ...base.actions.filter(({ action }) => action !== "copy-disk"),
      { action: "copy-disk", resource, detail: "Copy it", parameters: copied },
      { action: "prepare-disk", resource, detail: "Prepare it", parameters: { diskId: "vda", changes: [change] } },
    ];
    const of = (more: object) => planned({ base: { ...base, actions }, ...more });
    const prepared = { diskId: "vda", changes: [change], replicaId: "r", sizeBytes: 2 ** 30, encryptionKey: "key" };
    const migration = { migrationId: "m", state: "awaiting-cutover", rounds: 1 };
    for (const plan of [of({}), of({ request: { migrationId: "m" }, migration })]) {
      assert.ok(plan.executable);
      const names = plan.actions.map(({ action }) => action);
      assert.ok(names.indexOf("prepare-disk") < names.indexOf("clone-points"));
      assert.deepEqual(plan.actions.find(({ action }) => action === "prepare-disk")?.parameters, prepared);
    }
  });

  test("fails where only the source's own workers could copy, but not of a replica", () => {
    const source = { ownWorkersOnly: true };
    assert.deepEqual(failures(planned({ source })), ["test-source"]);
    const migration = { migrationId: "m", state: "awaiting-cutover", rounds: 1 };
    assert.deepEqual(failures(planned({ source, request: { migrationId: "m" }, migration })), []);
  });

  test("lives an hour beside copy and hold, and warns where a given life is shorter than these", () => {
    const slow = { ...base, estimates: { ...base.estimates, seconds: 7000.2 } };
    const request = { vm: "web-1", from: "a", to: "b", holdSeconds: 60 };
    const warned = (plan: ReturnType<typeof planned>) => plan.checks.filter(({ result }) => result === "warn");
    const plan = planned({ base: slow, request });
    assert.deepEqual([parametersOf(plan, "tear-down").maxLifeSeconds, plan.estimates.seconds], [10_661, 7000.2]);
    assert.deepEqual(warned(plan), []);
    const short = planned({ base: slow, request: { ...request, maxLifeSeconds: 7061 } });
    assert.deepEqual([warned(short).map(({ check }) => check), short.executable], [["test-life"], true]);
    const migration = { migrationId: "m", state: "awaiting-cutover", rounds: 1 };
    assert.deepEqual(
      warned(planned({ base: slow, request: { migrationId: "m", maxLifeSeconds: 600 }, migration })),
      [],
    );
  });

  test("ends: its life is an hour beside the time that it is held up", () => {
    const request = { vm: "web-1", from: "a", to: "b", holdSeconds: 60 };
    assert.deepEqual(parametersOf(planned({ request }), "tear-down"), { holdSeconds: 60, maxLifeSeconds: 3660 });
  });
});
