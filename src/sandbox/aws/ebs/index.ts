import { blockBuffers } from "../../cloud/disks/layer-reader.ts";
import type { Answer } from "../../cloud/http-front.ts";
import type { AwsCloud, Call } from "../cloud.ts";
import { AwsError } from "../errors.ts";
import { fromJson, toJson } from "../protocol/json.ts";
import { operationSchema, type SchemaModule, violations } from "../protocol/schema.ts";
import { perform, type Service, type SignedIn } from "../service.ts";
import type { readOperations } from "./read.ts";
import { invalid } from "./refusals.ts";
import type { writeOperations } from "./write.ts";

type EbsOperations = ReturnType<typeof readOperations> & ReturnType<typeof writeOperations>;

const blockPath = /^\/snapshots\/([^/]+)\/blocks\/(\d+)$/;

/** EBS direct: JSON for what is said of snapshots, bare bytes for their blocks. */
export function ebsService(cloud: AwsCloud, operations: EbsOperations): Service {
  let schemas: SchemaModule | undefined;

  const header = (request: SignedIn, name: string): string | undefined => request.request.headers[name]?.toString();
  const described = async (
    request: SignedIn,
    operation: JsonOperation,
    status: number,
    given: object,
  ): Promise<Answer> => {
    schemas ??= await import("@aws-sdk/client-ebs");
    const schema = operationSchema(schemas, operation);
    if (!schema) throw new AwsError("UnknownOperationException", `There is no ${operation}`, 404);
    const call = callOf(request, operation);
    const input = fromJson(schema.input, given, "") as never;
    const output: object = await perform(cloud, call, () => operations[operation](call, input) as Promise<object>);
    const wrong = violations(schema.output, output);
    if (wrong.length > 0) cloud.parts.log("An answer does not fit its schema", { operation, wrong });
    return json(status, request.requestId, toJson(output));
  };
  const number = (text: string | null | undefined): number | undefined => {
    if (text === null || text === undefined) return undefined;
    const value = Number(text);
    if (!Number.isInteger(value) || value < 0)
      throw invalid("INVALID_PARAMETER_VALUE", `'${text}' is not a valid number`);
    return value;
  };
  const pageInput = ({ query }: SignedIn) => ({
    NextToken: query.get("pageToken") ?? undefined,
    MaxResults: number(query.get("maxResults")),
    StartingBlockIndex: number(query.get("startingBlockIndex")),
  });

  const route = async (request: SignedIn): Promise<Answer> => {
    const { method, path, requestId, query } = request;
    const block = blockPath.exec(path);
    if (block) {
      const [, snapshotId = "", index = ""] = block;
      if (method === "PUT") {
        const call = callOf(request, "PutSnapshotBlock");
        const headers = {
          dataLength: Number(header(request, "x-amz-data-length")),
          checksum: header(request, "x-amz-checksum") ?? "",
          algorithm: header(request, "x-amz-checksum-algorithm") ?? "",
        };
        const checksum = await perform(cloud, call, () =>
          operations.putBlock(call, snapshotId, Number(index), headers, request),
        );
        const answered = { "x-amz-checksum": checksum, "x-amz-checksum-algorithm": "SHA256" };
        return { status: 201, headers: { ...common(requestId), ...answered, "content-length": 0 } };
      }
      const call = callOf(request, "GetSnapshotBlock");
      const token = query.get("blockToken") ?? "";
      const { data, checksum } = await perform(cloud, call, () =>
        operations.getBlock(call, snapshotId, Number(index), token),
      );
      const headers = {
        ...common(requestId),
        "content-type": "application/octet-stream",
        "content-length": data.length,
        "x-amz-data-length": data.length,
        "x-amz-checksum": checksum,
        "x-amz-checksum-algorithm": "SHA256",
      };
      return { status: 200, headers, body: data, sent: () => blockBuffers.give(data) };
    }
    const [, , second = "", third = ""] = path.split("/");
    if (method === "POST" && path === "/snapshots") {
      return described(request, "StartSnapshot", 201, JSON.parse(request.body.toString("utf8") || "{}") as object);
    }
    if (method === "POST" && second === "completion") {
      return described(request, "CompleteSnapshot", 202, {
        SnapshotId: third,
        ChangedBlocksCount: number(header(request, "x-amz-changedblockscount")),
        Checksum: header(request, "x-amz-checksum"),
        ChecksumAlgorithm: header(request, "x-amz-checksum-algorithm"),
        ChecksumAggregationMethod: header(request, "x-amz-checksum-aggregation-method"),
      });
    }
    if (method === "GET" && third === "blocks")
      return described(request, "ListSnapshotBlocks", 200, { SnapshotId: second, ...pageInput(request) });
    if (method === "GET" && third === "changedblocks") {
      const FirstSnapshotId = query.get("firstSnapshotId") ?? undefined;
      return described(request, "ListChangedBlocks", 200, {
        SecondSnapshotId: second,
        FirstSnapshotId,
        ...pageInput(request),
      });
    }
    throw new AwsError("UnknownOperationException", `There is no ${method} ${path}`, 404);
  };

  const refuse = (error: AwsError, requestId: string): Answer => ({
    ...json(error.status, requestId, { Message: error.message, ...error.fields }),
    headers: { ...json(0, requestId, {}).headers, "x-amzn-errortype": error.code },
  });

  return {
    name: "ebs",
    refuse,
    async handle(request) {
      try {
        return await route(request);
      } catch (error) {
        if (error instanceof AwsError) return refuse(error, request.requestId);
        if (error instanceof SyntaxError)
          return refuse(invalid("INVALID_PARAMETER_VALUE", "The body is not JSON"), request.requestId);
        throw error;
      }
    },
  };
}

type JsonOperation = "StartSnapshot" | "CompleteSnapshot" | "ListSnapshotBlocks" | "ListChangedBlocks";

function callOf({ region, requestId, caller }: SignedIn, operation: string): Call {
  return { service: "ebs", operation, region, requestId, caller };
}

function common(requestId: string) {
  return { "x-amzn-requestid": requestId };
}

function json(status: number, requestId: string, value: unknown): Answer {
  return { status, headers: { ...common(requestId), "content-type": "application/json" }, body: JSON.stringify(value) };
}
