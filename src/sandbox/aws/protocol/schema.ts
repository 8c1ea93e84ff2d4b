import { NormalizedSchema } from "@smithy/core/schema";

/** What the SDK publishes of an operation: its input's and its output's shape. */
export interface OperationSchema {
  readonly input: NormalizedSchema;
  readonly output: NormalizedSchema;
  /** Method, URI pattern and status of REST protocols. */
  readonly http?: readonly [method: string, path: string, status: number];
}

/** An SDK client's module: its schemas are exported under the shapes' names with a `$`. */
export type SchemaModule = Readonly<Record<string, unknown>>;

type StaticOperation = readonly [
  kind: 9,
  namespace: string,
  name: string,
  traits: object | number,
  input: unknown,
  output: unknown,
];

/** The operation's shapes; undefined when the service has no such operation. */
export function operationSchema(module: SchemaModule, operation: string): OperationSchema | undefined {
  const schema = module[`${operation}$`];
  if (!Array.isArray(schema) || schema[0] !== 9) return undefined;
  const [, , , traits, input, output] = schema as unknown as StaticOperation;
  const http = typeof traits === "object" ? (traits as { http?: OperationSchema["http"] }).http : undefined;
  return {
    input: NormalizedSchema.of(input as Parameters<typeof NormalizedSchema.of>[0]),
    output: NormalizedSchema.of(output as Parameters<typeof NormalizedSchema.of>[0]),
    ...(http ? { http } : {}),
  };
}

/** The leading members of a structure that it can't do without. */
export function requiredMembers(schema: NormalizedSchema): readonly string[] {
  const structure = schema.getSchema() as unknown as readonly [
    unknown,
    unknown,
    unknown,
    unknown,
    string[],
    unknown,
    number?,
  ];
  return structure[4].slice(0, structure[6] ?? 0);
}

/** What is wrong with a value under a shape, as paths with a word each; empty when nothing is. */
export function violations(schema: NormalizedSchema, value: unknown, path = ""): string[] {
  if (value === undefined) return [];
  if (schema.isStructSchema()) {
    if (typeof value !== "object" || value === null) return [`${path}: not a structure`];
    const members = new Map(schema.structIterator());
    const unknown = Object.keys(value).filter((key) => !members.has(key) && key !== "$metadata");
    const missing = requiredMembers(schema).filter((key) => (value as Record<string, unknown>)[key] === undefined);
    return [
      ...unknown.map((key) => `${path}.${key}: unknown`),
      ...missing.map((key) => `${path}.${key}: missing`),
      ...[...members].flatMap(([key, member]) =>
        violations(member, (value as Record<string, unknown>)[key], `${path}.${key}`),
      ),
    ];
  }
  if (schema.isListSchema()) {
    if (!Array.isArray(value)) return [`${path}: not a list`];
    return value.flatMap((item, index) => violations(schema.getValueSchema(), item, `${path}[${index}]`));
  }
  if (schema.isMapSchema()) {
    return Object.entries(value as object).flatMap(([key, item]) =>
      violations(schema.getValueSchema(), item, `${path}{${key}}`),
    );
  }
  return isOfSimpleType(schema, value) ? [] : [`${path}: ${typeof value} is the wrong type`];
}

function isOfSimpleType(schema: NormalizedSchema, value: unknown): boolean {
  if (schema.isStringSchema()) return typeof value === "string";
  if (schema.isBooleanSchema()) return typeof value === "boolean";
  if (schema.isNumericSchema()) return typeof value === "number" && !Number.isNaN(value);
  if (schema.isTimestampSchema()) return value instanceof Date && !Number.isNaN(value.getTime());
  return true;
}
