import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isProviderError } from "../../src/domain/errors.ts";
import { readPolicies } from "../../src/domain/policy/book.ts";
import { explain } from "../../src/domain/policy/explain.ts";
import { fieldNames, fields } from "../../src/domain/policy/fields.ts";
import { frameworks } from "../../src/domain/policy/frameworks.ts";
import { policyPacks } from "../../src/domain/policy/packs.ts";
import { judge } from "../../src/domain/policy/policy.ts";
import { complianceReport } from "../../src/domain/policy/report.ts";
import type { Requirement, Rule } from "../../src/domain/policy/rule.ts";
import type { Subject } from "../../src/domain/policy/subject.ts";
import type { Resource } from "../../src/domain/resource.ts";
import { compiled, conditionArbitrary, judgedResource, policyOf, ruleArbitrary } from "../support/policies.ts";
import { now } from "../support/resources.ts";

const place = { site: "s", provider: "aws", region: "eu-1" } as const;
const group = (...rules: object[]): Resource => ({
  ...place,
  ...{ kind: "security-group", resourceId: "sg", name: "sg", tags: {}, document: { rules } },
});
const vm = (more: Partial<Resource> = {}): Resource => ({
  ...place,
  ...{ kind: "vm", resourceId: "v", name: "v", tags: {}, document: {} },
  ...more,
});
const letIn = (port: number | undefined, peer: string, protocol = "tcp") => ({
  ...{ direction: "ingress", protocol, peer },
  ...(port === undefined ? {} : { from_port: port, to_port: port }),
});
const verdict = (requirement: Requirement, subject: Subject | Resource) =>
  judge(compiled(requirement), "resource" in subject ? subject : { resource: subject }, now);

const port = (value: number): Rule => ({ field: "security_group.ingress.port", operator: "equals", value });
const source = (value: string): Rule => ({ field: "security_group.ingress.source", operator: "equals", value });

describe("conditions on one list", () => {
  const ssh: Requirement = { forbid: { all: [port(22), source("0.0.0.0/0")] } };

  test("that stand together hold of the same element", () => {
    assert.equal(verdict(ssh, group(letIn(22, "0.0.0.0/0"))), "violation");
    assert.equal(verdict(ssh, group(letIn(22, "10.0.0.0/8"), letIn(443, "0.0.0.0/0"))), "pass");
  });

  test("see a port in a range, and in a rule about all of them", () => {
    assert.equal(verdict(ssh, group({ ...letIn(0, "0.0.0.0/0"), to_port: 100 })), "violation");
    assert.equal(verdict(ssh, group(letIn(undefined, "0.0.0.0/0", "all"))), "violation");
    assert.equal(verdict(ssh, group(letIn(22, "0.0.0.0/0", "icmp"))), "pass");
  });

  test("a negation among them is of the element that the others have found", () => {
    const outside: Requirement = {
      forbid: {
        all: [port(22), { field: "security_group.ingress.source", operator: "not_equals", value: "10.0.0.0/8" }],
      },
    };
    assert.equal(verdict(outside, group(letIn(22, "10.0.0.0/8"), letIn(443, "0.0.0.0/0"))), "pass");
    assert.equal(verdict(outside, group(letIn(22, "10.0.0.0/8"), letIn(22, "192.0.2.0/24"))), "violation");
  });

  test("negations alone say that there is no such element", () => {
    const neither: Requirement = {
      require: {
        all: [
          { field: "security_group.ingress.port", operator: "not_equals", value: 22 },
          { field: "security_group.ingress.port", operator: "not_equals", value: 3_389 },
        ],
      },
    };
    assert.equal(verdict(neither, group(letIn(443, "0.0.0.0/0"))), "pass");
    assert.equal(verdict(neither, group(letIn(443, "0.0.0.0/0"), letIn(22, "10.0.0.0/8"))), "violation");
  });
});

describe("what isn't known", () => {
  const limit: Requirement = { require: { field: "monthly_cost", operator: "less_than", value: 100 } };

  test("is neither a violation nor a pass", () => {
    assert.equal(verdict(limit, vm()), "unknown");
    assert.equal(verdict(limit, vm({ monthlyCostMicros: 99_000_000 })), "pass");
    assert.equal(verdict(limit, vm({ monthlyCostMicros: 100_000_000 })), "violation");
  });

  test("decides nothing where the rest decides", () => {
    const either: Requirement = {
      require: {
        any: [
          { field: "monthly_cost", operator: "less_than", value: 100 },
          { field: "tags.approved", operator: "exists" },
        ],
      },
    };
    assert.equal(verdict(either, vm({ tags: { approved: "yes" } })), "pass");
    assert.equal(verdict(either, vm()), "unknown");
  });

  test("a tag that isn't there is known not to be", () => {
    assert.equal(verdict({ require: { field: "tags.owner", operator: "equals", value: "a" } }, vm()), "violation");
    assert.equal(verdict({ forbid: { field: "tags.owner", operator: "equals", value: "a" } }, vm()), "pass");
  });

  test("a VM without a backup has one that is older than anything", () => {
    const daily: Requirement = { forbid: { field: "backup_age", operator: "older_than", value: "24h" } };
    assert.equal(verdict(daily, { resource: vm(), backupAt: "never" }), "violation");
    assert.equal(verdict(daily, { resource: vm(), backupAt: new Date(now - 3_600_000).toISOString() }), "pass");
    assert.equal(verdict(daily, { resource: vm() }), "unknown");
    assert.equal(
      verdict({ require: { field: "backup_age", operator: "exists" } }, { resource: vm(), backupAt: "never" }),
      "violation",
    );
  });
});

describe("every rule", () => {
  const subjects = judgedResource.map((resource): Subject => ({ resource }));

  test("a negated operator holds exactly where the operator doesn't", () => {
    fc.assert(
      fc.property(conditionArbitrary, subjects, (condition, subject) => {
        const { operator, ...rest } = condition as Extract<Rule, { operator: string }>;
        const other = operator.startsWith("not_") ? operator.slice(4) : `not_${operator}`;
        const one = verdict({ require: condition }, subject);
        const contrary = verdict({ forbid: { ...rest, operator: other } as Rule }, subject);
        assert.equal(one, contrary);
      }),
      { numRuns: 500 },
    );
  });

  test("forbids what its contrary requires, and says why it is broken", () => {
    fc.assert(
      fc.property(ruleArbitrary, subjects, (rule, subject) => {
        let one: ReturnType<typeof verdict>;
        try {
          one = verdict({ require: rule }, subject);
        } catch (error) {
          if (isProviderError(error, "InvalidInput")) return;
          throw error;
        }
        assert.equal(verdict({ forbid: { not: rule } }, subject), one);
        if (one === "violation") assert.notEqual(explain(compiled({ require: rule }), subject, now), "");
      }),
      { numRuns: 500 },
    );
  });
});

test("why something is broken names what is there", () => {
  const ssh: Requirement = { forbid: { all: [port(22), source("0.0.0.0/0")] } };
  const subject = { resource: group(letIn(22, "0.0.0.0/0"), letIn(443, "0.0.0.0/0")) };
  assert.equal(explain(compiled(ssh), subject, now), "security_group.ingress: in tcp 22 from 0.0.0.0/0");
  const owner: Requirement = { require: { field: "tags.owner", operator: "exists" } };
  assert.equal(explain(compiled(owner), { resource: vm() }, now), "tags.owner: none");
});

test("a rule that can't be read says where and what to write", () => {
  const refused = (rule: unknown, words: RegExp) =>
    assert.throws(
      () => compiled({ require: rule as Rule }),
      (error) => isProviderError(error, "InvalidInput") && words.test(error.message),
    );
  refused(
    {
      all: [
        { field: "tags.a", operator: "exists" },
        { field: "regoin", operator: "exists" },
      ],
    },
    /require\.all\[1\].*Did you mean region/s,
  );
  refused(
    { field: "region", operator: "greater_than", value: 1 },
    /can't be compared by greater_than.*exists, equals/s,
  );
  refused({ field: "memory", operator: "equals", value: "lots" }, /no amount/);
  refused({ field: "created", operator: "older_than", value: "soon" }, /no duration/);
  refused({ field: "security_group.ingress.source", operator: "cidr_contains", value: "everybody" }, /no CIDR/);
  refused({ field: "cpus", operator: "between", value: [8, 2] }, /smaller one/);
  refused({ all: [] }, /empty/);
  refused(
    {
      all: [
        { field: "cidr", operator: "exists" },
        { field: "backup_age", operator: "exists" },
      ],
    },
    /no kind of resource/,
  );
});

test("an exemption counts until it ends, and for what it names only", () => {
  const policy = policyOf({ require: { field: "tags.owner", operator: "exists" } });
  const exemption = {
    ...{ exemptionId: "e", policyId: policy.policyId, scope: "id:v", owner: "o", reason: "r", createdBy: "u" },
    ...{ createdAt: new Date(now).toISOString(), expiresAt: new Date(now + 1_000).toISOString() },
  };
  const [read] = readPolicies([policy], [exemption], now);
  assert.ok(read);
  assert.equal(judge(read, { resource: vm() }, now), "exempt");
  assert.equal(judge(read, { resource: vm() }, now + 2_000), "violation");
  assert.equal(judge(read, { resource: vm({ resourceId: "w" }) }, now), "violation");
  assert.equal(judge(read, { resource: group() }, now), "violation");
});

test("every starter policy can be read, names its source, and is on the page", () => {
  const page = readFileSync(new URL("../../docs/policies.md", import.meta.url), "utf8");
  for (const { packId, policies } of policyPacks) {
    assert.ok(page.includes(`\`${packId}\``), packId);
    for (const draft of policies) {
      assert.equal(readPolicies([policyOf(draft.requirement, draft)], [], now).length, 1);
      assert.ok(draft.source !== undefined && draft.remedy !== "", draft.name);
      assert.ok(page.includes(`\`${draft.name}\``), draft.name);
      assert.equal(draft.actions.includes("remediate"), draft.remediation !== undefined, draft.name);
    }
  }
});

test("the page has every field with its type", () => {
  const page = readFileSync(new URL("../../docs/policies.md", import.meta.url), "utf8");
  for (const name of fieldNames) {
    const shown = name === "tags" ? "tags.KEY" : name;
    assert.match(page, new RegExp(`^\\| \`${shown.replaceAll(".", "\\.")}\` \\| ${fields[name].type} \\|`, "m"), name);
  }
});

describe("a compliance report", () => {
  const at = new Date(now).toISOString();
  const [cis] = frameworks;
  const standing = (name: string, more: object = {}) => ({
    ...{ name, enabled: true, judgedAt: at, judged: 9, unknown: 0, open: 0, exempt: 0 },
    ...more,
  });
  const controlOf = (policies: Parameters<typeof complianceReport>[1], controlId: string) => {
    assert.ok(cis);
    return complianceReport(cis, policies, {}, at).controls.find((control) => control.controlId === controlId);
  };

  test("never says more than was looked at", () => {
    assert.equal(controlOf([], "2.2.1")?.standing, "not-checked");
    assert.equal(controlOf([standing("encryption-volumes")], "2.2.1")?.standing, "no-violation");
    assert.equal(controlOf([standing("encryption-volumes", { open: 1 })], "2.2.1")?.standing, "violated");
    assert.equal(controlOf([standing("encryption-volumes", { unknown: 3 })], "2.2.1")?.standing, "incomplete");
    assert.equal(controlOf([standing("encryption-volumes", { enabled: false })], "2.2.1")?.standing, "not-checked");
    const half = controlOf([standing("network-no-public-ssh")], "5.2");
    assert.deepEqual(
      [half?.standing, half?.missing],
      ["incomplete", ["Policy network-no-public-rdp is not installed."]],
    );
  });

  test("maps to starter policies that are there, and says of each control what is not checked", () => {
    const names = new Set(policyPacks.flatMap(({ policies }) => policies.map(({ name }) => name)));
    for (const { controls, outside } of frameworks) {
      assert.ok(outside.length > 0);
      for (const { controlId, policies, evidence, notChecked } of controls) {
        assert.ok(notChecked !== "" && policies.length + evidence.length > 0, controlId);
        for (const name of policies) assert.ok(names.has(name), name);
      }
    }
  });
});
