// Long because all of it is asked of one worker, whose start takes longer than most of the tests.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, beforeEach, describe, test } from "node:test";
import { Context } from "@temporalio/activity";
import { ApplicationFailure } from "@temporalio/common";
import type { MigrationState, MigrationView } from "../../src/domain/migration.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { taskQueue } from "../../src/temporal/connection.ts";
import { finalizeUpdate, rollbackUpdate, undoUpdate } from "../../src/workflows/migrate-vm/messages.ts";
import { registryOf, smallDeps, startServers, startSmallWorker } from "../support/small-worker.ts";

const { store, client, temporalAddress } = await startServers();
/** What the gap is measured with: an application that answers. */
let asked = 0;
const app = createServer((_, outgoing) => {
  asked += 1;
  outgoing.end();
}).listen(0, "127.0.0.1");
await once(app, "listening");
const url = `http://127.0.0.1:${(app.address() as AddressInfo).port}/`;
const before = { ttlSeconds: 1, values: ["10.0.0.1"] };
const record = { site: "c", zoneId: "z", name: "app.example.com", type: "A", port: 80 };
const plan = {
  hash: "hash",
  inputs: { vm: "vm", from: "a", to: "b" },
  actions: [
    { action: "stop-vm", parameters: { graceMs: 0, wasRunning: true, mode: "stopped" } },
    { action: "create-vm", parameters: { name: "app", nics: [], disks: [] } },
    { action: "verify-vm", parameters: { start: true } },
    {
      action: "shift-record",
      parameters: { ...record, before, lowTtlSeconds: 0, ttlAfterSeconds: 1 },
    },
    {
      action: "hold-traffic",
      parameters: {
        ...{ proxy: "edge", listener: "app", port: 80, backend: "10.0.0.1:80" },
        ...{ holdSeconds: 60, drainSeconds: 0, path: "/" },
      },
    },
    {
      action: "shift-pool",
      parameters: {
        ...{ site: "c", poolId: "pool", shareId: "new", port: 80, accepts: "vm", steps: [100], stepSeconds: 0 },
        ...{ replaces: { targetId: "old", shareId: "old", vmId: "vm", port: 80 }, weights: [] },
      },
    },
    { action: "measure-gap", parameters: { url, intervalMs: 50, expectStatus: 200 } },
  ],
} as unknown as Plan;

type Input = Record<string, unknown> & { to?: string | { ttlSeconds: number; values: string[] }; holdId?: string };
/** What was asked of sites and proxies, in order. */
let calls: string[] = [];
/** How the next calls of a name go, instead of well. */
let answers: Record<string, (input: never) => unknown> = {};
const held = { proxy: "edge", listener: "app", held: 3, failed: 0, longestSeconds: 1, lapsed: false };
const well: Record<string, (input: never) => unknown> = {
  openPlan: () => plan,
  checkNetworks: () => undefined,
  lowerTtl: () => ({ notBefore: new Date(Date.now() + 100).toISOString() }),
  shiftRecord: () => undefined,
  restoreRecord: () => undefined,
  holdTraffic: () => undefined,
  directTraffic: () => undefined,
  heldTraffic: () => held,
  releaseTraffic: () => undefined,
  shiftPool: () => undefined,
  leavePool: () => undefined,
  restorePool: () => undefined,
  trafficAddresses: () => [{ port: 80, host: "10.0.0.2", at: "10.0.0.2:80" }],
  fenceVm: () => ({ volumeIds: [] }),
  stopVm: () => undefined,
  takePoint: ({ key }: { key: string }) => ({ sourcePointId: key, takenAt: "2026-01-01T00:00:00.000Z", disks: [] }),
  createVm: () => "new-vm",
  verifyVm: () => ({ boot: { proven: false } }),
  releasePoint: () => undefined,
  releasePointByKey: () => undefined,
  releaseSource: () => undefined,
  removeByKey: () => undefined,
  refuseIfSuperseded: () => undefined,
  refreshSites: () => undefined,
  openFinalize: () => ({ steps: [], leftAlone: [] }),
  replicate: () => Context.current().cancelled,
  dropReplica: () => undefined,
  askForCutover: () => undefined,
  keepAsRound: () => undefined,
  createSecurityGroup: () => undefined,
  rereadRules: () => ({}),
  planWayHome: async ({ migrationId }: { migrationId: string }) => {
    const workflowId = `migration/${migrationId}`;
    const vm = { name: "app", sourceVmId: "new-vm" };
    await store.migrations.create({ migrationId, planId: "home", workflowId, vm, from: "b", to: "a" });
    return { planId: "home", planHash: "hash" };
  },
};
const ofTraffic = /rereadRules|Record|Traffic$|Ttl|Pool$|stopVm|releaseSource|^createVm|verifyVm|removeByKey/;

function answering(name: string) {
  return async (input: Input): Promise<unknown> => {
    const told = typeof input.to === "object" ? ` ${input.to.values.join()}/${input.to.ttlSeconds}` : "";
    const hold = name === "holdTraffic" && input.holdId?.endsWith("-back") ? " again" : "";
    if (ofTraffic.test(name)) calls.push(`${name}${told}${hold}`);
    return (answers[name] ?? well[name])?.(input as never);
  };
}

const deps = smallDeps({
  registry: registryOf(),
  store,
});
const end = await startSmallWorker(temporalAddress, deps, {
  decorate: (activities) => ({
    ...activities,
    ...Object.fromEntries(Object.keys(well).map((name) => [name, answering(name)])),
  }),
});
after(async () => {
  await end();
  await client.connection.close();
  await store.close();
  app.close();
  app.closeAllConnections();
});

let count = 0;

async function start() {
  count += 1;
  const migrationId = `traffic${count}`;
  const workflowId = `migration/${migrationId}`;
  const vm = { name: "app", sourceVmId: "vm" };
  await store.migrations.create({ migrationId, planId: "plan", workflowId, vm, from: "a", to: "b" });
  const args = [{ migrationId, planId: "plan", planHash: "hash" }];
  const run = await client.workflow.start("migrateVm", { workflowId, taskQueue, args });
  const until = async (state: MigrationState): Promise<MigrationView> => {
    for (const deadline = Date.now() + 60_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const view = await store.migrations.get(migrationId);
      if (view?.state === state) return view;
      assert.ok(Date.now() < deadline, `it is ${view?.state}: ${view?.problem?.message}`);
    }
  };
  return { migrationId, run, until };
}

const wrong = () => {
  throw ApplicationFailure.nonRetryable("it went wrong", "Conflict");
};
const gone = () => {
  throw ApplicationFailure.nonRetryable("it is gone", "NotFound");
};
const forward = [
  "lowerTtl",
  "holdTraffic",
  "stopVm",
  "createVm",
  "verifyVm",
  "directTraffic",
  "shiftRecord 10.0.0.2/0",
  "shiftPool",
  "heldTraffic",
];
/** What puts the traffic back after a cutover that got as far as the shift; the source starts in between. */
const wayBack = [
  "holdTraffic again",
  "removeByKey",
  "releaseSource",
  "releaseTraffic",
  "leavePool",
  "restorePool",
  "restoreRecord 10.0.0.1/0",
  "restoreRecord 10.0.0.1/1",
];
/** The same of one that did not come to the pools. */
const untouched = wayBack.filter((call) => !call.endsWith("Pool"));

describe("the traffic of a migration", () => {
  beforeEach(() => {
    calls = [];
    answers = {};
  });

  /** So that the measuring has begun and had answers. */
  async function whenAsked(times: number): Promise<unknown> {
    const from = asked;
    for (const deadline = Date.now() + 30_000; asked < from + times && Date.now() < deadline; ) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return well.verifyVm?.({} as never);
  }

  test("is announced, held, sent to the target after it was verified, and settled by the finalize", async () => {
    answers = { verifyVm: () => whenAsked(5) };
    const { run, until } = await start();
    const view = await until("awaiting-finalize");
    assert.deepEqual(calls, forward);
    assert.deepEqual(
      view.steps
        .map(({ step }) => step)
        .filter((step) => ["announce", "hold", "stop", "verify", "shift"].includes(step)),
      ["announce", "hold", "stop", "verify", "shift"],
    );
    assert.equal(view.traffic?.state, "shifted");
    assert.deepEqual(view.traffic?.held, [held]);
    assert.deepEqual(view.traffic?.targets, ["edge/app → 10.0.0.2:80", "app.example.com → 10.0.0.2", "pool → new-vm"]);
    assert.equal(view.traffic?.gap?.url, url);
    const certificate = await store.certificates.get(view.certificateId ?? "");
    assert.deepEqual(certificate?.traffic?.held, [held]);
    assert.ok((certificate?.traffic?.gap?.asked ?? 0) > 0);
    assert.equal(certificate?.traffic?.gap?.failed, 0);
    calls = [];
    await run.executeUpdate(finalizeUpdate, { args: [{ planId: "final", planHash: "hash" }] });
    assert.deepEqual(calls, ["shiftRecord 10.0.0.2/1"]);
    assert.equal((await until("finalized")).traffic?.state, "settled");
  });

  test("stays as somebody else has made it, and the finalize says so", async () => {
    const { run, until } = await start();
    await until("awaiting-finalize");
    answers = { shiftRecord: wrong };
    await run.executeUpdate(finalizeUpdate, { args: [{ planId: "final", planHash: "hash" }] });
    const { migrationId } = await until("finalized");
    const events = await store.migrations.events(migrationId, 0, 200);
    assert.ok(events.some(({ message }) => /app\.example\.com.*keeps its TTL/.test(message)));
  });

  test("which a way home can't put back keeps nobody from the finalize", async () => {
    const warm = { cutover: "manual", targetDowntimeSeconds: 30, roundPauseSeconds: 1, fixedSeconds: 0 };
    const window = { windowSeconds: 3600, roundPauseSeconds: 1 };
    const away = [...plan.actions, { action: "undo-window", parameters: window }];
    const home = [...plan.actions, { action: "replicate", parameters: warm }];
    const openPlan = ({ planId }: { planId: string }) =>
      planId === "home"
        ? { ...plan, inputs: { vm: "new-vm", from: "b", to: "a" }, actions: home }
        : { ...plan, actions: away };
    answers = { openPlan };
    const { run, until } = await start();
    const { migrationId } = await until("awaiting-finalize");
    const way = `${migrationId}-undo`;
    const untilHome = async (reached: (view: MigrationView) => boolean): Promise<MigrationView> => {
      for (const deadline = Date.now() + 60_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
        const view = await store.migrations.get(way);
        if (view && reached(view)) return view;
        assert.ok(Date.now() < deadline, `the way home is ${view?.state}: ${view?.problem?.message}`);
      }
    };
    await untilHome(({ steps }) => steps.some(({ step }) => step === "replicate"));
    answers = { openPlan, restoreRecord: wrong };
    await run.executeUpdate(finalizeUpdate, { args: [{ planId: "final", planHash: "hash" }] });
    assert.match((await until("finalized")).undo?.reason ?? "", /left something behind/);
    const { problem } = await untilHome(({ state }) => state === "failed");
    assert.equal(problem?.leftBehind?.length, 1);
    answers = {};
    await client.workflow.getHandle(`migration/${way}`).executeUpdate(rollbackUpdate);
    await untilHome(({ state }) => state === "rolled-back");
  });

  test("goes home without what is gone by then", async () => {
    const warm = { cutover: "manual", targetDowntimeSeconds: 30, roundPauseSeconds: 1, fixedSeconds: 0 };
    const window = { windowSeconds: 3600, roundPauseSeconds: 1 };
    const away = [...plan.actions, { action: "undo-window", parameters: window }];
    const home = [...plan.actions, { action: "replicate", parameters: warm }];
    const newest = { round: 0, sourcePointId: "point", takenAt: "", provenAt: "", disks: [] };
    let asked = () => undefined as unknown;
    const cutover = new Promise((resolve) => {
      asked = () => resolve(undefined);
    });
    answers = {
      openPlan: ({ planId }: { planId: string }) =>
        planId === "home"
          ? { ...plan, inputs: { vm: "new-vm", from: "b", to: "a" }, actions: home }
          : { ...plan, actions: away },
      planWayHome: async (input: never) => ({
        ...((await well.planWayHome?.(input)) as object),
        without: ["there is no pool"],
      }),
      replicate: () => cutover.then(() => ({ reason: "asked", newest })),
      askForCutover: () => asked(),
    };
    const { run, until } = await start();
    const { migrationId } = await until("awaiting-finalize");
    answers = { ...answers, holdTraffic: gone, shiftRecord: gone, shiftPool: gone };
    calls = [];
    await run.executeUpdate(undoUpdate);
    assert.equal((await until("awaiting-finalize")).undo?.state, "undone");
    assert.ok(!calls.some((call) => /^(directTraffic|heldTraffic|restore)/.test(call)), calls.join());
    const way = await store.migrations.get(`${migrationId}-undo`);
    assert.deepEqual([way?.state, way?.traffic?.targets], ["awaiting-finalize", undefined]);
    const told = async (id: string) =>
      (await store.migrations.events(id, 0, 200)).map(({ message }) => message).join("\n");
    assert.match(await told(`${migrationId}-undo`), /without proxy\/edge\/app: .*\n(.*\n)*.*without c\/pool\/pool/);
    assert.match(await told(migrationId), /The way home goes without: there is no pool/);
  });

  test("goes back when a person rolls back: held while the source starts, then exactly as it was", async () => {
    const { run, until } = await start();
    await until("awaiting-finalize");
    calls = [];
    await run.executeUpdate(rollbackUpdate);
    assert.deepEqual(calls, wayBack);
    assert.equal((await until("rolled-back")).traffic?.state, "back");
  });

  const failing: Record<string, readonly string[]> = {
    lowerTtl: ["restoreRecord 10.0.0.1/1"],
    holdTraffic: untouched.slice(3),
    stopVm: untouched.slice(2),
    verifyVm: untouched.slice(1),
    directTraffic: untouched,
    shiftRecord: untouched,
    shiftPool: wayBack,
  };
  for (const [name, undone] of Object.entries(failing)) {
    test(`is put back when ${name} fails`, async () => {
      answers = { [name]: wrong };
      const { until } = await start();
      const view = await until("rolled-back");
      assert.equal(view.traffic?.state, "back");
      assert.equal(view.problem?.leftBehind?.length ?? 0, 0);
      assert.deepEqual(calls.slice(calls.findIndex((call) => call.startsWith(name)) + 1), undone);
    });
  }

  test("is listed as left behind where it can't be put back, and tried again", async () => {
    answers = { verifyVm: wrong, releaseTraffic: wrong };
    const { run, until } = await start();
    const view = await until("failed");
    assert.deepEqual(
      view.problem?.leftBehind?.map(({ resource }) => resource.split(" ")[0]),
      ["proxy/edge/app"],
    );
    assert.notEqual(view.traffic?.state, "back");
    answers = {};
    await run.executeUpdate(rollbackUpdate);
    await until("rolled-back");
  });
});

describe("the rules of a VM that moves warm", () => {
  test("are looked at again before its source stops", async () => {
    const warm = { cutover: "when-ready", targetDowntimeSeconds: 30, roundPauseSeconds: 1, fixedSeconds: 0 };
    const group = { name: "app-rules", description: "", virtualNetworkId: "v", rules: [] };
    const [stop, create, verify] = plan.actions;
    const made = { action: "create-security-group", parameters: group };
    const actions = [made, { action: "replicate", parameters: warm }, stop, create, verify];
    const newest = { round: 0, sourcePointId: "point", takenAt: "", provenAt: "", disks: [] };
    answers = {
      openPlan: () => ({ ...plan, planId: "plan", actions }),
      createSecurityGroup: () => "sg-1",
      replicate: () => ({ reason: "ready", newest }),
      rereadRules: ({ securityGroupId }: { securityGroupId: string }) => ({ changed: [`of ${securityGroupId}`] }),
    };
    calls = [];
    const { until } = await start();
    const { migrationId } = await until("awaiting-finalize");
    assert.deepEqual(calls.slice(0, 2), ["rereadRules", "stopVm"]);
    const events = await store.migrations.events(migrationId, 0, 200);
    assert.ok(events.some(({ message }) => /changed since the plan; now they are: of sg-1/.test(message)));
    const once = ({ warm: rule }: { warm: { cutover: string } }) =>
      rule.cutover === "manual" ? Context.current().cancelled : { reason: "ready", newest };
    answers = { ...answers, rereadRules: wrong, replicate: once };
    calls = [];
    const refused = await start();
    const failed = async () => {
      const told = await store.migrations.events(refused.migrationId, 0, 200);
      return told.some(({ message }) => /cutover failed and the source runs on.*it went wrong/.test(message));
    };
    for (const deadline = Date.now() + 60_000; !(await failed()); await new Promise((done) => setTimeout(done, 50))) {
      assert.ok(Date.now() < deadline, calls.join());
    }
    assert.deepEqual(calls, ["rereadRules"]);
    await refused.run.cancel();
    await refused.until("cancelled");
  });
});
