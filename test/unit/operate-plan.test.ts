import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { InstanceType } from "../../src/domain/instance-type.ts";
import type { SeenVm } from "../../src/domain/operate-decision.ts";
import { planOperation } from "../../src/domain/operate-plan.ts";
import { type OperateVmsRequest, operationEnd, operationItems } from "../../src/domain/operation.ts";
import { canonicalJson, planContent } from "../../src/domain/plan.ts";
import { tagKeys, type Vm } from "../../src/domain/vm.ts";

const GiB = 2 ** 30;

function vm(name: string, more: Partial<Vm> = {}): Vm {
  return {
    vmId: `id-${name}`,
    site: "a",
    name,
    state: "running",
    cpus: 2,
    memoryBytes: 4 * GiB,
    firmware: "bios",
    architecture: "x86_64",
    disks: [{ diskId: "vda", volumeId: `${name}-vda`, sizeBytes: GiB, bus: "virtio-blk", boot: true }],
    nics: [],
    publishPorts: [],
    endpoints: [],
    tags: {},
    ...more,
  };
}

function seen(name: string, more: Partial<Vm> = {}, around: Partial<SeenVm> = {}): SeenVm {
  return { site: "a", asked: name, vm: vm(name, more), capabilityGaps: {}, ...around };
}

function plan(action: OperateVmsRequest["action"], vms: SeenVm[], more: Partial<OperateVmsRequest> = {}) {
  const request = { action, vms: vms.map(({ site, asked }) => ({ site, vm: asked })), ...more };
  return planOperation({ request, defaults: { stopGraceMs: 60_000 }, vms });
}

const failed = ({ checks }: ReturnType<typeof plan>) => checks.filter(({ result }) => result === "fail");

describe("a plan for VMs", () => {
  test("is the same for the same observations, and another when what was seen changed", () => {
    const text = (cpus: number) => canonicalJson(planContent(plan("stop", [seen("web", { cpus })])));
    assert.equal(text(2), text(2));
    assert.notEqual(text(2), text(3));
  });

  test("has nothing to do to what is as asked, and can be executed all the same", () => {
    const stopped = plan("stop", [seen("web", { state: "stopped" })]);
    assert.deepEqual([stopped.actions, stopped.executable], [[], true]);
    const started = plan("start", [seen("web")]);
    assert.deepEqual([started.actions, started.executable], [[], true]);
  });

  test("leaves out what can't be, with the reason, and can't be executed when nothing is left", () => {
    const held = seen("held", { state: "stopped", tags: { [tagKeys.fencedBy]: "m1" } });
    const folder = seen("cold", { state: "stopped" }, { capabilityGaps: { "compute.start": "it has no hypervisor" } });
    const gone: SeenVm = { site: "a", asked: "gone", capabilityGaps: {}, missing: "No VM at a is called gone" };
    const all = plan("start", [held, folder, gone, seen("web", { state: "stopped" })]);
    assert.equal(all.executable, true);
    assert.deepEqual(
      all.actions.map(({ detail }) => detail),
      ["Start web at a"],
    );
    const told = all.checks.filter(({ detail }) => detail.startsWith("Left out")).map(({ detail }) => detail);
    assert.equal(told.length, 3);
    assert.match(told.join("\n"), /migration m1[^]*no hypervisor[^]*called gone/);
    assert.deepEqual(
      all.observed.map(({ id }) => id),
      ["id-web"],
    );
    const none = plan("start", [held, folder]);
    assert.deepEqual([none.executable, failed(none).length, none.actions.length], [false, 2, 0]);
  });

  test("does not touch either end of an unfinished migration, but for stopping it", () => {
    const arriving = seen("web", {}, { migrationId: "m2" });
    assert.equal(plan("delete", [arriving]).executable, false);
    assert.equal(plan("resize", [arriving], { cpus: 4, restart: true }).executable, false);
    assert.equal(plan("stop", [arriving]).executable, true);
  });

  test("gives each VM its steps in order, under one item", () => {
    const both = plan("resize", [seen("one"), seen("two", { state: "stopped" })], { cpus: 4, restart: true });
    assert.deepEqual(
      operationItems(both).map(({ name, vmId, steps }) => [name, vmId, steps.map(({ action }) => action)]),
      [
        ["one", "id-one", ["stop-vm", "resize-vm", "start-vm"]],
        ["two", "id-two", ["resize-vm"]],
      ],
    );
    const [one] = operationItems(both);
    assert.deepEqual(one?.steps[1], {
      action: "resize-vm",
      vmId: "id-one",
      size: { cpus: 4, memoryBytes: 4 * GiB },
      former: { cpus: 2, memoryBytes: 4 * GiB },
    });
  });
});

describe("a delete", () => {
  const around = {
    snapshots: [
      { snapshotId: "snap-1", volumeId: "web-vda" },
      { snapshotId: "snap-2", volumeId: "other" },
    ],
    addresses: [{ addressId: "eip-1", address: "192.0.2.7" }],
  };
  const stays = ({ choices }: ReturnType<typeof plan>) =>
    choices.filter(({ chosen }) => chosen === "stays").map(({ what }) => what);

  test("takes the disks along, and lists what stays", () => {
    const parts = plan("delete", [seen("web", { state: "stopped" }, around)]);
    assert.deepEqual(
      parts.actions.map(({ action, resource }) => [action, resource.id]),
      [
        ["delete-vm", "id-web"],
        ["delete-volume", "web-vda"],
      ],
    );
    assert.deepEqual(stays(parts), ["snapshot snap-1 of web-vda", "address 192.0.2.7 (eip-1)"]);
  });

  test("takes snapshots and addresses along when asked, and keeps disks when asked", () => {
    const all = plan("delete", [seen("web", {}, around)], { deleteSnapshots: true, releaseAddresses: true });
    assert.deepEqual(
      all.actions.map(({ action }) => action),
      ["delete-vm", "delete-volume", "delete-snapshot", "release-address"],
    );
    assert.deepEqual(stays(all), []);
    assert.match(JSON.stringify(all.checks), /is running; what its guest has not written is lost/);
    const kept = plan("delete", [seen("web", {}, around)], { keepDisks: true, deleteSnapshots: true });
    assert.deepEqual(
      kept.actions.map(({ action }) => action),
      ["delete-vm"],
    );
  });

  test("leaves a disk that another VM uses, and its snapshots", () => {
    const shared = { ...around, sharedVolumes: { "web-vda": "db" } };
    const parts = plan("delete", [seen("web", {}, shared)], { deleteSnapshots: true });
    assert.deepEqual(
      parts.actions.map(({ action }) => action),
      ["delete-vm"],
    );
    assert.match(stays(parts)[0] ?? "", /disk vda of web/);
  });
});

describe("a new size", () => {
  const type = (name: string, cpus: number, memory: number): InstanceType => ({
    name,
    family: name.split(".")[0] ?? name,
    cpus,
    memoryBytes: memory * GiB,
    architecture: "x86_64",
    firmwares: ["bios"],
    diskBus: "nvme",
    nicModel: "ena",
    burstable: false,
    gpus: 0,
    bareMetal: false,
  });
  const price = (item: string, micros: number) => ({
    provider: "aws",
    region: "r",
    kind: "instance" as const,
    item,
    terms: "on-demand" as const,
    above: 0,
    price: { micros, currency: "USD" },
    unit: "hour" as const,
    pricedOn: "2026-07-20",
    source: "list",
  });
  const sizes = {
    instanceTypes: [type("m.large", 2, 8), type("m.xlarge", 4, 16), type("c.xlarge", 4, 8), type("x.unpriced", 4, 8)],
    prices: { provider: "aws", region: "r", prices: [price("m.xlarge", 200_000), price("c.xlarge", 170_000)] },
  };
  const inCloud = { state: "stopped" as const, instanceType: "m.large", memoryBytes: 8 * GiB };

  test("is the cheapest of the site's that fits, with its month's price; what has no known price comes last", () => {
    const parts = plan("resize", [seen("web", inCloud, sizes)], { cpus: 4 });
    const [item] = operationItems(parts);
    assert.deepEqual(item?.steps[0], {
      action: "resize-vm",
      vmId: "id-web",
      size: { cpus: 4, memoryBytes: 8 * GiB, instanceType: "c.xlarge" },
      former: { cpus: 2, memoryBytes: 8 * GiB, instanceType: "m.large" },
    });
    assert.equal(parts.estimates.monthly?.total?.micros, 170_000 * 730);
    assert.equal(parts.estimates.seconds, undefined);
  });

  test("by name is taken whatever it costs, and is unknown in price where the list lacks it", () => {
    const parts = plan("resize", [seen("web", inCloud, sizes)], { instanceType: "x.unpriced" });
    assert.equal(parts.executable, true);
    assert.equal(parts.estimates.monthly?.complete, false);
    assert.equal(parts.estimates.monthly?.total, undefined);
    assert.equal(plan("resize", [seen("web", inCloud, sizes)], { instanceType: "z.none" }).executable, false);
  });

  test("of a running VM needs leave to restart it", () => {
    assert.match(failed(plan("resize", [seen("web")], { cpus: 4 }))[0]?.remedy ?? "", /--restart/);
  });
});

test("a run is done, partly done, failed or cancelled by what became of its VMs", () => {
  assert.equal(operationEnd({ total: 0, done: 0 }, false), "done");
  assert.equal(operationEnd({ total: 3, done: 3 }, true), "done");
  assert.equal(operationEnd({ total: 3, done: 2 }, false), "partly-done");
  assert.equal(operationEnd({ total: 3, done: 0 }, false), "failed");
  assert.equal(operationEnd({ total: 3, done: 1 }, true), "cancelled");
});
