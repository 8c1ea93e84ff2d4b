import type { Schemas } from "../client.ts";
import { usageError } from "../failure.ts";

type Rule = Schemas["AlertRule"];

/** One of them says when a figure is a reason. */
export interface LimitOptions {
  readonly over?: string;
  readonly under?: string;
  readonly atLeast?: string;
  readonly atMost?: string;
  readonly equals?: string;
}

const limits = { over: "gt", atLeast: "gte", under: "lt", atMost: "lte", equals: "eq" } as const;

/** Undefined where none is given. */
export function limitOf(options: LimitOptions): Pick<Rule, "comparison" | "threshold"> | undefined {
  const given = (Object.keys(limits) as (keyof typeof limits)[]).filter((name) => options[name] !== undefined);
  const [name] = given;
  if (name === undefined) return undefined;
  const text = options[name] ?? "";
  const threshold = text.endsWith("%") ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (given.length > 1 || text.trim() === "" || !Number.isFinite(threshold)) {
    throw usageError(`${text} is not one limit`, "Give one of --over, --under, … a number such as 0.9 or 90%.");
  }
  return { comparison: limits[name], threshold };
}

export const signs = { gt: ">", gte: ">=", lt: "<", lte: "<=", eq: "=" } as const;
