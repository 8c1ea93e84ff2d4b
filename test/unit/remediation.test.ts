import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { operationItems } from "../../src/domain/operation.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { policyPacks } from "../../src/domain/policy/packs.ts";
import type { CompiledPolicy } from "../../src/domain/policy/policy.ts";
import { planRemediation, type RemediationObservations } from "../../src/domain/policy/remediate-plan.ts";
import type { Remediation } from "../../src/domain/policy/remediation.ts";
import { planUndoRemediation } from "../../src/domain/policy/undo-remediation.ts";
import { vmResource } from "../../src/domain/resource.ts";
import type { SecurityRule } from "../../src/domain/security-rule.ts";
import { tagKeys, type Vm } from "../../src/domain/vm.ts";
import { toWire } from "../../src/domain/wire.ts";
import { compiled, policyOf } from "../support/policies.ts";
import { now } from "../support/resources.ts";

const place = { site: "a", provider: "aws" };

function vm(name: string, more: Partial<Vm> = {}): Vm {
  return {
    ...{ vmId: `id-${name}`, site: "a", name, state: "running", cpus: 2, memoryBytes: 1, firmware: "bios" },
    ...{ architecture: "x86_64", nics: [], publishPorts: [], endpoints: [], tags: {} },
    disks: [{ diskId: "vda", volumeId: `v-${name}`, sizeBytes: 1, bus: "virtio-blk", boot: true }],
    ...more,
  };
}

type Seen = RemediationObservations["seen"][number];
function finding(of: Vm, gaps: Record<string, string> = {}): Seen {
  const base = { findingId: "1", site: "a", kind: "vm", resourceId: of.vmId, name: of.name, capabilityGaps: gaps };
  return { ...base, vm: of, subject: { resource: vmResource(place, of) } };
}

const letIn = (port: number, peer: string): SecurityRule => ({
  ...{ direction: "ingress", protocol: "tcp", fromPort: port, toPort: port, peer },
});
function group(...rules: SecurityRule[]): Seen {
  const of = { securityGroupId: "sg", name: "sg", rules, tags: {} };
  const base = { findingId: "2", site: "a", kind: "security-group", resourceId: "sg", name: "sg", capabilityGaps: {} };
  const resource = { ...place, kind: "security-group" as const, resourceId: "sg", name: "sg", tags: {} };
  return { ...base, group: of, subject: { resource: { ...resource, document: toWire({ ...of }) } } };
}

const unowned = (remediation: Remediation): CompiledPolicy =>
  compiled(
    { require: { field: "tags.owner", operator: "exists" } },
    { name: "owner", actions: ["remediate"], remediation },
  );
function mend(policy: CompiledPolicy, seen: Seen[], left = 0) {
  return planRemediation({
    ...{ planId: "plan-1", compiled: policy, seen, left, most: 20, now, defaults: { stopGraceMs: 1_000 } },
  });
}
const steps = (parts: ReturnType<typeof mend>) => operationItems(parts).flatMap((item) => item.steps);
const asPlan = (parts: ReturnType<typeof mend>): Plan => ({ ...parts, planId: "plan-1", hash: "", createdAt: "" });

describe("a plan that mends findings", () => {
  const tagging: Remediation = { kind: "add_tags", tags: { owner: "ops", team: "x" } };

  test("adds the tags that are missing, and leaves out what doesn't break the policy any more", () => {
    const parts = mend(unowned(tagging), [
      finding(vm("one", { tags: { team: "y" } })),
      finding(vm("two", { tags: { owner: "z" } })),
    ]);
    assert.equal(parts.executable, true);
    assert.deepEqual(steps(parts), [{ action: "set-tags", vmId: "id-one", set: { owner: "ops" }, remove: [] }]);
    assert.match(parts.checks.map(({ detail }) => detail).join("\n"), /Left out: two at a: it doesn't break/);
    assert.deepEqual(
      parts.observed.map(({ id }) => id),
      ["id-one"],
    );
  });

  test("doesn't do what would not mend it", () => {
    const parts = mend(unowned({ kind: "add_tags", tags: { team: "x" } }), [finding(vm("one"))]);
    assert.equal(parts.executable, false);
    assert.match(parts.checks[0]?.detail ?? "", /would not mend it/);
  });

  test("takes out of a group exactly the rules that are forbidden", () => {
    const draft = policyPacks.flatMap(({ policies }) => policies).find(({ name }) => name === "network-no-public-ssh");
    assert.ok(draft);
    const ssh = compiled(draft.requirement, policyOf(draft.requirement, draft));
    const kept = [letIn(443, "0.0.0.0/0"), letIn(22, "10.0.0.0/8")];
    const parts = mend(ssh, [group(letIn(22, "0.0.0.0/0"), ...kept)]);
    const [step] = steps(parts);
    assert.ok(step?.action === "set-security-rules");
    assert.deepEqual(step.rules, kept);
    assert.equal(step.former.length, 3);
    assert.match(parts.actions[0]?.detail ?? "", /in tcp 22 from 0\.0\.0\.0\/0$/);
  });

  test("touches no more than its limit, and says what is left", () => {
    const parts = mend(unowned(tagging), [finding(vm("one"))], 7);
    assert.match(parts.checks.find(({ check }) => check === "limit")?.detail ?? "", /7 more findings/);
  });

  test("takes snapshots of all disks where the site has them", () => {
    const backed = unowned({ kind: "snapshot" });
    assert.deepEqual(steps(mend(backed, [finding(vm("one"))])), [
      { action: "create-snapshot", vmId: "id-one", volumeId: "v-one", key: "plan-1-v-one" },
    ]);
    const without = mend(backed, [finding(vm("one"), { snapshots: "it has none" })]);
    assert.match(without.checks[0]?.detail ?? "", /it has none/);
  });

  test("holds a VM in quarantine before it stops it, and not one that something else holds", () => {
    const quarantine = unowned({ kind: "quarantine" });
    assert.deepEqual(
      steps(mend(quarantine, [finding(vm("one"))])).map(({ action }) => action),
      ["create-snapshot", "hold-vm", "stop-vm"],
    );
    const held = mend(quarantine, [finding(vm("one", { tags: { [tagKeys.fencedBy]: "m-1" } }))]);
    assert.match(held.checks[0]?.detail ?? "", /held by m-1/);
  });
});

describe("taking it back", () => {
  test("takes off the tags that it gave, unless somebody has changed them since", () => {
    const plan = asPlan(
      mend(unowned({ kind: "add_tags", tags: { owner: "ops" } }), [finding(vm("one")), finding(vm("two"))]),
    );
    const done = (item: number, now: Vm) => ({ item, kind: "vm", resourceId: now.vmId, vm: now });
    const back = planUndoRemediation("op-1", plan, [
      done(0, vm("one", { tags: { owner: "ops" } })),
      done(1, vm("two", { tags: { owner: "changed" } })),
    ]);
    assert.deepEqual(steps(back), [{ action: "set-tags", vmId: "id-one", set: {}, remove: ["owner"] }]);
    assert.match(back.checks.map(({ detail }) => detail).join("\n"), /Left out: two at a has changed since/);
  });

  test("gives a group the rules back that it had, unless they have changed since", () => {
    const open = compiled(
      { forbid: { field: "security_group.ingress.port", operator: "equals", value: 22 } },
      { actions: ["remediate"], remediation: { kind: "close_rules" } },
    );
    const rules = [letIn(22, "10.0.0.0/8")];
    const plan = asPlan(mend(open, [group(...rules)]));
    const left = { item: 0, kind: "security-group", resourceId: "sg" };
    const closed = { securityGroupId: "sg", name: "sg", tags: {} };
    const back = planUndoRemediation("op-1", plan, [{ ...left, group: { ...closed, rules: [] } }]);
    const [step] = steps(back);
    assert.ok(step?.action === "set-security-rules");
    assert.deepEqual(step.rules, rules);
    const changed = planUndoRemediation("op-1", plan, [{ ...left, group: { ...closed, rules: [letIn(80, "::/0")] } }]);
    assert.equal(changed.executable, false);
  });

  test("releases what is in quarantine before it starts it", () => {
    const plan = asPlan(mend(unowned({ kind: "quarantine" }), [finding(vm("one"), { snapshots: "none" })]));
    const held = vm("one", { state: "stopped", tags: { [tagKeys.fencedBy]: "quarantine-plan-1" } });
    const back = planUndoRemediation("op-1", plan, [{ item: 0, kind: "vm", resourceId: held.vmId, vm: held }]);
    assert.deepEqual(
      steps(back).map(({ action }) => action),
      ["release-vm", "start-vm"],
    );
  });
});
