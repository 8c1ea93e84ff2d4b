import type { NormalizedSchema } from "@smithy/core/schema";
import { AwsError, invalidParameter, missingParameter } from "../errors.ts";
import { requiredMembers } from "./schema.ts";

interface Node {
  value?: string;
  readonly children: Map<string, Node>;
}

/** `ec2` has list items directly below the list's name and names of its own; `query` puts `member` between. */
type Dialect = "ec2" | "query";

/**
 * The operation's input from the parameters of a Query request.
 * @throws AwsError UnknownParameter, MissingParameter or InvalidParameterValue, as the shape says.
 */
export function parseQueryInput(parameters: URLSearchParams, schema: NormalizedSchema, dialect: Dialect): object {
  const root: Node = { children: new Map() };
  for (const [key, value] of parameters) {
    if (key === "Action" || key === "Version") continue;
    let node = root;
    for (const part of key.split(".")) {
      const next = node.children.get(part) ?? { children: new Map() };
      node.children.set(part, next);
      node = next;
    }
    node.value = value;
  }
  if (schema.isUnitSchema()) return {};
  return structure(root, schema, dialect, "");
}

function structure(node: Node, schema: NormalizedSchema, dialect: Dialect, path: string): object {
  const result: Record<string, unknown> = {};
  const known = new Set<string>();
  for (const [name, member] of schema.structIterator()) {
    const key = keyOf(name, member, dialect);
    known.add(key);
    const child = node.children.get(key);
    if (child) result[name] = read(child, member, dialect, path === "" ? key : `${path}.${key}`);
  }
  for (const key of node.children.keys()) {
    if (!known.has(key)) {
      const full = path === "" ? key : `${path}.${key}`;
      throw new AwsError("UnknownParameter", `The parameter ${full} is not recognized`);
    }
  }
  for (const name of requiredMembers(schema)) {
    if (result[name] === undefined) throw missingParameter(path === "" ? name : `${path}.${name}`);
  }
  return result;
}

function keyOf(name: string, member: NormalizedSchema, dialect: Dialect): string {
  const { ec2QueryName, xmlName } = member.getMergedTraits() as { ec2QueryName?: string; xmlName?: string };
  if (dialect === "query") return xmlName ?? name;
  const key = ec2QueryName ?? xmlName ?? name;
  return `${key.charAt(0).toUpperCase()}${key.slice(1)}`;
}

function read(node: Node, schema: NormalizedSchema, dialect: Dialect, path: string): unknown {
  if (schema.isListSchema()) return list(node, schema, dialect, path);
  if (schema.isMapSchema()) return map(node, schema, dialect, path);
  if (schema.isStructSchema()) return structure(node, schema, dialect, path);
  if (node.value === undefined) throw new AwsError("UnknownParameter", `The parameter ${path} is not recognized`);
  return scalar(node.value, schema, path);
}

function list(node: Node, schema: NormalizedSchema, dialect: Dialect, path: string): unknown[] {
  const flat = dialect === "ec2" || schema.getMergedTraits().xmlFlattened;
  const member = schema.getValueSchema();
  const itemName = member.getMergedTraits().xmlName ?? "member";
  // An empty list is sent as the name with an empty value.
  const container = flat ? node : (node.children.get(itemName) ?? { children: new Map<string, Node>() });
  return [...container.children]
    .filter(([index]) => /^\d+$/.test(index))
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([index, child]) => read(child, member, dialect, `${path}.${index}`));
}

function map(node: Node, schema: NormalizedSchema, dialect: Dialect, path: string): Record<string, unknown> {
  const container = schema.getMergedTraits().xmlFlattened ? node : (node.children.get("entry") ?? node);
  const keyName = schema.getKeySchema().getMergedTraits().xmlName ?? "key";
  const valueName = schema.getValueSchema().getMergedTraits().xmlName ?? "value";
  const result: Record<string, unknown> = {};
  for (const [index, child] of container.children) {
    const key = child.children.get(keyName)?.value;
    const value = child.children.get(valueName);
    if (key !== undefined && value) result[key] = read(value, schema.getValueSchema(), dialect, `${path}.${index}`);
  }
  return result;
}

function scalar(text: string, schema: NormalizedSchema, path: string): unknown {
  if (schema.isBooleanSchema()) {
    if (text !== "true" && text !== "false") throw invalidParameter(path, text);
    return text === "true";
  }
  if (schema.isNumericSchema()) {
    const number = Number(text);
    if (text.trim() === "" || Number.isNaN(number)) throw invalidParameter(path, text);
    return number;
  }
  if (schema.isTimestampSchema()) {
    const date = new Date(/^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : text);
    if (Number.isNaN(date.getTime())) throw invalidParameter(path, text);
    return date;
  }
  return schema.isBlobSchema() ? Buffer.from(text, "base64") : text;
}
