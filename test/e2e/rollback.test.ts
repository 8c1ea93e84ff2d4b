import assert from "node:assert/strict";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ApplicationFailure } from "@temporalio/common";
import type { Plan } from "../../src/domain/plan.ts";
import { type Lab, startLab } from "../support/lab.ts";

const MiB = 2 ** 20;
/** Every activity on the forward path, in order; a fault in each must leave nothing at the target. */
const forward = [
  "openPlan",
  "checkNetworks",
  "fenceVm",
  "takePoint",
  "copyDisk",
  "sealDisk",
  "proveDisk",
  "materialiseDisk",
  "createVm",
  "verifyVm",
  "adoptPoint",
  "releasePoint",
  "writeCertificate",
] as const;

type AnyActivity = (...args: never[]) => Promise<unknown>;
type Fault = { activity: string; when: "before" | "after" } | undefined;

let lab: Lab;
let vmId: string;
let fault: Fault;
let afterSeal: ((generationId: string) => void) | undefined;
/** Sizes that the plan pins, as for a cloud, and those that the site has no capacity for. */
let sizes: readonly string[] | undefined;
let soldOut: readonly string[] = [];

before(async () => {
  lab = await startLab();
  const vm = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", {
    site: "onprem-a",
    name: "two-disks",
    disks: [
      { sizeBytes: 16 * MiB, dataBytes: 3 * MiB },
      { sizeBytes: 16 * MiB + 512, dataBytes: 1 * MiB },
    ],
  });
  vmId = vm.vmId;
  await lab.startWorker((activities) =>
    Object.fromEntries(
      Object.entries(activities).map(([name, activity]) => [name, withFault(name, activity as AnyActivity)]),
    ),
  );
});

after(() => lab?.close());

function withFault(name: string, activity: AnyActivity): AnyActivity {
  return async (...args) => {
    const here = fault?.activity === name ? fault.when : undefined;
    if (here === "before") throw injected(name);
    const { instanceType = "" } = args[0] as unknown as { instanceType?: string };
    if (name === "createVm" && soldOut.includes(instanceType)) {
      throw ApplicationFailure.nonRetryable(`no ${instanceType} left`, "InsufficientCapacity");
    }
    const result = await activity(...args);
    if (name === "openPlan" && sizes) return withSizes(result as Plan, sizes);
    if (name === "sealDisk") afterSeal?.((args[0] as unknown as { generationId: string }).generationId);
    if (here === "after") throw injected(name);
    return result;
  };
}

function withSizes(plan: Plan, instanceTypes: readonly string[]): Plan {
  const actions = plan.actions.map((action) =>
    action.action === "create-vm" ? { ...action, parameters: { ...action.parameters, instanceTypes } } : action,
  );
  return { ...plan, actions };
}

/** Changes one byte of the disk's first cluster behind everybody's back, as failing storage would. */
function spoil(generationId: string): void {
  const storage = join(lab.dir, "sites/onprem-b/storage/layers");
  const image = readdirSync(storage).find((name) => name.startsWith(generationId) && name.endsWith(".qcow2"));
  assert.ok(image, `an image of ${generationId}`);
  const path = join(storage, image);
  const bytes = readFileSync(path);
  // qcow2: the first L1 entry names the L2 table, whose first entry names the cluster.
  const entry = (at: number): number => Number(bytes.readBigUInt64BE(at) & 0x00fffffffffffe00n);
  const cluster = entry(entry(Number(bytes.readBigUInt64BE(40))));
  bytes.writeUInt8(bytes.readUInt8(cluster) ^ 1, cluster);
  chmodSync(path, 0o640);
  writeFileSync(path, bytes);
  chmodSync(path, 0o440);
}

function injected(name: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(`injected at ${name}`, "QuotaExceeded");
}

/** Of both sites: what a move keeps at its source has to go too. */
function censuses(): Promise<string[][]> {
  return Promise.all([lab.census("onprem-a"), lab.census("onprem-b")]);
}

async function sourceNow() {
  const provider = await lab.deps.registry.provider("onprem-a");
  const { tags, state, disks } = await provider.compute.getVm(vmId, AbortSignal.timeout(10_000));
  return { tags, state, disks: disks.map((disk) => [disk.diskId, disk.sizeBytes]) };
}

describe("a fault in each step", () => {
  for (const activity of forward) {
    for (const when of ["before", "after"] as const) {
      test(`${when} ${activity}: the target is empty again and the source as it was`, async () => {
        const censusBefore = await censuses();
        const sourceBefore = await sourceNow();
        fault = { activity, when };
        const id = await lab.migrate({ vm: vmId, from: "onprem-a", to: "onprem-b" });
        const view = await lab.until(id, "rolled-back", "failed", "awaiting-finalize");
        fault = undefined;
        assert.equal(view.state, "rolled-back", JSON.stringify(view.problem));
        assert.equal(view.problem?.code, "QuotaExceeded");
        assert.match(view.problem?.message ?? "", new RegExp(`injected at ${activity}`));
        assert.deepEqual(await censuses(), censusBefore);
        assert.deepEqual(await sourceNow(), sourceBefore);
      });
    }
  }

  test("a byte that changed at the target is found: both sides are kept, the source is free, a rollback clears up", async () => {
    const censusBefore = await lab.census("onprem-b");
    const sourceBefore = await sourceNow();
    afterSeal = spoil;
    const id = await lab.migrate({ vm: vmId, from: "onprem-a", to: "onprem-b" });
    const view = await lab.until(id, "failed");
    afterSeal = undefined;
    assert.equal(view.problem?.code, "IntegrityFailure");
    assert.equal(view.problem?.step, "prove");
    const differing = view.problem?.facts?.differing as { offset: number; length: number }[];
    assert.deepEqual(differing[0], { offset: 0, length: 512 * 1024 });
    assert.match(view.problem?.leftBehind?.[0]?.remove ?? "", new RegExp(`migrations rollback ${id}`));
    assert.deepEqual(await sourceNow(), sourceBefore);
    assert.ok((await lab.census("onprem-b")).length > censusBefore.length, "the evidence is kept");
    await lab.client.workflow.getHandle(`migration/${id}`).executeUpdate("rollback");
    assert.equal((await lab.until(id, "rolled-back")).state, "rolled-back");
    assert.deepEqual(await lab.census("onprem-b"), censusBefore);
  });

  test("a size that is sold out makes way for the plan's next one, and none but the plan's is tried", async () => {
    const censusBefore = await censuses();
    sizes = ["small.1", "small.2", "small.3"];
    soldOut = ["small.1", "small.2"];
    const id = await lab.migrate({ vm: vmId, from: "onprem-a", to: "onprem-b" });
    await lab.until(id, "awaiting-finalize");
    const notes = (await lab.store.migrations.events(id, 0, 1_000)).map(({ message }) => message);
    assert.deepEqual(
      notes.filter((message) => message.startsWith("No capacity")),
      [
        "No capacity for small.1 at onprem-b, small.2 is tried next: no small.1 left",
        "No capacity for small.2 at onprem-b, small.3 is tried next: no small.2 left",
      ],
    );
    await lab.client.workflow.getHandle(`migration/${id}`).executeUpdate("rollback");
    await lab.until(id, "rolled-back");
    assert.deepEqual(await censuses(), censusBefore);
    soldOut = sizes;
    const none = await lab.migrate({ vm: vmId, from: "onprem-a", to: "onprem-b" });
    const view = await lab.until(none, "rolled-back");
    [sizes, soldOut] = [undefined, []];
    assert.equal(view.problem?.code, "InsufficientCapacity");
    assert.match(view.problem?.message ?? "", /no small\.3 left/);
    assert.deepEqual(await censuses(), censusBefore);
  });

  test("without a fault it arrives, and a rollback by hand empties the target again", async () => {
    const censusBefore = await censuses();
    const sourceBefore = await sourceNow();
    const id = await lab.migrate({ vm: vmId, from: "onprem-a", to: "onprem-b" });
    const view = await lab.until(id, "awaiting-finalize");
    assert.equal(view.disks.length, 2);
    assert.ok((await lab.census("onprem-b")).length > (censusBefore[1]?.length ?? 0));
    await lab.client.workflow.getHandle(`migration/${id}`).executeUpdate("rollback");
    assert.equal((await lab.until(id, "rolled-back")).state, "rolled-back");
    assert.deepEqual(await censuses(), censusBefore);
    assert.deepEqual(await sourceNow(), sourceBefore);
  });

  test("a freeze in mid-run lets it finish and be taken back; a run that begins under it changes nothing", async () => {
    const censusBefore = await censuses();
    const sourceBefore = await sourceNow();
    const { guard, audit } = lab.store;
    let frozen: Promise<unknown> | undefined;
    afterSeal = () => {
      frozen ??= guard.freeze("test", "in the middle of a move");
    };
    const id = await lab.migrate({ vm: vmId, from: "onprem-a", to: "onprem-b" });
    try {
      assert.equal((await lab.until(id, "awaiting-finalize", "rolled-back", "failed")).state, "awaiting-finalize");
      await frozen;
      afterSeal = undefined;
      await lab.client.workflow.getHandle(`migration/${id}`).executeUpdate("rollback");
      await lab.until(id, "rolled-back");
      assert.deepEqual(await sourceNow(), sourceBefore);

      const late = await lab.migrate({ vm: vmId, from: "onprem-a", to: "onprem-b" });
      const view = await lab.until(late, "rolled-back", "failed", "awaiting-finalize");
      assert.deepEqual([view.state, view.problem?.code], ["rolled-back", "PolicyBlocked"]);
      assert.deepEqual(await censuses(), censusBefore);
      assert.deepEqual(await sourceNow(), sourceBefore);
    } finally {
      await guard.unfreeze();
    }
    const { items } = await audit.list({ limit: 200, workflowId: `migration/${id}`, outcome: "done" });
    const actions = items.map(({ entry }) => (JSON.parse(entry) as { action: string }).action).reverse();
    for (const name of ["fenceVm", "takePoint", "copyDisk", "createVm", "verifyVm", "removeByKey", "releaseSource"]) {
      assert.ok(actions.includes(`activity.${name}`), `${name} left a trail: ${actions.join(", ")}`);
    }
  });
});
