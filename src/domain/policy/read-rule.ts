import { ProviderError } from "../errors.ts";
import type { ResourceKind } from "../resource.ts";
import { resourceKinds } from "../resource.ts";
import { closest } from "../search/problem.ts";
import { describeField, fieldNames, fieldOf, type List, readFieldName } from "./fields.ts";
import { fieldsIn, type Logic } from "./logic.ts";
import { type Condition, negatedOperators, type Operator, operators, type Requirement, type Rule } from "./rule.ts";
import { operatorsOf, readTest, ValueError } from "./values.ts";

const deepest = 8;
const mostConditions = 100;

/**
 * What a rule means. In an `all`, what speaks of one list alone and has something positive to say is put together: it holds
 * where one element satisfies all of it, negations included. Otherwise each condition on a list looks for an element of its
 * own, and its negation says that there is none.
 * @throws ProviderError InvalidInput with the place in the rule.
 */
export function readRequirement(requirement: Requirement): Logic {
  const [word, rule] = "require" in requirement ? ["require", requirement.require] : ["forbid", requirement.forbid];
  const budget = { left: mostConditions };
  return logicOf(read(rule, word, 0, budget));
}

/** Kinds that have all that the rule asks of: in scans, or in plans. */
export function kindsOf(logic: Logic, where: "scan" | "plan"): ResourceKind[] {
  const asked = fieldsIn(logic).map(fieldOf);
  return resourceKinds.filter((kind) =>
    asked.every(
      ({ kinds, plannedKinds = [] }) => kinds.includes(kind) || (where === "plan" && plannedKinds.includes(kind)),
    ),
  );
}

/** A rule with its values read. */
type Read =
  | { readonly type: "all" | "any"; readonly items: readonly Read[] }
  | { readonly type: "not"; readonly item: Read }
  | (Extract<Logic, { type: "test" }> & { readonly negated: boolean });

function read(rule: Rule, at: string, depth: number, budget: { left: number }): Read {
  if (depth > deepest) throw invalid(at, `it is nested more than ${deepest} deep`, "Say it with fewer brackets.");
  if ("all" in rule || "any" in rule) {
    const [type, items] = "all" in rule ? (["all", rule.all] as const) : (["any", rule.any] as const);
    if (items.length === 0) throw invalid(`${at}.${type}`, "it is empty", "Give it one condition at least.");
    return { type, items: items.map((item, index) => read(item, `${at}.${type}[${index}]`, depth + 1, budget)) };
  }
  if ("not" in rule) return { type: "not", item: read(rule.not, `${at}.not`, depth + 1, budget) };
  budget.left -= 1;
  if (budget.left < 0) throw invalid(at, `the rule has more than ${mostConditions} conditions`, "Make it several.");
  return readCondition(rule, at);
}

function readCondition({ field, operator, value }: Condition, at: string): Read {
  const reference = readFieldName(field);
  if (!reference) {
    const near = closest(field, fieldNames);
    const hint = near === undefined ? "docs/policies.md lists the fields." : `Did you mean ${near}?`;
    throw invalid(at, `there is no field ${field}`, hint);
  }
  const negated = (negatedOperators as readonly string[]).includes(operator);
  const plain = (negated ? operator.slice("not_".length) : operator) as Operator;
  const { type } = fieldOf(reference);
  const allowed = operatorsOf[type];
  if (!operators.includes(plain) || !allowed.includes(plain)) {
    const those = allowed.join(", ");
    throw invalid(at, `${field} can't be compared by ${operator}`, `Use one of ${those}, or not_ before it.`);
  }
  try {
    return { type: "test", field: reference, test: readTest(type, plain, value), negated };
  } catch (error) {
    if (error instanceof ValueError) throw invalid(at, `${field} ${operator}: ${error.message}`, "Correct the value.");
    throw error;
  }
}

function logicOf(node: Read): Logic {
  switch (node.type) {
    case "not":
      return { type: "not", item: logicOf(node.item) };
    case "any":
      return { type: "any", items: node.items.map(logicOf) };
    case "all":
      return { type: "all", items: together(node.items) };
    case "test": {
      const { negated, ...test } = node;
      const list = fieldOf(test.field).list;
      const found: Logic = list === undefined ? test : { type: "some", list, where: test };
      return negated ? { type: "not", item: found } : found;
    }
  }
}

function together(items: readonly Read[]): Logic[] {
  const byList = Map.groupBy(items, listOf);
  return [...byList].flatMap(([list, members]): Logic[] => {
    if (list === undefined || members.length < 2 || !members.some(isPositive)) return members.map(logicOf);
    return [{ type: "some", list, where: { type: "all", items: members.map(ofElement) } }];
  });
}

/** The list that all of it speaks of, if there is one. */
function listOf(node: Read): List | undefined {
  switch (node.type) {
    case "test":
      return fieldOf(node.field).list;
    case "not":
      return listOf(node.item);
    case "all":
    case "any": {
      const [first, ...others] = node.items.map(listOf);
      return others.every((list) => list === first) ? first : undefined;
    }
  }
}

function isPositive(node: Read): boolean {
  switch (node.type) {
    case "test":
      return !node.negated;
    case "not":
      return !isPositive(node.item);
    case "all":
      return node.items.some(isPositive);
    case "any":
      return node.items.every(isPositive);
  }
}

function ofElement(node: Read): Logic {
  switch (node.type) {
    case "test": {
      const { negated, ...test } = node;
      return negated ? { type: "not", item: test } : test;
    }
    case "not":
      return { type: "not", item: ofElement(node.item) };
    case "all":
    case "any":
      return { type: node.type, items: node.items.map(ofElement) };
  }
}

/** @throws ProviderError InvalidInput where no kind of resource has all of the fields. */
export function refuseUnjudgeable(logic: Logic): void {
  if (kindsOf(logic, "plan").length > 0) return;
  const names = [...new Set(fieldsIn(logic).map(describeField))].join(", ");
  throw invalid("rule", `no kind of resource has all of ${names}`, "Make a policy of each kind.");
}

function invalid(at: string, reason: string, action: string): ProviderError {
  const details = { operation: "read the rule", resource: `policy/${at}`, reason: `${at}: ${reason}`, action };
  return new ProviderError("InvalidInput", details);
}
