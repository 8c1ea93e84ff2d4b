import type { NormalizedSchema } from "@smithy/core/schema";
import { AwsError } from "../errors.ts";
import { requiredMembers } from "./schema.ts";

/** A JSON value as the shape's own; unknown members are left out, as AWS does. */
export function fromJson(schema: NormalizedSchema, value: unknown, path: string): unknown {
  if (value === undefined || value === null) return undefined;
  const wrong = () => new AwsError("ValidationException", `Invalid value at ${path || "the body's root"}`);
  if (schema.isStructSchema()) {
    if (typeof value !== "object" || Array.isArray(value)) throw wrong();
    const result: Record<string, unknown> = {};
    for (const [name, member] of schema.structIterator()) {
      const key = member.getMergedTraits().jsonName ?? name;
      const item = fromJson(member, (value as Record<string, unknown>)[key], path === "" ? name : `${path}.${name}`);
      if (item !== undefined) result[name] = item;
    }
    for (const name of requiredMembers(schema)) {
      if (result[name] === undefined) {
        const at = path === "" ? name : `${path}.${name}`;
        throw new AwsError(
          "ValidationException",
          `Value at '${at}' failed to satisfy constraint: Member must not be null`,
        );
      }
    }
    return result;
  }
  if (schema.isListSchema()) {
    if (!Array.isArray(value)) throw wrong();
    return value.map((item, index) => fromJson(schema.getValueSchema(), item, `${path}[${index}]`));
  }
  if (schema.isMapSchema()) {
    if (typeof value !== "object") throw wrong();
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, fromJson(schema.getValueSchema(), item, `${path}.${key}`)]),
    );
  }
  if (schema.isTimestampSchema() && typeof value === "number") return new Date(value * 1000);
  if (schema.isTimestampSchema() && typeof value === "string") return new Date(value);
  if (schema.isBlobSchema() && typeof value === "string") return Buffer.from(value, "base64");
  const expected = schema.isStringSchema() ? "string" : schema.isBooleanSchema() ? "boolean" : "number";
  if (!schema.isDocumentSchema() && typeof value !== expected) throw wrong();
  return value;
}

/** The shape's value as JSON has it: times are seconds since 1970, bytes are base64. */
export function toJson(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, toJson(item)]),
  );
}
