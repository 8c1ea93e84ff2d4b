import type { Scope } from "../access.ts";
import { allOf, type Expression, everything } from "./query.ts";

/** A search for exactly what the scopes reach, as `authorise` of domain/access.ts has it: without scopes, nothing. */
export function scopesExpression(scopes: readonly Scope[]): Expression {
  const each = scopes.map(scopeExpression);
  if (each.some(({ type }) => type === "everything")) return everything;
  return { type: "or", items: each };
}

function scopeExpression({ site, tags = {} }: Scope): Expression {
  return allOf(
    ...(site === undefined ? [] : [exact({ type: "match", field: "site" }, site)]),
    ...Object.entries(tags).map(([key, value]) => exact({ type: "tag", key }, value)),
  );
}

function exact(
  what: { type: "match"; field: "site" } | { type: "tag"; key: string },
  value: string,
): Extract<Expression, { type: "match" | "tag" }> {
  return { ...what, pattern: { type: "exact", value } };
}
