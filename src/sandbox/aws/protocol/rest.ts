import { XmlShapeDeserializer } from "@aws-sdk/core/protocols";
import type { NormalizedSchema } from "@smithy/core/schema";
import { xmlDocument } from "../../cloud/xml.ts";
import { AwsError } from "../errors.ts";
import { xmlMembers, xmlSettings } from "./xml.ts";

/** Where the parts of a REST request are. Header names in lower case. */
export interface RestRequest {
  readonly labels: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** XML, for operations whose payload is a structure. */
  readonly body: string;
}

/** The operation's input as its schema binds it to path, query, headers and body. @throws AwsError MalformedXML. */
export function readRestInput(schema: NormalizedSchema, request: RestRequest): object {
  const input: Record<string, unknown> = {};
  if (schema.isUnitSchema()) return input;
  const unbound: string[] = [];
  for (const [name, member] of schema.structIterator()) {
    const traits = member.getMergedTraits();
    if (traits.httpLabel) input[name] = request.labels[name];
    else if (traits.httpQuery) input[name] = simple(member, request.query.get(traits.httpQuery) ?? undefined);
    else if (traits.httpHeader)
      input[name] = simple(member, request.headers[traits.httpHeader.toLowerCase()]?.toString());
    else if (traits.httpPrefixHeaders) input[name] = prefixed(request.headers, traits.httpPrefixHeaders);
    else if (traits.httpPayload) {
      if (member.isStructSchema() && request.body !== "") input[name] = payload(member, request.body);
    } else unbound.push(name);
  }
  if (unbound.length === 0 || request.body === "") return input;
  // What is bound to nothing else is the body, under the structure's own name.
  const inside = payload(schema, request.body) as Record<string, unknown>;
  for (const name of unbound) if (inside[name] !== undefined) input[name] = inside[name];
  return input;
}

function simple(schema: NormalizedSchema, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  if (schema.isNumericSchema()) {
    if (!/^-?\d+$/.test(text)) throw new AwsError("InvalidArgument", `'${text}' is not a number`);
    return Number(text);
  }
  if (schema.isBooleanSchema()) return text === "true";
  if (schema.isTimestampSchema()) return new Date(text);
  return text;
}

function prefixed(headers: RestRequest["headers"], prefix: string): Record<string, string> {
  const found = Object.entries(headers).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(found.map(([name, value]) => [name.slice(prefix.length), String(value)]));
}

function payload(schema: NormalizedSchema, body: string): unknown {
  try {
    return new XmlShapeDeserializer(xmlSettings).read(schema, body);
  } catch {
    throw new AwsError(
      "MalformedXML",
      "The XML you provided was not well-formed or did not validate against our published schema",
    );
  }
}

/** Headers and XML of an output; a payload of bytes is left to the caller. */
export function writeRestOutput(
  schema: NormalizedSchema,
  output: Readonly<Record<string, unknown>>,
  namespace: string,
): { headers: Record<string, string>; body?: string } {
  const headers: Record<string, string> = {};
  if (schema.isUnitSchema()) return { headers };
  const members: Record<string, unknown> = {};
  let body: string | undefined;
  let hasMembers = false;
  for (const [name, member] of schema.structIterator()) {
    const traits = member.getMergedTraits();
    const value = output[name];
    if (traits.httpHeader) {
      if (value !== undefined) headers[traits.httpHeader] = headerText(value);
    } else if (traits.httpPrefixHeaders) {
      for (const [key, text] of Object.entries(value ?? {}))
        headers[`${traits.httpPrefixHeaders}${key}`] = String(text);
    } else if (traits.httpPayload) {
      if (member.isStructSchema() && value) {
        body = xmlDocument(traits.xmlName ?? name, namespace, xmlMembers(member, value));
      }
    } else {
      hasMembers = true;
      if (value !== undefined) members[name] = value;
    }
  }
  if (hasMembers) {
    const root = schema.getMergedTraits().xmlName ?? schema.getName() ?? "";
    body = xmlDocument(root, namespace, xmlMembers(schema, members));
  }
  return { headers, ...(body === undefined ? {} : { body }) };
}

function headerText(value: unknown): string {
  return value instanceof Date ? value.toUTCString() : String(value);
}
