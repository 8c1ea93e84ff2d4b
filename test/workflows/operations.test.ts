import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import type { CreateVmRequest } from "../../src/domain/create-request.ts";
import type { OperateVmsRequest } from "../../src/domain/operation.ts";
import type { Plan } from "../../src/domain/plan.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { taskQueue } from "../../src/temporal/connection.ts";
import { connectAws } from "../providers/support/aws.ts";
import { openFolder } from "../providers/support/folder.ts";
import { startAwsLab, whyNoGuests } from "../sandbox/aws/support.ts";
import { smallDeps, startServers, startSmallWorker } from "../support/small-worker.ts";

const skip = whyNoGuests() ?? false;
const GiB = 2 ** 30;
const { store, client, temporalAddress } = await startServers();
await store.seedPrices();
const folder = await openFolder();
const lab = skip === false ? await startAwsLab({ stopGraceMs: 0, terminatedVisibleMs: 500 }) : undefined;
const aws =
  lab &&
  connectAws({ region: "us-east-1", endpoint: lab.aws.endpoint, keys: lab.aws.cloud.identity.administratorKeys });
/** The next calls of that name fail in this way, after they acted. */
const lostAnswers: string[] = [];
/** Calls of these names don't end until they are aborted; told of each. */
const held = new Map<string, () => void>();
const providers: Readonly<Record<string, Provider>> = {
  vault: at("vault", folder.provider),
  ...(aws ? { "aws-us-east-1": at("aws-us-east-1", aws) } : {}),
};
const deps = smallDeps({
  registry: {
    sites: [
      { site: "vault", provider: "folder", simulated: false },
      ...(aws ? [{ site: "aws-us-east-1", provider: "aws", region: "us-east-1", simulated: true }] : []),
    ],
    async provider(site) {
      const provider = providers[site];
      assert.ok(provider, site);
      return provider;
    },
  },
  store,
  defaults: { stopGraceMs: 0 } as ActivityDeps["defaults"],
  settings: (site) => ({
    ceilings: {},
    ...(site === "vault" ? { residency: ["eu"] } : { market: { provider: "aws", region: "us-east-1" } }),
  }),
});
const endWorker = await startSmallWorker(temporalAddress, deps);
after(async () => {
  await endWorker();
  await client.connection.close();
  await store.close();
  await aws?.close();
  await Promise.all([folder.close(), lab?.close()]);
});

/** The site under its own name; where an answer is to get lost, the call acts and its answer does. */
function at(site: string, provider: Provider): Provider {
  const compute = new Proxy(provider.compute, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        const told = held.get(String(name));
        if (told) {
          told();
          return untilAborted(args.at(-1) as AbortSignal);
        }
        const index = lostAnswers.indexOf(String(name));
        const answer: unknown = Reflect.apply(member, target, args);
        if (index < 0) return answer;
        lostAnswers.splice(index, 1);
        return Promise.resolve(answer).then(() => {
          throw new Error("the answer was lost");
        });
      };
    },
  });
  return new Proxy(provider, {
    get(target, name) {
      if (name === "site") return site;
      if (name === "compute") return compute;
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}

let planned = 0;
async function plan(input: { request: OperateVmsRequest } | { create: CreateVmRequest }): Promise<Plan> {
  const planId = `plan-${++planned}`;
  return client.workflow.execute("planOperation", { taskQueue, workflowId: planId, args: [{ planId, ...input }] });
}

/** Made at the port, for what is done to VMs that are there. */
async function threeVms(): Promise<string[]> {
  const { compute } = providers.vault as Provider;
  const signal = AbortSignal.timeout(10_000);
  const names = ["bulk-1", "bulk-2", "bulk-3"];
  for (const name of names) {
    const { volumeId } = await folder.provider.disks.createVolume({ sizeBytes: 2 ** 20, key: name, tags: {} }, signal);
    const disks = [{ volumeId, bus: "virtio-blk" as const, boot: true }];
    const size = { cpus: 1, memoryBytes: GiB, firmware: "bios", architecture: "x86_64" } as const;
    await compute.createVm({ name, ...size, disks, nics: [], publishPorts: [], tags: {} }, `vm-${name}`, signal);
  }
  return names;
}

async function execute({ planId, hash: planHash, kind, actions }: Plan) {
  const operationId = `op-${planId}`;
  const workflowId = `operation/${operationId}`;
  const total = new Set(actions.map(({ parameters }) => parameters.item)).size;
  await store.operations.create({ operationId, planId, workflowId, kind, total, subjects: [], createdBy: "test" });
  const args = [{ operationId, planId, planHash }];
  const run = client.workflow.execute("operateVms", { taskQueue, workflowId, args });
  // The report says how it went.
  await run.catch(() => undefined);
  const found = await store.operations.getScoped(operationId);
  return { state: found?.operation.state, items: await store.operations.items(operationId) };
}

async function census(site: string): Promise<string[]> {
  const entries = await Array.fromAsync((providers[site] as Provider).census(AbortSignal.timeout(30_000)));
  return entries.map(({ kind, id }) => `${kind} ${id}`).sort();
}

const wish: CreateVmRequest = { name: "new", cpus: 1, memoryBytes: GiB, disks: [{ sizeBytes: GiB }] };

describe("a new VM", { skip }, () => {
  test("in a folder is made with its disk, resized, kept off with the reason, and deleted without a rest", async () => {
    const before = await census("vault");
    const made = await execute(await plan({ create: { ...wish, residency: "eu", tags: { env: "test" } } }));
    assert.equal(made.state, "done", JSON.stringify(made.items));
    const [{ vmId = "", name } = { name: "" }] = made.items;
    const vms = [{ site: "vault", vm: name }];
    const resized = await execute(await plan({ request: { action: "resize", vms, cpus: 3 } }));
    assert.equal(resized.state, "done");
    const vm = await providers.vault?.compute.getVm(vmId, AbortSignal.timeout(5_000));
    assert.deepEqual([vm?.cpus, vm?.memoryBytes, vm?.tags.env], [3, GiB, "test"]);
    const start = await plan({ request: { action: "start", vms } });
    assert.equal(start.executable, false);
    assert.match(start.checks[0]?.detail ?? "", /no hypervisor/);
    assert.equal((await execute(await plan({ request: { action: "delete", vms } }))).state, "done");
    assert.deepEqual(await census("vault"), before);
  });

  test("goes where its price is known, and is one though the answer to its making was lost", async () => {
    const before = await census("aws-us-east-1");
    const { choices, ...rest } = await plan({ create: wish });
    const site = choices.find(({ what }) => what === "site");
    assert.equal(site?.chosen, "aws-us-east-1");
    assert.match(site?.why ?? "", /next vault \(price not known\)/);
    lostAnswers.push("createVm");
    const made = await execute({ choices, ...rest });
    assert.deepEqual([made.state, lostAnswers], ["done", []], JSON.stringify(made.items));
    const all = await Array.fromAsync(
      (providers["aws-us-east-1"] as Provider).compute.listVms(AbortSignal.timeout(9_000)),
    );
    assert.deepEqual(
      all.map(({ vmId, state }) => [vmId, state]),
      [[made.items[0]?.vmId, "running"]],
    );
    const vms = [{ site: "aws-us-east-1", vm: "new" }];
    const larger = await execute(await plan({ request: { action: "resize", vms, cpus: 4, restart: true } }));
    assert.equal(larger.state, "done", JSON.stringify(larger.items));
    assert.equal((await execute(await plan({ request: { action: "delete", vms } }))).state, "done");
    assert.deepEqual(await census("aws-us-east-1"), before);
  });

  test("that can't be made leaves nothing, and says what was tried", async () => {
    const before = await census("aws-us-east-1");
    const pinned = await plan({
      create: { ...wish, site: "aws-us-east-1", disks: [{ sizeBytes: GiB }, { sizeBytes: GiB }] },
    });
    const type = pinned.actions.at(-1)?.parameters.create as { instanceTypes: string[] };
    assert.ok(type.instanceTypes.length > 1);
    lab?.aws.cloud.changeSettings({ noCapacity: ["*/*"] });
    const failed = await execute(pinned);
    lab?.aws.cloud.changeSettings({ noCapacity: [] });
    assert.equal(failed.state, "failed");
    const [item] = failed.items;
    assert.equal(item?.problem?.code, "InsufficientCapacity");
    assert.deepEqual(item?.problem?.leftBehind, undefined);
    assert.match(item?.step ?? "", new RegExp(`${type.instanceTypes.at(-1)} is tried next`));
    assert.deepEqual(await census("aws-us-east-1"), before);
  });
});

test("a cancelled bulk begins no further VM, and its report says what became of each", async () => {
  const vms = (await threeVms()).map((vm) => ({ site: "vault", vm }));
  const pinned = await plan({ request: { action: "resize", vms, cpus: 2, parallel: 1 } });
  const begun = new Promise<void>((resolve) => held.set("resizeVm", resolve));
  const ended = execute(pinned);
  await begun;
  await client.workflow.getHandle(`operation/op-${pinned.planId}`).cancel();
  // What undoes it has to get through.
  held.clear();
  const { state, items } = await ended;
  assert.equal(state, "cancelled");
  assert.deepEqual(
    items.map((item) => item.state),
    ["failed", "not-begun", "not-begun"],
  );
  const seen = await Array.fromAsync((providers.vault as Provider).compute.listVms(AbortSignal.timeout(9_000)));
  assert.deepEqual(
    seen.map(({ cpus }) => cpus),
    [1, 1, 1],
  );
});

test("a freeze keeps every VM of a bulk whose turn has not come from being touched", async () => {
  const vms = ["bulk-1", "bulk-2"].map((vm) => ({ site: "vault", vm }));
  const pinned = await plan({ request: { action: "resize", vms, cpus: 4 } });
  await store.guard.freeze("test", "the storage array is on fire");
  const { state, items } = await execute(pinned);
  await store.guard.unfreeze();
  assert.equal(state, "failed");
  for (const { problem } of items) assert.equal(problem?.code, "PolicyBlocked");
});
