/** Rules as people write them, in the words of the API. */

export const operators = [
  "exists",
  "equals",
  "in",
  "contains",
  "matches",
  "greater_than",
  "less_than",
  "between",
  "older_than",
  "cidr_contains",
] as const;
export type Operator = (typeof operators)[number];
/** Holds exactly where the operator behind `not_` doesn't. */
export type NegatedOperator = `not_${Operator}`;
export const negatedOperators = operators.map((operator): NegatedOperator => `not_${operator}`);

export type RuleScalar = string | number | boolean;

export interface Condition {
  readonly field: string;
  readonly operator: Operator | NegatedOperator;
  /** None for `exists`, two for `between`, any number for `in`. */
  readonly value?: RuleScalar | readonly RuleScalar[] | undefined;
}

export type Rule =
  | Condition
  | { readonly all: readonly Rule[] }
  | { readonly any: readonly Rule[] }
  | { readonly not: Rule };

/** What has to hold of each resource, or what must not. */
export type Requirement = { readonly require: Rule } | { readonly forbid: Rule };
