import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ApplicationFailure } from "@temporalio/common";
import type { Site } from "../../../bench/lib/stack-lab.ts";
import type { CreateVmParameters } from "../../../src/domain/migration-parts.ts";
import { actionParameters } from "../../../src/domain/migration-plan.ts";
import type { Plan } from "../../../src/domain/plan.ts";
import { type Lab, startLab } from "../../support/lab.ts";

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

/** Two sites, and how a VM with two disks comes to the first of them. */
export interface Route {
  readonly from: Site;
  readonly to: Site;
  /** Leaves it off or running, as it is to be again after each failure; returns its id. */
  makeVm(lab: Lab): Promise<string>;
  /** What a site holds by its own count, where it can be asked behind the product's back. */
  readonly outside?: (lab: Lab) => Promise<string[]>;
  /** Where the test can get at the target's files: changes a byte of a sealed generation behind everybody's back. */
  readonly spoil?: (lab: Lab, generationId: string) => void;
}

/** A stopped VM at a KVM host of the sandbox: small disks, one of an odd size. */
export async function twoDisks(lab: Lab): Promise<string> {
  const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", {
    site: "onprem-a",
    name: "two-disks",
    disks: [
      { sizeBytes: 16 * MiB, dataBytes: 3 * MiB },
      { sizeBytes: 16 * MiB + 512, dataBytes: 1 * MiB },
    ],
  });
  return vmId;
}

/** Turns a VM on that has nothing to boot: its machine runs. */
export async function startedAt(lab: Lab, site: Site, vmId: string): Promise<string> {
  const provider = await lab.deps.registry.provider(site);
  const { state } = await provider.compute.startVm(vmId, AbortSignal.timeout(30_000));
  assert.equal(state, "running");
  return vmId;
}

/** A move that fails in each of its steps, before it acts and after, leaves both sites as they were. */
export function rollbackSuite({ from, to, makeVm, outside, spoil }: Route): void {
  let lab: Lab;
  let vmId: string;
  let approved: Plan;
  let runs = 0;
  let fault: Fault;
  let afterSeal: ((generationId: string) => void) | undefined;
  /** Sizes that the plan pins, as for a cloud, and those that the site has no capacity for. */
  let sizes: readonly string[] | undefined;
  let soldOut: readonly string[] = [];

  before(async () => {
    lab = await startLab();
    await lab.startWorker((activities) =>
      Object.fromEntries(
        Object.entries(activities).map(([name, activity]) => [name, withFault(name, activity as AnyActivity)]),
      ),
    );
    vmId = await makeVm(lab);
    approved = await lab.plan(wish());
  });

  after(() => lab?.close());

  function withFault(name: string, activity: AnyActivity): AnyActivity {
    return async (...args) => {
      const here = fault?.activity === name ? fault.when : undefined;
      if (here === "before") throw injected(name);
      const { instanceType = "" } = (args[0] ?? {}) as { instanceType?: string };
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

  /** What has no guest neither boots nor listens to a shutdown. */
  const wish = () => ({ vm: vmId, from, to, stopGraceMs: 0, verify: { bootProof: false } });

  /** Carries out the one plan once more: had an earlier run left anything otherwise than it was, this one would refuse it. */
  async function moveAgain(): Promise<string> {
    const plan = { ...approved, planId: `${approved.planId}-${++runs}` };
    await lab.store.plans.insert(plan);
    return lab.execute(plan);
  }

  /** Of both sites: what a move keeps at its source has to go too. */
  function censuses(): Promise<string[][]> {
    return Promise.all([lab.census(from), lab.census(to), ...(outside ? [outside(lab)] : [])]);
  }

  async function sourceNow() {
    const provider = await lab.deps.registry.provider(from);
    const { tags, state, disks } = await provider.compute.getVm(vmId, AbortSignal.timeout(10_000));
    return { tags, state, disks: disks.map((disk) => [disk.diskId, disk.sizeBytes]) };
  }

  describe(`a fault in each step from ${from} to ${to}`, () => {
    for (const activity of forward) {
      for (const when of ["before", "after"] as const) {
        test(`${when} ${activity}: the target is empty again and the source as it was`, async () => {
          const censusBefore = await censuses();
          const sourceBefore = await sourceNow();
          fault = { activity, when };
          const id = await moveAgain();
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

    if (spoil)
      test("a byte that changed at the target is found: both sides are kept, the source is free, a rollback clears up", async () => {
        const censusBefore = await lab.census(to);
        const sourceBefore = await sourceNow();
        afterSeal = (generationId) => spoil(lab, generationId);
        const id = await lab.migrate(wish());
        const view = await lab.until(id, "failed");
        afterSeal = undefined;
        assert.equal(view.problem?.code, "IntegrityFailure");
        assert.equal(view.problem?.step, "prove");
        const differing = view.problem?.facts?.differing as { offset: number; length: number }[];
        assert.deepEqual(differing[0], { offset: 0, length: 512 * 1024 });
        assert.match(view.problem?.leftBehind?.[0]?.remove ?? "", new RegExp(`migrations rollback ${id}`));
        assert.deepEqual(await sourceNow(), sourceBefore);
        assert.ok((await lab.census(to)).length > censusBefore.length, "the evidence is kept");
        await lab.client.workflow.getHandle(`migration/${id}`).executeUpdate("rollback");
        assert.equal((await lab.until(id, "rolled-back")).state, "rolled-back");
        assert.deepEqual(await lab.census(to), censusBefore);
      });

    test("a size that is sold out makes way for the plan's next one, and none but the plan's is tried", async () => {
      const censusBefore = await censuses();
      const plan = await lab.plan(wish());
      const pinned = actionParameters<CreateVmParameters>(plan, "create-vm").instanceTypes;
      const names = pinned ?? ["small.1", "small.2", "small.3"];
      const [first, second, third] = names;
      sizes = pinned ? undefined : names;
      soldOut = names.slice(0, 2);
      const id = await lab.execute(plan);
      await lab.until(id, "awaiting-finalize");
      const notes = (await lab.store.migrations.events(id, 0, 1_000)).map(({ message }) => message);
      assert.deepEqual(
        notes.filter((message) => message.startsWith("No capacity")),
        [
          `No capacity for ${first} at ${to}, ${second} is tried next: no ${first} left`,
          `No capacity for ${second} at ${to}, ${third} is tried next: no ${second} left`,
        ],
      );
      await lab.client.workflow.getHandle(`migration/${id}`).executeUpdate("rollback");
      await lab.until(id, "rolled-back");
      assert.deepEqual(await censuses(), censusBefore);
      soldOut = names;
      const none = await lab.migrate(wish());
      const view = await lab.until(none, "rolled-back");
      [sizes, soldOut] = [undefined, []];
      assert.equal(view.problem?.code, "InsufficientCapacity");
      assert.match(view.problem?.message ?? "", new RegExp(`no ${names.at(-1)} left`));
      assert.deepEqual(await censuses(), censusBefore);
    });

    test("without a fault it arrives, and a rollback by hand empties the target again", async () => {
      const censusBefore = await censuses();
      const sourceBefore = await sourceNow();
      const id = await lab.migrate(wish());
      const view = await lab.until(id, "awaiting-finalize");
      assert.equal(view.disks.length, 2);
      assert.ok((await lab.census(to)).length > (censusBefore[1]?.length ?? 0));
      const { vms } = lab.store;
      assert.match((await vms.get(to, view.vm.targetVmId ?? "")) ?? "", /"vm_id"/, "the inventory has it at once");
      assert.match((await vms.get(from, vmId)) ?? "", new RegExp(`"novacron:fenced-by":"${id}"`));
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
      const id = await lab.migrate(wish());
      try {
        assert.equal((await lab.until(id, "awaiting-finalize", "rolled-back", "failed")).state, "awaiting-finalize");
        await frozen;
        afterSeal = undefined;
        await lab.client.workflow.getHandle(`migration/${id}`).executeUpdate("rollback");
        await lab.until(id, "rolled-back");
        assert.deepEqual(await sourceNow(), sourceBefore);

        const late = await lab.migrate(wish());
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
}

function withSizes(plan: Plan, instanceTypes: readonly string[]): Plan {
  const actions = plan.actions.map((action) =>
    action.action === "create-vm" ? { ...action, parameters: { ...action.parameters, instanceTypes } } : action,
  );
  return { ...plan, actions };
}

function injected(name: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(`injected at ${name}`, "QuotaExceeded");
}
