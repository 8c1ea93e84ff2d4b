import type { ResourceKind } from "../resource.ts";
import { matches, type Searchable } from "../search/evaluate.ts";
import type { Expression } from "../search/query.ts";
import { compileLogic, type Evaluator, unknown, yes } from "./evaluate.ts";
import type { Logic } from "./logic.ts";
import { kindsOf, readRequirement, refuseUnjudgeable } from "./read-rule.ts";
import type { Remediation } from "./remediation.ts";
import type { Requirement } from "./rule.ts";
import type { Subject } from "./subject.ts";

export const policyTypes = ["tagging", "cost", "security", "compliance"] as const;
export type PolicyType = (typeof policyTypes)[number];
/** The worst first. */
export const severities = ["critical", "high", "medium", "low"] as const;
export type Severity = (typeof severities)[number];
/** `block`: plans that would break it can't be executed. `remediate`: findings can be mended by a plan. `notify`: people are
 *  told of new findings. Findings are kept whatever the actions. */
export const policyActions = ["notify", "remediate", "block"] as const;
export type PolicyAction = (typeof policyActions)[number];

/** What a person says of a policy. */
export interface PolicyDraft {
  /** Unique; lower case with dashes. */
  readonly name: string;
  readonly type: PolicyType;
  readonly severity: Severity;
  /** Why there is such a policy, in a sentence. */
  readonly description: string;
  /** In the search language: what it is about. Empty: everything that has what the rule asks of. */
  readonly scope: string;
  readonly requirement: Requirement;
  readonly actions: readonly PolicyAction[];
  /** What to do about a resource that breaks it, in a sentence. */
  readonly remedy: string;
  /** How `remediate` mends it. */
  readonly remediation?: Remediation;
  /** Where the rule comes from: a page or a section of a standard. */
  readonly source?: string;
}

export interface Policy extends PolicyDraft {
  readonly policyId: string;
  readonly enabled: boolean;
  /** The starter pack that it came with. */
  readonly pack?: string;
  /** Raised with every change. */
  readonly version: number;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Resources that may break a policy for a while. */
export interface Exemption {
  readonly exemptionId: string;
  readonly policyId: string;
  /** In the search language: which resources. */
  readonly scope: string;
  /** Who answers for it. */
  readonly owner: string;
  readonly reason: string;
  readonly expiresAt: string;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly revokedAt?: string;
}

/** Something in the words of searches, already read. */
export interface ReadScope {
  readonly where: Expression;
}

/** What is judged by: a policy with its rule and scopes read. */
export interface CompiledPolicy {
  readonly policy: Policy;
  readonly logic: Logic;
  readonly where: Expression;
  readonly exempt: readonly (ReadScope & { readonly exemption: Exemption })[];
  readonly scanKinds: readonly ResourceKind[];
  readonly planKinds: ReadonlySet<ResourceKind>;
  readonly evaluate: Evaluator;
}

export type Verdict = "pass" | "violation" | "unknown" | "exempt";

/** @throws ProviderError InvalidInput for a rule that can't be read or judges nothing. */
export function compilePolicy(
  policy: Policy,
  where: Expression,
  exempt: CompiledPolicy["exempt"] = [],
): CompiledPolicy {
  const logic = readRequirement(policy.requirement);
  refuseUnjudgeable(logic);
  const holds = compileLogic(logic);
  const forbids = "forbid" in policy.requirement;
  return {
    policy,
    logic,
    where,
    exempt,
    scanKinds: kindsOf(logic, "scan"),
    planKinds: new Set(kindsOf(logic, "plan")),
    evaluate: forbids ? (subject, now) => (yes - holds(subject, now)) as ReturnType<Evaluator> : holds,
  };
}

/** Undefined: the policy isn't about it. */
export function judge(compiled: CompiledPolicy, subject: Subject, now: number): Verdict | undefined {
  const { resource } = subject;
  if (!compiled.planKinds.has(resource.kind)) return undefined;
  const searchable = resource as Searchable;
  if (!matches(compiled.where, searchable)) return undefined;
  const truth = compiled.evaluate(subject, now);
  if (truth === yes) return "pass";
  if (truth === unknown) return "unknown";
  return exemptionOf(compiled, searchable, now) ? "exempt" : "violation";
}

/** The one that holds for it and ends last. */
export function exemptionOf({ exempt }: CompiledPolicy, resource: Searchable, now: number): Exemption | undefined {
  return exempt
    .filter(({ where, exemption }) => Date.parse(exemption.expiresAt) > now && matches(where, resource))
    .map(({ exemption }) => exemption)
    .toSorted((a, b) => (a.expiresAt > b.expiresAt ? -1 : 1))[0];
}
