import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CreateObservations, SeenSite } from "../../src/domain/create-observations.ts";
import { planCreate } from "../../src/domain/create-plan.ts";
import { planOperation } from "../../src/domain/operate-plan.ts";
import { canonicalJson, planContent } from "../../src/domain/plan.ts";
import { admission, movedVm } from "../../src/domain/policy/admission.ts";
import { policyPacks } from "../../src/domain/policy/packs.ts";
import type { CompiledPolicy, PolicyAction } from "../../src/domain/policy/policy.ts";
import type { Requirement } from "../../src/domain/policy/rule.ts";
import type { Vm } from "../../src/domain/vm.ts";
import { compiled, policyOf } from "../support/policies.ts";
import { now } from "../support/resources.ts";

const GiB = 2 ** 30;
const policy = (name: string, requirement: Requirement, actions: readonly PolicyAction[] = ["block"], scope = "") =>
  compiled(requirement, { name, actions, scope, description: "So it is." });

/** A starter policy as it is installed. */
function starter(name: string): CompiledPolicy {
  const draft = policyPacks.flatMap(({ policies }) => policies).find((each) => each.name === name);
  assert.ok(draft, name);
  return compiled(draft.requirement, policyOf(draft.requirement, draft));
}

function site(name: string, region: string, residency: string[], monthly = 10): SeenSite {
  const terms = { capacityType: "on-demand" } as const;
  const list = { provider: "aws", region, terms, kind: "instance" as const, unit: "hour" as const };
  const price = { ...list, item: "m.large", price: { micros: monthly * 1_000, currency: "USD" } };
  const type = { name: "m.large", cpus: 2, memoryBytes: 8 * GiB, architecture: "x86_64", firmwares: ["bios"] };
  return {
    ...{ site: name, provider: "aws", region, residency },
    there: {
      capabilityGaps: {},
      networks: [{ networkId: "n", name: "n", active: true, isDefault: true, virtualNetworkId: "vpc" }],
      ...{ vmNames: [], ceilings: [], diskBytes: [10 * GiB] },
      instanceTypes: [{ ...type, burstable: false, gpus: 0, maxDisks: 8, maxNics: 4, zones: [] }] as never,
      prices: { provider: "aws", region, prices: [price] } as never,
      securityGroups: [
        {
          ...{ securityGroupId: "sg-open", name: "open", virtualNetworkId: "vpc" },
          rules: [{ direction: "ingress", protocol: "tcp", fromPort: 22, toPort: 22, peer: "0.0.0.0/0" }],
        },
        { securityGroupId: "sg-web", name: "web", virtualNetworkId: "vpc", rules: [] },
      ],
    },
  };
}

const wish = { name: "web-1", cpus: 2, memoryBytes: 4 * GiB, disks: [{ sizeBytes: 10 * GiB }] };
function create(policies: CompiledPolicy[], sites: SeenSite[], more: Partial<CreateObservations["request"]> = {}) {
  const request = { ...wish, ...more };
  return planCreate({ request, defaults: { stopGraceMs: 1 }, sites, admit: admission(policies, now) });
}
const checkOf = ({ checks }: ReturnType<typeof create>, name: string) => checks.find(({ check }) => check === name);

describe("a new VM", () => {
  const here = site("here", "eu-1", ["eu"]);

  test("that would break a policy can't be made; the plan says which rule, why and what to do", () => {
    const parts = create([starter("tags-owner")], [here], { site: "here" });
    assert.equal(parts.executable, false);
    const check = checkOf(parts, "policy-tags-owner");
    assert.equal(check?.result, "fail");
    assert.match(check?.detail ?? "", /web-1 at here would break policy tags-owner \(medium\).*owner: none/);
    assert.match(check?.remedy ?? "", /tag owner/);
    const tagged = create([starter("tags-owner")], [here], { site: "here", tags: { owner: "ops" } });
    assert.deepEqual([tagged.executable, checkOf(tagged, "policies")?.result], [true, "pass"]);
  });

  test("is told of what a policy only notifies of", () => {
    const parts = create([policy("p", { require: { field: "owner", operator: "exists" } }, ["notify"])], [here]);
    assert.deepEqual([parts.executable, checkOf(parts, "policy-p")?.result], [true, "warn"]);
  });

  test("goes to the cheapest site where no policy is in its way", () => {
    const away = site("away", "us-1", ["us"], 1);
    const tags = { data: "personal" };
    assert.equal(create([], [here, away], { tags }).actions[0]?.resource.site, "away");
    const parts = create([starter("residency-personal-data")], [here, away], { tags });
    assert.equal(parts.actions[0]?.resource.site, "here");
    assert.match(parts.choices[0]?.why ?? "", /left out: away|residency-personal-data/);
  });

  test("has the rules of the groups that it would have", () => {
    const ssh = starter("network-no-public-ssh");
    assert.equal(create([ssh], [here], { site: "here", securityGroups: ["open"] }).executable, false);
    assert.equal(create([ssh], [here], { site: "here", securityGroups: ["web"] }).executable, true);
    const unsaid = create([ssh], [here], { site: "here" });
    assert.deepEqual([unsaid.executable, checkOf(unsaid, "policy-network-no-public-ssh")?.result], [true, "warn"]);
  });

  test("is judged by its price, where that is known to the last line", () => {
    const limit = policy("limit", { forbid: { field: "monthly_cost", operator: "greater_than", value: 5 } });
    assert.equal(checkOf(create([limit], [here], { site: "here" }), "policy-limit")?.result, "warn");
  });

  test("is pinned with what was judged, and its hash covers that", () => {
    const parts = create([], [here], { site: "here" });
    assert.equal(parts.judged?.[0]?.resource.name, "web-1");
    const otherwise = { ...parts, judged: [] };
    assert.notEqual(canonicalJson(planContent(parts)), canonicalJson(planContent(otherwise)));
  });
});

const vm: Vm = {
  ...{ vmId: "id-db", site: "a", name: "db", state: "stopped", cpus: 2, memoryBytes: 4 * GiB, firmware: "bios" },
  ...{ architecture: "x86_64", nics: [], publishPorts: [], endpoints: [], tags: { env: "prod" } },
  disks: [{ diskId: "vda", volumeId: "v", sizeBytes: GiB, bus: "virtio-blk", boot: true }],
};

test("a resize that would break a policy is left out, and the others go on", () => {
  const small = policy(
    "small",
    { forbid: { field: "cpus", operator: "greater_than", value: 4 } },
    ["block"],
    "tag.env=prod",
  );
  const place = { site: "a", provider: "libvirt" };
  const other = { ...vm, vmId: "id-web", name: "web", tags: {} };
  const vms = [vm, other].map((each) => ({
    site: "a",
    asked: each.name,
    vm: each,
    capabilityGaps: {},
    place,
    beside: {},
  }));
  const request = { action: "resize" as const, vms: vms.map(({ asked }) => ({ site: "a", vm: asked })), cpus: 8 };
  const parts = planOperation({ request, defaults: { stopGraceMs: 1 }, vms, admit: admission([small], now) });
  assert.deepEqual(
    parts.actions.map(({ detail }) => detail.split(" from")[0]),
    ["Resize web at a"],
  );
  assert.match(parts.checks.map(({ detail }) => detail).join("\n"), /Left out: db at a would break policy small/);
  assert.deepEqual(
    parts.judged?.map(({ resource }) => [resource.name, resource.cpus]),
    [["web", 8]],
  );
});

describe("a moved VM", () => {
  const action = { action: "create-vm", resource: { site: "b", kind: "vm", id: "db" }, detail: "" };
  const parameters = {
    name: "db",
    cpus: 4,
    memoryBytes: 8 * GiB,
    disks: [{}],
    nics: [],
    tags: {},
    instanceTypes: ["m.large"],
  };
  const estimates = { bytesToMove: 0, bytesNominal: 0, basis: "" };
  const moved = (gaps: Record<string, string>, residency: string[], backupAt: string) =>
    movedVm(
      { site: "b", provider: "aws" },
      vm,
      { actions: [{ ...action, parameters }], estimates },
      {
        ...{ target: { capabilityGaps: gaps }, diskBytes: [GiB], residency, backupAt },
      },
    );

  test("is judged as it would be at the target, with the backups that it has", () => {
    const all = ["encryption-volumes", "backup-daily", "residency-personal-data"].map(starter);
    const admit = admission(all, now);
    const failed = (subject: ReturnType<typeof moved>) =>
      admit([subject]).flatMap(({ check, result }) => (result === "fail" ? [check] : []));
    const fresh = new Date(now - 3_600_000).toISOString();
    assert.deepEqual(failed(moved({}, ["eu"], fresh)), []);
    assert.deepEqual(failed(moved({ "disks.encrypted": "files" }, ["eu"], "never")), [
      "policy-encryption-volumes",
      "policy-backup-daily",
    ]);
    const subject = moved({}, ["us"], fresh);
    const personal = { ...subject, resource: { ...subject.resource, tags: { data: "personal" } } };
    assert.deepEqual(failed(personal), ["policy-residency-personal-data"]);
    assert.deepEqual([subject.resource.cpus, subject.resource.type, subject.from], [4, "m.large", "a"]);
  });
});
