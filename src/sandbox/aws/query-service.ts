import type { Answer } from "../cloud/http-front.ts";
import { xmlDocument, xmlElement } from "../cloud/xml.ts";
import type { AwsCloud, Call } from "./cloud.ts";
import { AwsError } from "./errors.ts";
import { parseQueryInput } from "./protocol/query.ts";
import { operationSchema, type SchemaModule, violations } from "./protocol/schema.ts";
import { xmlMembers } from "./protocol/xml.ts";
import { perform, type Service, type SignedIn } from "./service.ts";

export type Operations = Readonly<Record<string, (call: Call, input: never) => object | Promise<object>>>;

export interface QueryServiceSpec {
  readonly name: string;
  readonly dialect: "ec2" | "query";
  /** Loaded when first needed: SDK clients are heavy. */
  readonly schemas: () => Promise<SchemaModule>;
  readonly operations: Operations;
  readonly namespace: string;
}

/** EC2, STS and IAM: parameters in a form, answers in XML. */
export function queryService(cloud: AwsCloud, spec: QueryServiceSpec): Service {
  const { name, dialect, operations, namespace } = spec;

  const answer = async (request: SignedIn): Promise<Answer> => {
    const { caller, region, requestId } = request;
    const parameters = new URLSearchParams(request.method === "POST" ? request.body.toString("utf8") : request.query);
    const operation = parameters.get("Action") ?? "";
    const version = parameters.get("Version");
    const schemas = await spec.schemas();
    const schema = operationSchema(schemas, operation);
    const run = operations[operation];
    if (!schema || version === null) {
      throw new AwsError("InvalidAction", `The action ${operation} is not valid for this web service.`);
    }
    if (!run) throw new AwsError("UnsupportedOperation", `The sandbox does not simulate ${name}:${operation}`);
    const call: Call = { service: name, operation, region, requestId, caller };
    const input = parseQueryInput(parameters, schema.input, dialect) as { DryRun?: boolean };
    const { DryRun, ...given } = input;
    const output = await perform(cloud, call, () => run(call, given as never), { dryRun: DryRun === true });
    cloud.onCall(call, given, output);
    return {
      status: 200,
      headers: { "content-type": "text/xml;charset=UTF-8" },
      body: success(operation, requestId, schema.output, output),
    };
  };

  const success = (
    operation: string,
    requestId: string,
    schema: Parameters<typeof xmlMembers>[0],
    output: object,
  ): string => {
    const wrong = schema.isUnitSchema() ? [] : violations(schema, output);
    if (wrong.length > 0) cloud.parts.log("An answer does not fit its schema", { operation, wrong });
    const members = schema.isUnitSchema() ? "" : xmlMembers(schema, output);
    if (dialect === "ec2") {
      // Operations without results say that they succeeded.
      const result = schema.isUnitSchema() ? "<return>true</return>" : members;
      return xmlDocument(`${operation}Response`, namespace, `${xmlElement("requestId", requestId)}${result}`);
    }
    const result = schema.isUnitSchema() ? "" : `<${operation}Result>${members}</${operation}Result>`;
    const metadata = `<ResponseMetadata>${xmlElement("RequestId", requestId)}</ResponseMetadata>`;
    return xmlDocument(`${operation}Response`, namespace, `${result}${metadata}`);
  };

  const refuse = (error: AwsError, requestId: string): Answer => {
    const facts = `${xmlElement("Code", error.code)}${xmlElement("Message", error.message)}`;
    const body =
      dialect === "ec2"
        ? xmlDocument(
            "Response",
            undefined,
            `<Errors><Error>${facts}</Error></Errors>${xmlElement("RequestID", requestId)}`,
          )
        : xmlDocument(
            "ErrorResponse",
            namespace,
            `<Error>${xmlElement("Type", error.status >= 500 ? "Receiver" : "Sender")}${facts}</Error>${xmlElement("RequestId", requestId)}`,
          );
    return { status: error.status, headers: { "content-type": "text/xml;charset=UTF-8" }, body };
  };

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
