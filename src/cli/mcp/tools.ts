import type { Tool } from "@modelcontextprotocol/sdk/types.js";

type Json = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Json;
}

interface Operation {
  readonly operationId: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Readonly<Record<string, { schema: Json }>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
  readonly "x-novacron-permission": string;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>> };
}

/** A tool and the request that it is. */
export interface ApiTool {
  readonly tool: Tool;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly inPath: readonly string[];
  readonly inQuery: readonly string[];
  readonly hasBody: boolean;
}

/** What is asked by POST and changes nothing at any site: plans, which nobody carries out by that, and trials. */
const planning: ReadonlySet<string> = new Set([
  "POST /v1/plans",
  "POST /v1/policy-dry-runs",
  "POST /v1/burst-pools/{id}/what-if",
  "POST /v1/sites/{site}/check",
]);

/**
 * A tool for each call of the API that reads or plans, by its `operationId`; with `only`, those of these tags. Nothing
 * that starts, changes or approves is among them.
 */
export function toolsOf(api: OpenApi, only?: ReadonlySet<string>): readonly ApiTool[] {
  return Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([name, operation]) => {
      const method = name.toUpperCase();
      const reads = method === "GET" && answersJson(operation) && operation["x-novacron-permission"] !== "public";
      if (!reads && !planning.has(`${method} ${path}`)) return [];
      if (only && !operation.tags?.some((tag) => only.has(tag))) return [];
      return [toolOf(api, path, reads ? "GET" : "POST", operation)];
    }),
  );
}

function answersJson({ responses }: Operation): boolean {
  return Object.keys(responses["200"]?.content ?? {}).some((type) => type === "application/json");
}

function toolOf(api: OpenApi, path: string, method: "GET" | "POST", operation: Operation): ApiTool {
  const named = (where: string) => (operation.parameters ?? []).filter((parameter) => parameter.in === where);
  const [inPath, inQuery] = [named("path"), named("query")];
  const properties: Record<string, object> = {};
  for (const { name, schema, description } of [...inPath, ...inQuery]) {
    properties[name] = inTool({ ...schema, ...(description === undefined ? {} : { description }) });
  }
  const body = operation.requestBody?.content["application/json"]?.schema;
  if (body) properties.body = inTool(body);
  const required = [
    ...inPath.map(({ name }) => name),
    ...inQuery.filter((parameter) => parameter.required).map(({ name }) => name),
    ...(body && operation.requestBody?.required ? ["body"] : []),
  ];
  const definitions = reachable(api, properties);
  return {
    method,
    path,
    inPath: inPath.map(({ name }) => name),
    inQuery: inQuery.map(({ name }) => name),
    hasBody: body !== undefined,
    tool: {
      name: operation.operationId,
      description: [operation.summary, operation.description].filter(Boolean).join(". "),
      inputSchema: {
        type: "object",
        properties,
        ...(required.length > 0 && { required }),
        ...(Object.keys(definitions).length > 0 && { $defs: definitions }),
      },
      annotations: { readOnlyHint: method === "GET", destructiveHint: false, openWorldHint: false },
    },
  };
}

const shared = "#/components/schemas/";

/** The same schema, with what it refers to beside it. */
function inTool(schema: Json): object {
  return JSON.parse(JSON.stringify(schema).replaceAll(shared, "#/$defs/")) as object;
}

function reachable({ components }: OpenApi, from: object): Readonly<Record<string, object>> {
  const found: Record<string, object> = {};
  const waiting = [from];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    for (const [, name = ""] of JSON.stringify(next).matchAll(/"#\/\$defs\/([^"]+)"/g)) {
      const schema = components.schemas[name];
      if (schema === undefined || name in found) continue;
      found[name] = inTool(schema);
      waiting.push(found[name]);
    }
  }
  return found;
}
