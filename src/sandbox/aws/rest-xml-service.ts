import type { Answer } from "../cloud/http-front.ts";
import { xmlDocument, xmlElement } from "../cloud/xml.ts";
import type { AwsCloud, Call } from "./cloud.ts";
import { AwsError } from "./errors.ts";
import { readRestInput, writeRestOutput } from "./protocol/rest.ts";
import { type OperationSchema, operationSchema, type SchemaModule, violations } from "./protocol/schema.ts";
import type { Operations } from "./query-service.ts";
import { perform, type Service, type SignedIn } from "./service.ts";

export interface RestXmlServiceSpec {
  readonly name: string;
  /** Loaded when first needed: SDK clients are heavy. */
  readonly schemas: () => Promise<SchemaModule>;
  readonly operations: Operations;
  readonly namespace: string;
  /** The only region of a service that is everywhere. */
  readonly region: string;
}

interface Route {
  readonly operation: string;
  readonly schema: OperationSchema;
  readonly method: string;
  readonly pattern: RegExp;
}

/** A service whose operations are told by method and path, with XML in and out: Route 53. */
export function restXmlService(cloud: AwsCloud, spec: RestXmlServiceSpec): Service {
  const { name, operations, namespace, region } = spec;
  let routes: Promise<readonly Route[]> | undefined;

  const answer = async ({ method, path, query, body, caller, requestId, request }: SignedIn): Promise<Answer> => {
    routes ??= spec.schemas().then((schemas) => routesOf(schemas, Object.keys(operations)));
    const found = (await routes).flatMap((route) => {
      const match = route.method === method ? route.pattern.exec(path) : null;
      return match ? [{ route, labels: match.groups ?? {} }] : [];
    })[0];
    if (!found) throw new AwsError("InvalidAction", `The sandbox does not simulate ${method} ${path} of ${name}`);
    const { operation, schema } = found.route;
    const labels = Object.fromEntries(
      Object.entries(found.labels).map(([key, value]) => [key, decodeURIComponent(value)]),
    );
    const text = body.toString("utf8");
    const input = readRestInput(schema.input, { labels, query, headers: request.headers, body: text });
    const call: Call = { service: name, operation, region, requestId, caller };
    const output = await perform(cloud, call, () => operations[operation]?.(call, input as never) ?? {});
    cloud.onCall(call, input, output);
    const wrong = schema.output.isUnitSchema() ? [] : violations(schema.output, output);
    if (wrong.length > 0) cloud.parts.log("An answer does not fit its schema", { operation, wrong });
    const { headers, body: xml } = writeRestOutput(schema.output, output as Record<string, unknown>, namespace);
    return {
      status: schema.http?.[2] ?? 200,
      headers: { "x-amzn-requestid": requestId, ...(xml ? { "content-type": "text/xml" } : {}), ...headers },
      ...(xml ? { body: xml } : {}),
    };
  };

  const refuse = (error: AwsError, requestId: string): Answer => {
    const type = xmlElement("Type", error.status >= 500 ? "Receiver" : "Sender");
    const facts = `${type}${xmlElement("Code", error.code)}${xmlElement("Message", error.message)}`;
    return {
      status: error.status,
      headers: { "x-amzn-requestid": requestId, "content-type": "text/xml" },
      body: xmlDocument("ErrorResponse", namespace, `<Error>${facts}</Error>${xmlElement("RequestId", requestId)}`),
    };
  };

  return {
    name,
    refuse,
    async handle(request) {
      try {
        return await answer(request);
      } catch (error) {
        if (error instanceof AwsError) return refuse(error, request.requestId);
        if (error instanceof URIError) return refuse(new AwsError("InvalidInput", "Malformed URI"), request.requestId);
        throw error;
      }
    },
  };
}

function routesOf(schemas: SchemaModule, operations: readonly string[]): Route[] {
  return operations.flatMap((operation) => {
    const schema = operationSchema(schemas, operation);
    if (!schema?.http) return [];
    const [method, path] = schema.http;
    const pattern = path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)");
    return [{ operation, schema, method, pattern: new RegExp(`^${pattern}/?$`) }];
  });
}
