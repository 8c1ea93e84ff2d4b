// Long because each way that a failover can take is told here, by the same small group.
import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import { ApplicationFailure } from "@temporalio/common";
import type { CompletePoint } from "../../src/domain/group-point.ts";
import type { RecoveryOrders } from "../../src/domain/recovery-actions.ts";
import type { RecoveryMode, RecoveryRun, RecoveryState } from "../../src/domain/recovery-run.ts";
import { startRecovery } from "../../src/temporal/start-failover.ts";
import {
  confirmFencedUpdate,
  giveUpUpdate,
  retryUpdate,
  stepDoneUpdate,
} from "../../src/workflows/fail-over/messages.ts";
import { registryOf, smallDeps, startServers, startSmallWorker } from "../support/small-worker.ts";

const { store, client, temporalAddress } = await startServers();
const [from, to] = ["onprem-a", "onprem-b"];

/** What was asked of the sites, in order. */
let calls: string[] = [];
/** How the next calls of a name go, instead of well. */
let answers: Record<string, (input: never) => unknown> = {};
let orders: Partial<RecoveryOrders> = {};
let made = 0;

const point = (groupId: string): CompletePoint =>
  ({
    ...{ pointId: `${groupId}-p0`, groupId, takenAt: "2026-01-01T00:00:00.000Z" },
    vms: [0, 1, 2].map((position) => ({ position, planId: "plan", takenAt: "", sourcePointId: "", disks: [] })),
  }) as unknown as CompletePoint;

interface Named {
  readonly vmId?: string;
  readonly key?: string;
  readonly groupId?: string;
  readonly verify?: object;
}
const well: Record<string, (input: Named) => unknown> = {
  makeRecoveryPlan: () => ({ hash: "hash" }),
  openRecovery: () => orders,
  latestPoint: ({ groupId }) => point(groupId ?? ""),
  lookAtLease: () => ({ lease: { holder: to, epoch: 1 } }),
  fenceGroup: () => undefined,
  takeLease: () => ({ epoch: 1 }),
  outwaitLease: () => ({ outcome: "unwatched" }),
  handOverLease: () => ({ epoch: 1 }),
  fenceVm: () => ({ volumeIds: [] }),
  stopVm: () => ({ forced: false }),
  releaseSource: () => undefined,
  releaseGroupFence: () => undefined,
  openPoint: ({ groupId }) => ({ pointId: `${groupId}-p0`, sequence: 0, from, to, members: [], unplanned: [] }),
  freezeGroup: () => ({ frozen: [], unfrozen: [], together: true, holds: [] }),
  noteFrozen: () => [],
  completePoint: () => ({ takenAt: "2026-01-01T00:00:00.000Z", release: [] }),
  releaseGroup: () => undefined,
  memberParts: () => ({ create: { name: "vm", disks: [], nics: [] }, verify: { start: true }, preparations: [] }),
  createVm: ({ key }) => `vm of ${key}`,
  verifyVm: () => ({ boot: { proven: true, evidence: "login:" } }),
  removeByKey: () => undefined,
  recoveryRecord: () => ({}),
};

function answering(name: string) {
  return async (input: Named): Promise<unknown> => {
    const of = input.vmId ?? input.key;
    calls.push(of === undefined ? name : `${name} ${of}`);
    return (answers[name] ?? well[name])?.(input as never);
  };
}

const end = await startSmallWorker(
  temporalAddress,
  smallDeps({
    registry: registryOf(),
    store,
  }),
  {
    decorate: (activities) => ({
      ...activities,
      ...Object.fromEntries(Object.keys(well).map((name) => [name, answering(name)])),
    }),
  },
);
after(async () => {
  await end();
  await client.connection.close();
  await store.close();
});

beforeEach(() => {
  calls = [];
  answers = {};
});

/** A group of three VMs in two boot groups, protected, with a run that was started. */
async function start(
  mode: RecoveryMode,
  more: Partial<RecoveryOrders> = {},
): Promise<{ groupId: string; runId: string }> {
  const groupId = `group-${(made += 1)}`;
  const runId = `run-${made}`;
  const policy = { primarySite: from, recoverySite: to, rpoSeconds: 60, rtoSeconds: 60 };
  const names = ["db", "app", "web"];
  await store.protection.create({
    ...{ groupId, name: groupId, workflowId: `protection/${groupId}`, createdBy: "user/test" },
    policy: policy as never,
    members: names.map((name, position) => ({ position, name, vmId: `old-${name}`, tags: {} })),
  });
  orders = {
    ...{ groupId, mode, reason: "fire", from, to, epoch: 0, recoveryPlanVersion: 1, stopGraceMs: 0 },
    freeze: { final: mode === "switchover" },
    bootGroups: [
      { name: "data", after: [], first: [], last: [], waitSeconds: 0 },
      { name: "front", after: ["data"], first: [], last: [], waitSeconds: 0 },
    ],
    vms: [
      { vm: "db", position: 0, bootGroup: "data" },
      { vm: "app", position: 1, bootGroup: "front" },
      { vm: "web", position: 2, bootGroup: "front" },
    ],
    ...{ records: [], pools: [], last: [], reprotect: true, ...more },
  };
  const request = { groupId, mode, reason: "fire" };
  assert.ok(
    await startRecovery(client, { runId, planId: "plan", planHash: "hash", request, requestedBy: "user/test" }),
  );
  return { groupId, runId };
}

async function untilState(runId: string, ...states: readonly RecoveryState[]): Promise<RecoveryRun> {
  for (const deadline = Date.now() + 60_000; ; await new Promise((resolve) => setTimeout(resolve, 25))) {
    const run = await store.recoveryRuns.get(runId);
    if (run && states.includes(run.state)) return run;
    assert.ok(
      Date.now() < deadline,
      `${runId} is ${run?.state}: ${JSON.stringify(await store.recoveryRuns.steps(runId))}`,
    );
  }
}

const handle = (groupId: string) => client.workflow.getHandle(`failover/${groupId}`);
const stepsOf = async (runId: string) =>
  (await store.recoveryRuns.steps(runId)).map(({ step, state }) => `${step} ${state}`);
const failing = (message: string) => () => {
  throw ApplicationFailure.nonRetryable(message, "Conflict");
};

describe("a failover", () => {
  test("fences, freezes the point, brings groups up in order and hands over", async () => {
    const { groupId, runId } = await start("failover");
    const { report, workflowId } = await untilState(runId, "done", "failed");
    assert.equal(workflowId, `failover/${groupId}`);
    assert.deepEqual(
      report?.vms.map(({ vm, bootProven }) => [vm, bootProven]),
      [
        ["db", true],
        ["app", true],
        ["web", true],
      ],
    );
    const started = calls.filter((call) => call.startsWith("verifyVm"));
    assert.deepEqual([started[0], started.length], [`verifyVm vm of ${runId}-m0-vm`, 3]);
    const index = (name: string) => calls.findIndex((call) => call.startsWith(name));
    assert.ok(index("fenceGroup") < index("takeLease") && index("takeLease") < index("createVm"));
    const group = await store.protection.get(groupId);
    assert.deepEqual([group?.state, group?.currentSite, group?.epoch], ["unprotected", to, 1]);
    assert.deepEqual(
      group?.members.map(({ vmId }) => vmId),
      [0, 1, 2].map((position) => `vm of ${runId}-m${position}-vm`),
    );
  });

  test("waits for a person where nothing proves that the old site writes no more", async () => {
    answers.fenceGroup = failing("nobody answers");
    const { groupId, runId } = await start("failover");
    const { waitsFor } = await untilState(runId, "waiting", "failed");
    assert.match(waitsFor ?? "", /Make sure of this/);
    assert.ok(!calls.some((call) => call.startsWith("createVm")), "something was started before");
    await handle(groupId).executeUpdate(confirmFencedUpdate, { args: [{ by: "Ada", text: "the rack is off" }] });
    await untilState(runId, "done", "failed");
    const confirmed = (await store.recoveryRuns.steps(runId)).find(({ step }) => step === "confirm-fencing");
    assert.equal(confirmed?.outcome, "Ada: the rack is off");
  });

  test("keeps what is up while a step needs attention, and goes on with it", async () => {
    let broken = true;
    answers.verifyVm = ({ vmId }: Named) => {
      if (broken && vmId?.includes("-m1-")) failing("no login")();
      return well.verifyVm?.({});
    };
    const { groupId, runId } = await start("failover");
    const { waitsFor } = await untilState(runId, "attention", "done");
    assert.match(waitsFor ?? "", /no login/);
    assert.ok(!calls.some((call) => call.startsWith("removeByKey")));
    broken = false;
    await handle(groupId).executeUpdate(retryUpdate, { args: [{ by: "Ada" }] });
    const { report } = await untilState(runId, "done", "failed");
    assert.equal(report?.vms.length, 3);
  });

  test("that is given up removes what it made, and leaves the group where it was", async () => {
    answers.verifyVm = failing("no login");
    const { groupId, runId } = await start("failover");
    await untilState(runId, "attention");
    await handle(groupId).executeUpdate(giveUpUpdate, { args: [{ by: "Ada" }] });
    const { problem } = await untilState(runId, "given-up", "failed");
    assert.match(problem?.message ?? "", /A person gave it up/);
    assert.ok(calls.includes(`removeByKey ${runId}-m0-vm`));
    assert.ok(calls.indexOf(`handOverLease ${runId}-back`) > calls.indexOf(`removeByKey ${runId}-m0-vm`));
    const group = await store.protection.get(groupId);
    assert.deepEqual([group?.currentSite, group?.takeover], [from, undefined]);
  });

  test("waits for manual steps, also for one that was done ahead, and passes nothing over", async () => {
    const step = (name: string) => ({ kind: "manual", name, instruction: "call them" }) as const;
    const bootGroups = [
      { name: "data", after: [], first: [step("first")], last: [], waitSeconds: 0 },
      { name: "front", after: ["data"], first: [], last: [step("last")], waitSeconds: 0 },
    ];
    const { groupId, runId } = await start("failover", { bootGroups });
    await untilState(runId, "waiting");
    assert.ok(!calls.some((call) => call.startsWith("createVm")));
    const done = (bootGroup: string, name: string) =>
      handle(groupId).executeUpdate(stepDoneUpdate, { args: [{ bootGroup, step: name, by: "Ada" }] });
    await done("front", "last");
    await done("data", "first");
    await untilState(runId, "done", "failed");
    assert.deepEqual(
      (await stepsOf(runId)).filter((text) => text.startsWith("manual")),
      ["manual done", "manual done"],
    );
  });

  test("tries the next size where there is no capacity, then the next placement", async () => {
    answers.createVm = ({ key }: Named) => {
      if (key?.includes("-m0-") && !key.endsWith("-vm-3"))
        throw ApplicationFailure.nonRetryable("full", "InsufficientCapacity");
      return well.createVm?.(key === undefined ? {} : { key });
    };
    const vms = [{ vm: "db", position: 0, bootGroup: "data", instanceTypes: ["a", "b"], placements: [["n1"], ["n2"]] }];
    const { runId } = await start("failover", { vms });
    await untilState(runId, "done", "failed", "attention");
    assert.deepEqual(
      calls.filter((call) => call.startsWith("createVm")),
      [`createVm ${runId}-m0-vm`, `createVm ${runId}-m0-vm-2`, `createVm ${runId}-m0-vm-3`],
    );
    const passedOver = (await store.recoveryRuns.steps(runId)).filter(({ step }) => step === "capacity");
    assert.equal(passedOver.length, 2);
  });

  test("that is over is not begun again by whoever asks for it twice", async () => {
    const { groupId, runId } = await start("failover");
    const { endedAt } = await untilState(runId, "done", "failed");
    await handle(groupId).result();
    const steps = await store.recoveryRuns.steps(runId);
    const request = { groupId, mode: "failover", reason: "fire" } as const;
    calls = [];
    await startRecovery(client, { runId, planId: "plan", planHash: "hash", request, requestedBy: "user/test" });
    await handle(groupId).result();
    assert.deepEqual([(await store.recoveryRuns.get(runId))?.endedAt, calls], [endedAt, []]);
    assert.deepEqual(await store.recoveryRuns.steps(runId), steps);
  });

  test("hands the group over before it leads anybody there, and keeps it when that is given up", async () => {
    answers.recoveryRecord = failing("the zone is locked");
    const records = [
      { site: "dns", zoneId: "z", name: "a.example", type: "A", values: ["192.0.2.1"], lowTtlSeconds: 30 },
    ];
    const { groupId, runId } = await start("failover", { records: records as never });
    await untilState(runId, "attention", "failed");
    assert.equal((await store.protection.get(groupId))?.writableSite, to);
    await handle(groupId).executeUpdate(giveUpUpdate, { args: [{ by: "Ada" }] });
    const { problem, report } = await untilState(runId, "done", "given-up", "failed");
    assert.match(problem?.message ?? "", /serves at onprem-b/);
    assert.equal(report?.vms.length, 3);
    assert.ok(!calls.some((call) => call.startsWith("removeByKey")));
  });

  test("of a group that another one holds is refused, and changes nothing of it", async () => {
    answers.verifyVm = failing("no login");
    const first = await start("failover");
    await untilState(first.runId, "attention");
    const request = { groupId: first.groupId, mode: "failover", reason: "again" } as const;
    const other = { runId: "another", planId: "plan", planHash: "hash", request, requestedBy: "user/test" };
    assert.equal(await startRecovery(client, other), false);
    assert.equal(await startRecovery(client, { ...other, runId: first.runId }), true);
    await handle(first.groupId).executeUpdate(giveUpUpdate, { args: [{ by: "Ada" }] });
    await untilState(first.runId, "given-up");
  });
});

describe("a planned failover", () => {
  test("stops the VMs and moves their last difference before anything starts, and loses nothing", async () => {
    const { groupId, runId } = await start("switchover");
    const { report } = await untilState(runId, "done", "failed");
    assert.equal(report?.rpoSeconds, 0);
    const index = (name: string) => calls.findIndex((call) => call.startsWith(name));
    const order = ["fenceVm", "stopVm", "freezeGroup", "completePoint", "handOverLease", "createVm", "verifyVm"].map(
      index,
    );
    assert.deepEqual(
      order,
      [...order].sort((one, other) => one - other),
    );
    assert.ok(!order.includes(-1), calls.join());
    assert.ok(!calls.includes("fenceGroup"));
    assert.equal((await store.protection.get(groupId))?.currentSite, to);
  });

  test("goes back by itself when a VM does not come up: the VMs start where they were", async () => {
    answers.verifyVm = failing("no login");
    const { groupId, runId } = await start("switchover");
    const { problem } = await untilState(runId, "failed", "done");
    assert.match(problem?.message ?? "", /no login/);
    for (const name of ["db", "app", "web"]) assert.ok(calls.includes(`releaseSource old-${name}`), name);
    const group = await store.protection.get(groupId);
    assert.deepEqual([group?.currentSite, group?.takeover, group?.writableSite], [from, undefined, from]);
    // As its lease, which went and came back: rounds of another epoch would be refused.
    assert.equal(group?.epoch, 2);
  });

  test("starts nothing where it served while what was brought up may still run", async () => {
    answers.verifyVm = failing("no login");
    let stuck = true;
    answers.removeByKey = () => {
      if (stuck) failing("the site does not answer")();
    };
    const { groupId, runId } = await start("switchover");
    const { waitsFor } = await untilState(runId, "attention", "failed");
    assert.match(waitsFor ?? "", /could not be removed.*does not answer/);
    assert.ok(!calls.some((call) => call.startsWith("releaseSource") || call === `handOverLease ${runId}-back`));
    stuck = false;
    await handle(groupId).executeUpdate(retryUpdate, { args: [{ by: "Ada" }] });
    await untilState(runId, "failed");
    assert.ok(calls.includes("releaseSource old-db"));
  });
});
