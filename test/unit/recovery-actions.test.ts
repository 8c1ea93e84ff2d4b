import assert from "node:assert/strict";
import { test } from "node:test";
import { planRecovery, recoveryOrders } from "../../src/domain/recovery-actions.ts";
import type { RecoverableVm, RecoveryObservations } from "../../src/domain/recovery-observations.ts";
import { recoveryReport } from "../../src/domain/recovery-report.ts";
import { drilled, placedIn, recoveryVerify } from "../../src/domain/recovery-verify.ts";

const vm = (name: string, position: number): RecoverableVm => ({
  position,
  name,
  create: {
    ...{ name, cpus: 2, memoryBytes: 2 ** 30, firmware: "bios", architecture: "x86_64", publishPorts: [80] },
    instanceTypes: ["small", "large"],
    disks: [{ diskId: "disk0", bus: "virtio-blk", boot: true }],
    nics: [{ networkId: "net-1", mac: "52:54:00:00:00:01", address: "10.0.0.5" }],
    tags: { app: "shop" },
  },
  verify: { start: true, bootMarker: "login:", bootTimeoutMs: 1, tcpPorts: [80], httpProbes: [], probeTimeoutMs: 1 },
});

const sizes = ["small", "large"].map((name, index) => ({
  ...{ name, family: "general", cpus: 2 * (index + 1), memoryBytes: 2 ** 31, architectures: ["x86_64"] },
}));

/** A group of two at `b`, recovered at `a`: whatever else a test is about. */
function seen(more: { [Name in keyof RecoveryObservations]?: unknown } = {}): RecoveryObservations {
  const network = { networkId: "net-1", name: "net-1", active: true };
  return {
    request: { groupId: "g", mode: "failover", reason: "fire" },
    atMs: Date.parse("2026-01-01T00:05:00Z"),
    stopGraceMs: 60_000,
    group: {
      ...{ groupId: "g", name: "shop", workflowId: "protection/g", state: "protected", epoch: 3, currentSite: "a" },
      policy: { primarySite: "a", recoverySite: "b", rpoSeconds: 600, rtoSeconds: 60 },
      replicatesTo: "b",
      members: ["db", "web"].map((name, position) => ({ position, name, vmId: name, tags: {} })),
    },
    plan: {
      ...{ groupId: "g", version: 2, createdBy: "", createdAt: "2026-01-01T00:00:00Z" },
      bootGroups: [
        { name: "first", vms: [{ vm: "db" }], waitSeconds: 5 },
        { name: "second", vms: [{ vm: "web", placements: [["net-1"], ["net-2"]] }] },
      ],
      dns: [{ site: "b", zoneId: "z", name: "www.z", type: "A", vm: "web", port: 80 }],
    },
    point: { pointId: "g-p7", takenAt: "2026-01-01T00:00:00Z" },
    vms: [vm("db", 0), vm("web", 1)],
    target: {
      networks: [network, { ...network, networkId: "net-2" }],
      instanceTypes: sizes,
      quotas: [],
      ceilings: [],
      capabilityGaps: {},
      vmNames: [],
    },
    records: [
      {
        asked: { site: "b", zoneId: "z", name: "www.z", type: "A" },
        before: { ttlSeconds: 60, values: ["192.0.2.1"] },
      },
    ],
    pools: [],
    ...more,
  } as unknown as RecoveryObservations;
}
const failed = (all: RecoveryObservations) =>
  planRecovery(all)
    .checks.filter(({ result }) => result === "fail")
    .map(({ check, detail }) => `${check}: ${detail}`);
const target = (more: object) => ({ target: { ...seen().target, ...more } });

test("a failover fences, freezes, brings up in order, hands over and leads users there", () => {
  const plan = planRecovery(seen());
  assert.deepEqual(
    plan.actions.map(({ action }) => action),
    ["fence", "freeze-point", "boot-group", "recover-vm", "boot-group", "recover-vm", "hand-over", "shift-record"],
  );
  assert.equal(plan.executable, true, JSON.stringify(plan.checks));
  assert.deepEqual(plan.observed[0], { site: "b", kind: "protection-group", id: "g", version: "3" });
  const orders = recoveryOrders(plan);
  assert.deepEqual([orders.from, orders.to, orders.epoch, orders.recoveryPlanVersion], ["a", "b", 3, 2]);
  assert.deepEqual(orders.freeze, { final: false });
  assert.deepEqual(
    orders.bootGroups.map(({ name, after, waitSeconds }) => [name, after, waitSeconds]),
    [
      ["first", [], 5],
      ["second", ["first"], 0],
    ],
  );
  assert.deepEqual(
    orders.vms.map(({ vm: name, position, bootGroup }) => [name, position, bootGroup]),
    [
      ["db", 0, "first"],
      ["web", 1, "second"],
    ],
  );
  assert.equal(orders.records[0]?.lowTtlSeconds, 30);
});

test("a drill touches neither the site that serves nor records, and asks nobody where it can't be reached", () => {
  const request = { groupId: "g", mode: "drill", reason: "monthly" };
  const gaps = { "network.isolated-probes": "nobody reaches in" };
  const plan = planRecovery(seen({ request, ...target({ capabilityGaps: gaps }) }));
  const actions = plan.actions.map(({ action }) => action);
  assert.deepEqual(actions, ["freeze-point", "boot-group", "recover-vm", "boot-group", "recover-vm", "tear-down"]);
  assert.deepEqual(recoveryOrders(plan).vms[0]?.verify, { tcpProbes: [], httpProbes: [] });
  const refused = failed(seen({ request, ...target({ capabilityGaps: { "network.isolated": "it has none" } }) }));
  assert.match(refused.join(), /isolated-network/);
});

test("what speaks against a recovery fails its plan with the reason", () => {
  const { group } = seen();
  assert.match(failed(seen({ point: { missing: "none is complete" } })).join(), /recovery-point: .*none is complete/);
  assert.match(failed(seen({ target: { unreachable: "no answer" } })).join(), /recovery-site: .*no answer/);
  assert.match(failed(seen(target({ networks: [] }))).join(), /target-network: b has no active network net-1 for db/);
  assert.match(failed(seen(target({ instanceTypes: [] }))).join(), /target-size: b has no size small, large/);
  const ceilings = [{ name: "max_vms", limit: 4, used: 3, unit: "VMs" }];
  assert.match(failed(seen(target({ ceilings }))).join(), /target-ceiling: b: 3 of 4 VMs/);
  const quotas = [{ quota: "cpus", title: "vCPUs", limit: 5, used: 2, unit: "vCPUs", instanceFamilies: ["general"] }];
  assert.match(failed(seen(target({ quotas }))).join(), /target-quota: .*4 would come/);
  const held = { ...group, takeover: { failoverId: "other", since: "" } };
  assert.match(failed(seen({ group: held })).join(), /group-free: Failover other holds shop/);
  assert.match(
    failed(seen({ group: { ...group, state: "unprotected", replicatesTo: undefined } })).join(),
    /group-protected/,
  );
  const earlier = { groupId: "g", mode: "failover", reason: "fire", epoch: 2 };
  assert.match(failed(seen({ request: earlier })).join(), /group-epoch: shop was failed over since/);
  const request = { groupId: "g", mode: "switchover", reason: "works" };
  assert.match(failed(seen({ request, sourceUnreachable: "no route" })).join(), /primary-site: .*no route/);
});

test("a point that is older than the objective is told of, and keeps nobody from saving what there is", () => {
  const plan = planRecovery(seen({ atMs: Date.parse("2026-01-01T01:00:00Z") }));
  assert.deepEqual(
    plan.checks.filter(({ check }) => check === "recovery-point").map(({ result }) => result),
    ["warn"],
  );
  assert.equal(plan.executable, true);
});

test("what was measured counts from the decision, and what was lost from the outage", () => {
  const decidedMs = Date.parse("2026-01-01T00:10:00Z");
  const run = {
    ...{ decidedMs, provenMs: decidedMs + 90_000, vms: [] },
    point: { pointId: "p", takenAt: "2026-01-01T00:00:00Z" },
    policy: { rpoSeconds: 1, rtoSeconds: 2 },
  };
  const of = (mode: "failover" | "switchover", outageAt?: string) => recoveryReport({ ...run, mode, outageAt });
  // Where nobody knows when it began, the old site may have written until it was fenced.
  assert.equal(recoveryReport({ ...run, mode: "failover", fencedMs: decidedMs + 5_000 }).rpoSeconds, 605);
  assert.deepEqual([of("failover").rtoSeconds, of("failover").rpoSeconds], [90, 600]);
  assert.equal(of("failover", "2026-01-01T00:04:00Z").rpoSeconds, 240);
  assert.equal(of("switchover").rpoSeconds, 0);
});

test("a VM is placed, verified and drilled as the plan says", () => {
  const { create, verify } = vm("web", 0);
  assert.deepEqual(placedIn(create, ["net-2"]).nics, [{ networkId: "net-2", mac: "52:54:00:00:00:01" }]);
  assert.deepEqual(placedIn(create, ["net-1"]).nics, create.nics);
  assert.equal(recoveryVerify(verify, { bootProof: false }).bootMarker, undefined);
  assert.deepEqual(recoveryVerify(verify, { tcpProbes: [] }).tcpPorts, []);
  assert.deepEqual(recoveryVerify(verify, { httpProbes: [{ port: 80, path: "/" }] }).httpProbes, [
    { port: 80, path: "/", expectStatus: 200 },
  ]);
  assert.deepEqual(
    [drilled(create).name, drilled(create).nics],
    ["web-drill", [{ networkId: "", mac: "52:54:00:00:00:01" }]],
  );
});
