import { readRange } from "../address-range.ts";
import { SearchError } from "../search/problem.ts";
import { foldAscii } from "../search/terms.ts";
import { exclusive, inclusive, readDuration, readNumber } from "../search/values.ts";
import type { FieldType } from "./fields.ts";
import type { Test } from "./logic.ts";
import type { Operator, RuleScalar } from "./rule.ts";

/** Which operators a type of field takes. */
export const operatorsOf: Readonly<Record<FieldType, readonly Operator[]>> = {
  text: ["exists", "equals", "in", "contains", "matches"],
  number: ["exists", "equals", "in", "greater_than", "less_than", "between"],
  bytes: ["exists", "equals", "in", "greater_than", "less_than", "between"],
  money: ["exists", "equals", "in", "greater_than", "less_than", "between"],
  boolean: ["exists", "equals"],
  time: ["exists", "greater_than", "less_than", "between", "older_than"],
  age: ["exists", "greater_than", "less_than", "between", "older_than"],
  cidr: ["exists", "equals", "in", "contains", "matches", "cidr_contains"],
  ports: ["exists", "equals", "in", "greater_than", "less_than", "between"],
  protocol: ["exists", "equals", "in"],
};

const lastPort = 65_535;

/** Thrown inside; what leaves the reader of rules names the place. */
export class ValueError extends Error {}

/** The comparison that an operator and its value say. @throws ValueError in words for a person. */
export function readTest(
  type: FieldType,
  operator: Operator,
  value: RuleScalar | readonly RuleScalar[] | undefined,
): Test {
  if (operator === "exists") {
    if (value !== undefined) throw new ValueError("exists takes no value; use not_exists for its contrary");
    return { type: "exists" };
  }
  const list = operator === "in" || operator === "between";
  if (value === undefined) throw new ValueError(`${operator} needs a value`);
  if (list !== Array.isArray(value)) throw new ValueError(`${operator} takes ${list ? "a list" : "one value"}`);
  const given = (list ? value : [value]) as readonly RuleScalar[];
  if (operator === "between" && given.length !== 2) throw new ValueError("between takes two values: the ends");
  if (given.length === 0 || given.length > 1_000) throw new ValueError(`${operator} takes 1 to 1000 values`);
  switch (operator) {
    case "equals":
    case "in":
      return { type: "in", values: given.map((each) => scalarOf(type, each)) };
    case "contains":
      return { type: "contains", text: foldAscii(textOf(given[0])) };
    case "matches":
      return matching(textOf(given[0]));
    case "greater_than":
      return { type: "range", from: exclusive(numberOf(type, given[0])) };
    case "less_than":
      return { type: "range", to: exclusive(numberOf(type, given[0])) };
    case "between":
      return between(numberOf(type, given[0]), numberOf(type, given[1]));
    case "older_than": {
      const ms = durationOf(given[0]);
      return type === "age" ? { type: "range", from: exclusive(ms) } : { type: "older", ms };
    }
    case "cidr_contains": {
      const text = textOf(given[0]).trim().toLowerCase();
      const range = readRange(text);
      if (!range) throw new ValueError(`${text} is no address and no CIDR`);
      return { type: "covers", text, range };
    }
  }
}

/** `*` stands for any text; without one it is just that text. */
function matching(pattern: string): Test {
  const pieces = pattern.split(/\*+/);
  return pieces.length === 1 ? { type: "in", values: pieces } : { type: "matches", pieces };
}

function between(from: number, to: number): Test {
  if (from > to) throw new ValueError("the first value of between is the smaller one");
  return { type: "range", from: inclusive(from), to: inclusive(to) };
}

function scalarOf(type: FieldType, value: RuleScalar | undefined): RuleScalar {
  if (type === "boolean") {
    if (typeof value !== "boolean") throw new ValueError(`it is true or false, not ${value}`);
    return value;
  }
  return type === "text" || type === "cidr" || type === "protocol" ? textOf(value) : numberOf(type, value);
}

function textOf(value: RuleScalar | undefined): string {
  if (typeof value !== "string") throw new ValueError(`it is a text, not ${value}`);
  return value;
}

function numberOf(type: FieldType, value: RuleScalar | undefined): number {
  switch (type) {
    case "time": {
      const ms = typeof value === "string" ? Date.parse(value) : Number.NaN;
      if (Number.isNaN(ms)) throw new ValueError(`${value} is no moment; write 2026-11-24 or 2026-11-24T10:00:00Z`);
      return ms;
    }
    case "age":
      return durationOf(value);
    case "bytes":
    case "money":
      return amountOf(type, value);
    case "ports": {
      if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= lastPort) return value;
      throw new ValueError(`${value} is no port`);
    }
    default:
      if (typeof value === "number" && Number.isFinite(value)) return value;
      throw new ValueError(`it is a number, not ${value}`);
  }
}

function durationOf(value: RuleScalar | undefined): number {
  const ms = typeof value === "string" ? readDuration(value) : undefined;
  if (ms === undefined) throw new ValueError(`${value} is no duration; write 12h, 30d or 1y`);
  return ms;
}

/** As searches have them: `16GiB`, 16 (GiB), 100 (dollars). */
function amountOf(type: "bytes" | "money", value: RuleScalar | undefined): number {
  if (typeof value === "boolean" || value === undefined) throw new ValueError(`it is an amount, not ${value}`);
  const text = `${value}`;
  try {
    const field = type === "bytes" ? "memory" : "cost";
    return readNumber({ text, quoted: false, start: 0, end: text.length }, field);
  } catch (error) {
    if (!(error instanceof SearchError)) throw error;
    throw new ValueError(`${text} is no amount. ${error.problem.hint}`);
  }
}
