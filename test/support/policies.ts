import fc from "fast-check";
import { type CompiledPolicy, compilePolicy, type Policy } from "../../src/domain/policy/policy.ts";
import type { Requirement, Rule } from "../../src/domain/policy/rule.ts";
import type { Resource } from "../../src/domain/resource.ts";
import { parseSearch } from "../../src/domain/search/parser.ts";
import { now, resourceArbitrary } from "./resources.ts";

/** Policies and resources whose values meet often. */

export function policyOf(requirement: Requirement, more: Partial<Policy> = {}): Policy {
  return {
    policyId: "p-1",
    name: "p",
    type: "security",
    severity: "high",
    description: "",
    scope: "",
    actions: ["notify"],
    remedy: "Mend it.",
    enabled: true,
    version: 1,
    createdBy: "user/a",
    createdAt: new Date(now).toISOString(),
    updatedAt: new Date(now).toISOString(),
    ...more,
    requirement,
  };
}

export function compiled(requirement: Requirement, more: Partial<Policy> = {}): CompiledPolicy {
  const policy = policyOf(requirement, more);
  const parsed = parseSearch(policy.scope, now);
  if (!parsed.ok) throw new Error(parsed.problem.message);
  return compilePolicy(policy, parsed.query.where);
}

const pick = <T>(...values: T[]) => fc.constantFrom(...values);
const cidrs = ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "::/0", "203.0.113.5", "sg-1", "2001:db8::/32", "999.1.1.1"];

const securityRule = fc
  .record({
    direction: pick("ingress", "egress"),
    protocol: pick("tcp", "udp", "icmp", "all"),
    from_port: fc.option(pick(0, 22, 80, 443), { nil: undefined }),
    to_port: fc.option(pick(443, 3389, 65_535), { nil: undefined }),
    peer: pick(...cidrs),
  })
  .map(({ to_port, from_port, ...rest }) => ({
    ...rest,
    ...(from_port === undefined ? {} : { from_port, ...(to_port === undefined ? {} : { to_port }) }),
  }));

/** What documents have of each kind, and at times haven't. */
const documents = fc.record(
  {
    rules: fc.array(securityRule, { maxLength: 4 }),
    disks: fc.array(
      fc.record(
        { volume_id: pick("v-1", "v-2", "r-7"), size_bytes: pick(2 ** 30, 2 ** 35), type: pick("gp3", "qcow2") },
        { requiredKeys: ["volume_id"] },
      ),
      { maxLength: 3 },
    ),
    nics: fc.array(
      fc.record(
        { network_id: pick("n-1", "n-2"), address: pick("10.0.0.1", "10.1.2.3"), public_address: pick("203.0.113.9") },
        { requiredKeys: ["network_id"] },
      ),
      { maxLength: 2 },
    ),
    cidrs: fc.array(pick(...cidrs), { maxLength: 2 }),
    encrypted: fc.boolean(),
    zone: pick("a", "b"),
    capacity_type: pick("spot", "on-demand"),
    internet_facing: fc.boolean(),
    vm_id: pick("r-1", "r-2", "r-3"),
    volume_id: pick("v-1", "v-2", "r-7"),
  },
  { requiredKeys: [] },
);

const judgedKinds = ["vm", "volume", "snapshot", "network", "security-group", "address", "load-balancer"] as const;

/** Few ids, so that volumes and addresses belong to VMs that are there. */
export const judgedResource: fc.Arbitrary<Resource> = fc
  .tuple(resourceArbitrary, documents, pick(...judgedKinds), fc.nat({ max: 9 }), pick("completed", "pending"))
  .map(([resource, document, kind, number, state]) => ({
    ...resource,
    kind,
    resourceId: `r-${number}`,
    ...(kind === "snapshot" ? { state } : {}),
    document: { ...resource.document, ...document },
  }));

const texts = ["name", "id", "site", "provider", "region", "kind", "state", "type", "owner", "project"] as const;
const negatable = (condition: { field: string; operator: string; value?: unknown }): fc.Arbitrary<Rule> =>
  fc.boolean().map((negated) => ({ ...condition, operator: `${negated ? "not_" : ""}${condition.operator}` }) as Rule);

const textCondition = fc
  .tuple(
    pick(
      ...texts,
      "tags.env",
      "tags.Owner",
      "tags.odd key",
      "tags.a%b",
      "zone",
      "disks.type",
      "nics.network",
      "residency",
    ),
    pick("exists", "equals", "in", "contains", "matches"),
    pick("web", "prod", "p*d", "a_b", "WEB", "", "*", "a", "10", "eu", "gp3", "n-1", "running", "a,b", "m6i.*"),
  )
  .chain(([field, operator, value]) =>
    negatable(
      operator === "exists"
        ? { field, operator }
        : { field, operator, value: operator === "in" ? [value, "aws", "b"] : value },
    ),
  );

const numberCondition = fc
  .tuple(
    pick("monthly_cost", "cpus", "memory", "size", "disks.size"),
    pick("exists", "equals", "in", "greater_than", "less_than", "between"),
    pick(0, 1, 2, 4, 9.99, 100, 250.5),
  )
  .chain(([field, operator, value]) =>
    negatable(
      operator === "exists"
        ? { field, operator }
        : {
            field,
            operator,
            value: operator === "in" ? [value, 8] : operator === "between" ? [value, value * 2 + 1] : value,
          },
    ),
  );

const portCondition = fc
  .tuple(
    pick("security_group.ingress.port", "security_group.egress.port"),
    pick("exists", "equals", "in", "greater_than", "less_than", "between"),
    pick(22, 80, 443, 3389, 8_080),
  )
  .chain(([field, operator, value]) =>
    negatable(
      operator === "exists"
        ? { field, operator }
        : {
            field,
            operator,
            value: operator === "in" ? [value, 5_432] : operator === "between" ? [value, value + 10] : value,
          },
    ),
  );

const peerCondition = fc
  .tuple(
    pick("security_group.ingress.source", "security_group.egress.destination", "cidr", "nics.address"),
    pick("exists", "equals", "in", "cidr_contains", "contains"),
    pick("0.0.0.0/0", "10.1.2.3", "10.0.0.0/8", "::/0", "203.0.113.5"),
  )
  .chain(([field, operator, value]) =>
    negatable(
      operator === "exists" ? { field, operator } : { field, operator, value: operator === "in" ? [value] : value },
    ),
  );

const timeCondition = fc
  .tuple(
    pick("created", "changed", "first_seen", "state_since"),
    pick("older_than", "greater_than", "exists"),
    pick("1h", "3d", "60d"),
  )
  .chain(([field, operator, value]) =>
    negatable(
      operator === "exists"
        ? { field, operator }
        : { field, operator, value: operator === "older_than" ? value : "2026-10-20T00:00:00Z" },
    ),
  );

const otherCondition = fc
  .oneof(
    pick({ field: "backup_age", operator: "exists" }),
    fc
      .tuple(pick("greater_than", "less_than", "older_than"), pick("1h", "3d", "60d"))
      .map(([operator, value]) => ({ field: "backup_age", operator, value })),
    fc
      .tuple(pick("encrypted", "public_ip", "in_use", "internet_facing"), fc.boolean())
      .map(([field, value]) => ({ field, operator: "equals", value })),
    pick({ field: "security_group.ingress.protocol", operator: "equals", value: "tcp" }),
    pick({ field: "encrypted", operator: "exists" }),
  )
  .chain((condition: { field: string; operator: string; value?: unknown }) => negatable(condition));

export const conditionArbitrary: fc.Arbitrary<Rule> = fc.oneof(
  textCondition,
  numberCondition,
  portCondition,
  peerCondition,
  timeCondition,
  otherCondition,
);

export const ruleArbitrary: fc.Arbitrary<Rule> = fc.letrec<{ rule: Rule }>((tie) => ({
  rule: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    conditionArbitrary,
    fc.array(tie("rule"), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
    fc.array(tie("rule"), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
    tie("rule").map((not) => ({ not })),
  ),
})).rule;

export const requirementArbitrary: fc.Arbitrary<Requirement> = fc
  .tuple(ruleArbitrary, fc.boolean())
  .map(([rule, forbids]) => (forbids ? { forbid: rule } : { require: rule }));
