import assert from "node:assert/strict";
import { test } from "node:test";
import { asyncLocalStorage, type Context } from "@temporalio/activity";
import { createPlanActivities } from "../../src/activities/create-plan.ts";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import { operationPlanActivities } from "../../src/activities/operation-plan.ts";
import { policyActivities } from "../../src/activities/policies.ts";
import { remediationActivities } from "../../src/activities/remediation.ts";
import { isProviderError, ProviderError } from "../../src/domain/errors.ts";
import type { PolicyDraft } from "../../src/domain/policy/policy.ts";
import { vmResource } from "../../src/domain/resource.ts";
import type { SecurityRule } from "../../src/domain/security-rule.ts";
import type { Vm } from "../../src/domain/vm.ts";
import { toWire } from "../../src/domain/wire.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { smallDeps } from "../support/small-worker.ts";
import { useStore } from "../support/store.ts";

const lab = useStore();
const site = "host";
const place = { site, provider: "libvirt" };

function vm(name: string, more: Partial<Vm> = {}): Vm {
  return {
    ...{ vmId: `id-${name}`, site, name, state: "stopped", cpus: 1, memoryBytes: 2 ** 30, firmware: "bios" },
    ...{ architecture: "x86_64", disks: [], nics: [], publishPorts: [], endpoints: [], tags: {} },
    ...more,
  };
}

const letIn = (port: number, peer: string): SecurityRule => ({
  ...{ direction: "ingress", protocol: "tcp", fromPort: port, toPort: port, peer },
});

/** What the site has; tests change it. */
const there = {
  vms: [] as Vm[],
  groups: [{ securityGroupId: "sg", name: "sg", rules: [letIn(22, "0.0.0.0/0"), letIn(443, "::/0")], tags: {} }],
};
const provider = {
  site,
  kind: "libvirt",
  capabilities: { prices: "a host of one's own has no price list" },
  compute: {
    async *listVms() {
      yield* there.vms;
    },
    async getVm(vmId: string): Promise<Vm> {
      const found = there.vms.find((each) => each.vmId === vmId);
      if (found) return found;
      const details = { operation: "look", resource: vmId, reason: "there is none", action: "" };
      throw new ProviderError("NotFound", details);
    },
  },
  disks: { volumeSize: (bytes: number) => bytes, freeBytes: async () => undefined },
  network: {
    async *listNetworks() {
      yield { networkId: "lan", name: "lan", active: true };
    },
  },
  networkAdmin: {
    async *listSecurityGroups() {
      yield* there.groups;
    },
  },
} as unknown as Provider;

function activities() {
  const registry = { sites: [{ ...place, simulated: false }], provider: async () => provider };
  const defaults = { stopGraceMs: 1_000 } as ActivityDeps["defaults"];
  const notify = { findings: ["email:ops@example.com"], send: () => Promise.reject(new Error("the watch delivers")) };
  const deps = smallDeps({ registry, store: lab.store, defaults, notify });
  return {
    ...createPlanActivities(deps),
    ...operationPlanActivities(deps),
    ...policyActivities(deps),
    ...remediationActivities(deps),
  };
}
const context = {
  cancellationSignal: new AbortController().signal,
  info: { workflowExecution: { workflowId: "w", runId: "r" } },
} as unknown as Context;
const inside = <T>(work: () => Promise<T>) => asyncLocalStorage.run(context, work);

function draft(name: string, more: Partial<PolicyDraft> = {}): PolicyDraft {
  return {
    ...{ name, type: "tagging", severity: "high", description: "Somebody answers for it.", scope: "vms" },
    ...{ requirement: { require: { field: "tags.owner", operator: "exists" } }, actions: ["block"], remedy: "Tag it." },
    ...more,
  };
}
const policy = (name: string, more: Partial<PolicyDraft> = {}) =>
  lab.store.policies.create({ ...draft(name, more), policyId: name, createdBy: "user/a" });
const blocked = (words: RegExp) => (error: unknown) =>
  isProviderError(error, "PolicyBlocked") && words.test(error.message);

async function read(): Promise<void> {
  const at = new Date().toISOString();
  await lab.store.inventory.replace(
    place,
    "vm",
    there.vms.map((each) => vmResource(place, each)),
    at,
  );
  const groups = there.groups.map(({ securityGroupId: resourceId, name, tags, ...rest }) => ({
    ...{ ...place, kind: "security-group" as const, resourceId, name, tags, document: toWire({ ...rest, tags }) },
  }));
  await lab.store.inventory.replace(place, "security-group", groups, at);
}

const wish = { name: "new-1", site, cpus: 1, memoryBytes: 2 ** 30, disks: [{ sizeBytes: 2 ** 20 }] };

test("a create is blocked when it is planned, and again when its plan is executed under a policy that came since", async () => {
  const { makeCreatePlan, openItem, openOperation } = activities();
  await policy("owner");
  const refused = await inside(() => makeCreatePlan({ planId: "c-1", request: wish }));
  const failed = refused.checks.filter(({ result }) => result === "fail");
  assert.deepEqual(
    failed.map(({ check, remedy }) => [check, remedy]),
    [["policy-owner", "Tag it."]],
  );
  const approved = { planId: "c-1", planHash: refused.hash };
  await assert.rejects(
    inside(() => openOperation(approved)),
    /would break policy owner \(high\).*tags.owner: none/s,
  );
  const request = { ...wish, tags: { owner: "ops" } };
  const plan = await inside(() => makeCreatePlan({ planId: "c-2", request }));
  assert.equal(plan.executable, true);
  const open = () => inside(() => openItem({ planId: "c-2", planHash: plan.hash, item: 0 }));
  assert.equal((await open()).name, "new-1");
  await policy("large", { requirement: { require: { field: "cpus", operator: "greater_than", value: 1 } } });
  await assert.rejects(open(), blocked(/would break policy large.*cpus: 1.*Tag it/s));
  const exemption = { exemptionId: "e", policyId: "large", scope: "name:new-1", owner: "ops", reason: "small" };
  const expiresAt = new Date(Date.now() + 60_000).toISOString();
  await lab.store.policies.exempt({ ...exemption, expiresAt, createdBy: "user/a" });
  assert.equal((await open()).name, "new-1");
  await lab.store.policies.revokeExemption("e");
  await assert.rejects(open(), blocked(/large/));
  await lab.store.policies.remove("large");
});

test("a resize is judged as the VM would be", async () => {
  const { makeOperationPlan } = activities();
  there.vms = [vm("one", { tags: { owner: "ops" } })];
  await policy("small", { requirement: { forbid: { field: "cpus", operator: "greater_than", value: 4 } } });
  const resize = (cpus: number) =>
    inside(() =>
      makeOperationPlan({ planId: `r-${cpus}`, request: { action: "resize", vms: [{ site, vm: "one" }], cpus } }),
    );
  assert.equal((await resize(4)).executable, true);
  const refused = await resize(8);
  assert.deepEqual(
    refused.checks.filter(({ result }) => result === "fail").map(({ check }) => check),
    ["policy-small"],
  );
  await lab.store.policies.remove("small");
});

test("a scan tells of new findings once, and a drifted one of a remediation is refused alone", async () => {
  const { beginScan, judgePolicy, endScan, makeRemediationPlan, openItem, remediateByApproval } = activities();
  there.vms = ["one", "two", "three"].map((name) => vm(name));
  await read();
  const remediation = { kind: "add_tags", tags: { owner: "nobody" } } as const;
  await lab.store.policies.update("owner", draft("owner", { actions: ["notify", "remediate"], remediation }));
  for (const scanId of ["s-1", "s-2"]) {
    const { policyIds } = await inside(() => beginScan({ scanId, askedBy: "user/a" }));
    assert.deepEqual(policyIds, ["owner"]);
    await judgePolicy({ scanId, policyId: "owner" });
    await endScan({ scanId, state: "done" });
  }
  assert.deepEqual(await toldOf("policy owner"), [["firing", 3, 0, "email:ops@example.com"]]);
  const results = (await lab.store.findings.getScan("s-2"))?.results.map(({ violations, opened }) => [
    violations,
    opened,
  ]);
  assert.deepEqual(results, [[3, 0]]);
  const plan = await inside(() => makeRemediationPlan({ planId: "m-1", request: { policy: "owner" } }));
  assert.equal(plan.actions.length, 3);
  there.vms = there.vms.map((each) => (each.name === "two" ? { ...each, cpus: 2 } : each));
  const opened = await Promise.allSettled(
    [0, 1, 2].map((item) => inside(() => openItem({ planId: "m-1", planHash: plan.hash, item }))),
  );
  const refused = opened.flatMap((each) => (each.status === "rejected" ? [String(each.reason)] : []));
  assert.equal(refused.length, 1);
  assert.match(refused[0] ?? "", /drifted: host\/vm\/id-two: cpus: 1 → 2/);
  const run = () => inside(() => remediateByApproval({ scanId: "s-2", policyId: "owner" }));
  assert.equal(await run(), undefined);
  const expiresAt = new Date(Date.now() + 60_000).toISOString();
  const approval = { approvalId: "a", policyId: "owner", most: 2, reason: "always", expiresAt, approvedBy: "user/b" };
  await lab.store.policies.approve(approval);
  const approved = await run();
  assert.equal(approved?.resources, 2);
  const { operation } = (await lab.store.operations.getScoped(approved?.operationId ?? "")) ?? {};
  assert.deepEqual([operation?.createdBy, operation?.total], ["standing-approval/a", 2]);
  assert.equal((await run())?.planHash, approved?.planHash);
  await lab.store.policies.revokeApproval("a");
  assert.equal(await run(), undefined);
});

/** The oldest first. */
async function toldOf(rule: string) {
  const { items } = await lab.store.alertDeliveries.list({ limit: 100 });
  return items
    .filter((told) => told.rule === rule)
    .map(({ state, firing, resolved, deliveries }) => [
      ...[state, firing.length, resolved.length, deliveries.map(({ action }) => action).join()],
    ])
    .reverse();
}

test("what a silence covers is told when it ends, and the end of the last finding is told once", async () => {
  const { beginScan, judgePolicy } = activities();
  there.vms = ["quiet", "loud"].map((name) => vm(name, { tags: { owner: "ops" } }));
  await read();
  const requirement = { require: { field: "tags.team", operator: "exists" } } as const;
  await policy("team", { requirement, actions: ["notify"] });
  let scans = 0;
  const scan = async () => {
    const scanId = `n-${(scans += 1)}`;
    await inside(() => beginScan({ scanId, askedBy: "user/a" }));
    await judgePolicy({ scanId, policyId: "team" });
    await judgePolicy({ scanId, policyId: "team" });
  };
  const at = (ms: number) => new Date(Date.now() + ms).toISOString();
  const silence = { silenceId: "q", resourceId: "id-quiet", reason: "at work on it", createdBy: "user/a" };
  await lab.store.alertRules.silence({ ...silence, from: at(-1_000), until: at(60_000) });
  await scan();
  const email = "email:ops@example.com";
  assert.deepEqual(await toldOf("policy team"), [["firing", 1, 0, email]]);
  await lab.store.alertRules.endSilence("q");
  await scan();
  assert.deepEqual((await toldOf("policy team")).slice(1), [["firing", 1, 0, email]]);
  const figures = async () => {
    await lab.store.metrics.writeOwn({ slow: true });
    const since = at(-60_000);
    const [named] = await lab.store.metrics.suspects({
      ...{ metric: "policy.violations", site: "novacron", resourceId: "team", since, named: [] },
      ...{ comparison: "gte", threshold: 0 },
    });
    return named?.readings.at(-1)?.value;
  };
  assert.equal(await figures(), 2);
  there.vms = [vm("quiet", { tags: { owner: "ops", team: "a" } }), vm("loud", { tags: { owner: "ops" } })];
  await read();
  await scan();
  assert.equal((await toldOf("policy team")).length, 2, "one is left");
  there.vms = there.vms.map(({ name }) => vm(name, { tags: { owner: "ops", team: "a" } }));
  await read();
  await scan();
  assert.deepEqual((await toldOf("policy team")).slice(2), [["resolved", 0, 2, email]]);
  assert.equal(await figures(), 0);
  await lab.store.policies.remove("team");
});

test("a group's rules are closed as they were seen, or not at all", async () => {
  const { judgePolicy, beginScan, makeRemediationPlan, openItem } = activities();
  const open = {
    all: [
      { field: "security_group.ingress.port", operator: "equals", value: 22 },
      { field: "security_group.ingress.source", operator: "equals", value: "0.0.0.0/0" },
    ],
  } as const;
  const closing = { kind: "close_rules" } as const;
  await policy("ssh", { scope: "", requirement: { forbid: open }, actions: ["remediate"], remediation: closing });
  await inside(() => beginScan({ scanId: "s-3", askedBy: "user/a" }));
  assert.equal((await judgePolicy({ scanId: "s-3", policyId: "ssh" }))?.violations, 1);
  const plan = await inside(() => makeRemediationPlan({ planId: "g-1", request: { policy: "ssh" } }));
  const item = () => inside(() => openItem({ planId: "g-1", planHash: plan.hash, item: 0 }));
  const [step] = (await item()).steps;
  assert.ok(step?.action === "set-security-rules");
  assert.deepEqual(step.rules, [letIn(443, "::/0")]);
  there.groups = there.groups.map((group) => ({ ...group, rules: [...group.rules, letIn(80, "::/0")] }));
  await assert.rejects(item(), /drifted: host\/security-group-rules\/sg/);
});
