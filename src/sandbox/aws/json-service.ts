import type { Answer } from "../cloud/http-front.ts";
import type { AwsCloud, Call } from "./cloud.ts";
import { AwsError } from "./errors.ts";
import { fromJson, toJson } from "./protocol/json.ts";
import { operationSchema, type SchemaModule, violations } from "./protocol/schema.ts";
import type { Operations } from "./query-service.ts";
import { perform, type Service, type SignedIn } from "./service.ts";

export interface JsonServiceSpec {
  readonly name: string;
  readonly version: "1.0" | "1.1";
  /** Loaded when first needed: SDK clients are heavy. */
  readonly schemas: () => Promise<SchemaModule>;
  readonly operations: Operations;
}

/** KMS, SSM, Service Quotas and CloudWatch: the operation in a header, JSON both ways. */
export function jsonService(cloud: AwsCloud, { name, version, schemas, operations }: JsonServiceSpec): Service {
  const contentType = `application/x-amz-json-${version}`;

  const answer = async ({ request, caller, region, requestId, body }: SignedIn): Promise<Answer> => {
    const target = request.headers["x-amz-target"]?.toString() ?? "";
    const operation = target.slice(target.lastIndexOf(".") + 1);
    const schema = operationSchema(await schemas(), operation);
    const run = operations[operation];
    if (!schema) throw new AwsError("UnknownOperationException", `There is no operation ${operation}`, 400);
    if (!run)
      throw new AwsError("UnsupportedOperationException", `The sandbox does not simulate ${name}:${operation}`, 400);
    const isAbandoned = () => request.socket.destroyed;
    const call: Call = { service: name, operation, region, requestId, caller, isAbandoned };
    const input = schema.input.isUnitSchema() ? {} : fromJson(schema.input, parse(body), "");
    const output = await perform(cloud, call, () => run(call, input as never));
    const wrong = schema.output.isUnitSchema() ? [] : violations(schema.output, output);
    if (wrong.length > 0) cloud.parts.log("An answer does not fit its schema", { operation, wrong });
    return {
      status: 200,
      headers: { "content-type": contentType, "x-amzn-requestid": requestId },
      body: JSON.stringify(toJson(output)),
    };
  };

  const refuse = (error: AwsError, requestId: string): Answer => ({
    status: error.status,
    headers: { "content-type": contentType, "x-amzn-requestid": requestId, "x-amzn-errortype": error.code },
    body: JSON.stringify({ __type: error.code, message: error.message, ...error.fields }),
  });

  return {
    name,
    refuse,
    async handle(request) {
      try {
        return await answer(request);
      } catch (error) {
        if (error instanceof AwsError) return refuse(error, request.requestId);
        throw error;
      }
    },
  };
}

function parse(body: Buffer): unknown {
  try {
    return body.length === 0 ? {} : JSON.parse(body.toString("utf8"));
  } catch {
    throw new AwsError("SerializationException", "The body is not JSON");
  }
}
