import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SeenMove } from "../../src/domain/finalize-observations.ts";
import { planFinalize } from "../../src/domain/finalize-plan.ts";
import type { Vm } from "../../src/domain/vm.ts";

const size = { sizeBytes: 2 ** 24, bus: "virtio-blk" as const, boot: true };
const vm: Vm = {
  vmId: "vm-1",
  site: "a",
  name: "web-1",
  state: "stopped",
  cpus: 1,
  memoryBytes: 2 ** 28,
  firmware: "bios",
  architecture: "x86_64",
  disks: [{ diskId: "vda", volumeId: "v-1", ...size }],
  nics: [],
  publishPorts: [],
  endpoints: [],
  tags: { "novacron:fenced-by": "m" },
};
const moved: SeenMove = {
  migrationId: "m",
  vmName: "web-1",
  sourceSite: "a",
  sourceVmId: "vm-1",
  targetSite: "b",
  fenced: true,
  leftVolumes: [],
  movedVolumes: { vda: "v-1", vdb: "v-2" },
  sharedVolumes: {},
  snapshots: [],
  addresses: [],
  points: [],
  prices: {},
};
const successor = { site: "b", vmId: "vm-2" };
const planned = (move: SeenMove) => planFinalize({ migrationId: "m", state: "awaiting-finalize", moves: [move] });
const failures = (plan: ReturnType<typeof planned>) =>
  plan.checks.filter(({ result }) => result === "fail").map(({ check }) => check);
const going = ({ actions }: ReturnType<typeof planned>) => actions.map(({ resource: { kind, id } }) => `${kind} ${id}`);

describe("the plan of a finalize", () => {
  test("is refused while nothing of what the VM became is there; of a copy's source nothing goes anyway", () => {
    assert.deepEqual(failures(planned({ ...moved, vm, successor })), []);
    assert.deepEqual(failures(planned({ ...moved, vm })), ["successor-there"]);
    assert.deepEqual(failures(planned({ ...moved, vm, fenced: false })), []);
  });

  test("has the moved disks that outlived their VM, but for those that another one uses", () => {
    const leftVolumes = ["v-1", "v-2"].map((volumeId) => ({ volumeId, sizeBytes: 2 ** 24 }));
    const plan = planned({ ...moved, successor, leftVolumes, sharedVolumes: { "v-2": "db-1" } });
    assert.deepEqual([going(plan), plan.inputs.stays], [["volume v-1"], ["a/volume/v-2"]]);
    assert.match(plan.actions[0]?.detail ?? "", /disk vda of web-1/);
  });
});
