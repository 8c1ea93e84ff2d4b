import type { Filter } from "@aws-sdk/client-ec2";
import { AwsError, invalidParameter } from "../errors.ts";
import { wildcard } from "../policies.ts";
import type { Resource } from "../state.ts";

/** Filter name → the resource's value or values; undefined: it has none. */
export type Attributes<T> = Readonly<
  Record<string, (resource: T) => string | number | boolean | undefined | readonly (string | undefined)[]>
>;

/**
 * Whether a resource meets all filters: each by any of its values, with `*` and `?`
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html).
 * @throws AwsError InvalidParameterValue for a filter the call doesn't have.
 */
export function matcher<T extends Resource>(
  filters: readonly Filter[] | undefined,
  attributes: Attributes<T>,
): (resource: T) => boolean {
  const tests = (filters ?? []).map(({ Name = "", Values = [] }) => {
    const valuesOf = attributeOf(Name, attributes);
    return (resource: T) => valuesOf(resource).some((value) => Values.some((pattern) => wildcard(pattern, value)));
  });
  return (resource) => tests.every((test) => test(resource));
}

function attributeOf<T extends Resource>(name: string, attributes: Attributes<T>): (resource: T) => readonly string[] {
  if (name.startsWith("tag:")) {
    const key = name.slice("tag:".length);
    return ({ tags }) => (tags[key] === undefined ? [] : [tags[key]]);
  }
  if (name === "tag-key") return ({ tags }) => Object.keys(tags);
  if (name === "tag-value") return ({ tags }) => Object.values(tags);
  const attribute = attributes[name];
  if (!attribute) throw new AwsError("InvalidParameterValue", `The filter '${name}' is invalid`);
  return (resource) => {
    const value = attribute(resource);
    if (value === undefined) return [];
    return Array.isArray(value) ? value.filter((item): item is string => item !== undefined) : [String(value)];
  };
}

export interface PageInput {
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

/**
 * One page of a list. The token says after which item to go on, so that what comes and goes in between is met once at
 * most. @throws AwsError InvalidParameterValue for a size out of bounds, InvalidNextToken.
 */
export function pageOf<T extends { readonly id: string }>(
  items: readonly T[],
  { MaxResults, NextToken }: PageInput,
  bounds: { least: number; most: number },
): { items: readonly T[]; NextToken?: string } {
  if (MaxResults !== undefined && (MaxResults < bounds.least || MaxResults > bounds.most)) {
    throw invalidParameter("maxResults", MaxResults);
  }
  const start = NextToken === undefined ? 0 : startOf(items, NextToken);
  const size = MaxResults ?? bounds.most;
  const page = items.slice(start, start + size);
  const more = start + size < items.length;
  return { items: page, ...(more ? { NextToken: tokenAfter(page.at(-1)?.id ?? "", start + size) } : {}) };
}

function tokenAfter(id: string, position: number): string {
  return Buffer.from(JSON.stringify([id, position])).toString("base64");
}

function startOf(items: readonly { id: string }[], token: string): number {
  try {
    const [id, position] = JSON.parse(Buffer.from(token, "base64").toString("utf8")) as [string, number];
    if (typeof id !== "string" || typeof position !== "number") throw new TypeError("not a token");
    const known = items.findIndex((item) => item.id === id);
    return known >= 0 ? known + 1 : position;
  } catch {
    throw new AwsError("InvalidNextToken", "The token is invalid");
  }
}
