import { canonicalJson } from "../plan.ts";
import type { SecurityRule } from "../security-rule.ts";
import { fromWire, toWire, type Wire } from "../wire.ts";
import { matchingElements } from "./evaluate.ts";
import type { Logic } from "./logic.ts";
import type { CompiledPolicy } from "./policy.ts";
import type { Element, Subject } from "./subject.ts";

/** The rules of a security group that a policy forbids, by what it looks for in them. */
export function forbiddenRules({ policy, logic }: CompiledPolicy, subject: Subject, now: number): SecurityRule[] {
  const found = elementsIn(logic, "forbid" in policy.requirement, subject, now);
  const unique = new Map(found.map((element) => [canonicalJson(element), element]));
  return [...unique.values()].map((element) => fromWire<SecurityRule>(element as unknown as Wire<SecurityRule>));
}

/** What is left of rules without those. */
export function withoutRules(rules: readonly SecurityRule[], closed: readonly SecurityRule[]): SecurityRule[] {
  const gone = new Set(closed.map((rule) => canonicalJson(toWire(rule))));
  return rules.filter((rule) => !gone.has(canonicalJson(toWire(rule))));
}

/** A text that is another one whenever the rules are. */
export function rulesVersion(rules: readonly SecurityRule[]): string {
  return JSON.stringify(rules.map((rule) => canonicalJson(rule)).sort());
}

function elementsIn(logic: Logic, wanted: boolean, subject: Subject, now: number): readonly Element[] {
  switch (logic.type) {
    case "all":
    case "any":
      return logic.items.flatMap((item) => elementsIn(item, wanted, subject, now));
    case "not":
      return elementsIn(logic.item, !wanted, subject, now);
    case "some":
      return wanted && logic.list.startsWith("security_group.") ? matchingElements(logic, subject, now) : [];
    case "test":
      return [];
  }
}
