import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { ContentStore } from "../../cloud/contents.ts";
import { type Answer, readBody } from "../../cloud/http-front.ts";
import { xmlDocument, xmlElement } from "../../cloud/xml.ts";
import type { AwsCloud, Call } from "../cloud.ts";
import { AwsError } from "../errors.ts";
import { accountId } from "../identity.ts";
import { readRestInput, writeRestOutput } from "../protocol/rest.ts";
import { operationSchema, type SchemaModule, violations } from "../protocol/schema.ts";
import { perform, type Service, type SignedIn } from "../service.ts";
import { bucketOperations } from "./buckets.ts";
import { multipartOperations } from "./multipart.ts";
import { type GotObject, objectOperations } from "./objects.ts";
import { type S3Tables, s3Tables } from "./state.ts";

const namespace = "http://s3.amazonaws.com/doc/2006-03-01/";
const xmlLimit = 2 * 2 ** 20;
/** Operations whose body is an object's bytes. */
const uploads = new Set(["PutObject", "UploadPart"]);

type Run = (call: Call, input: never, request: IncomingMessage) => object | Promise<object>;

export interface S3Parts {
  readonly service: Service;
  readonly tables: S3Tables;
  readonly contents: ContentStore;
}

/** S3, path style: buckets, objects, multipart uploads. */
export function s3Parts(cloud: AwsCloud): S3Parts {
  const tables = s3Tables(cloud.documents);
  const used = [
    ...[...tables.objects.values()].flatMap((object) => object.contents),
    ...[...tables.uploads.values()].flatMap(({ parts }) => parts),
  ];
  const contents = new ContentStore(
    join(cloud.parts.dir, "objects"),
    used.map(({ contentId }) => contentId),
  );
  const operations: Readonly<Record<string, Run>> = {
    ...bucketOperations(tables),
    ...objectOperations(tables, contents),
    ...multipartOperations(tables, contents),
  };
  let schemas: SchemaModule | undefined;

  const route = async (signedIn: SignedIn): Promise<Answer> => {
    const { request, method, path, query, requestId, region, caller } = signedIn;
    const [Bucket = "", ...rest] = path.slice(1).split("/").map(decodeURIComponent);
    const Key = rest.join("/");
    const operation = operationOf(method, Bucket, Key, query, request);
    schemas ??= await import("@aws-sdk/client-s3");
    const schema = operation === undefined ? undefined : operationSchema(schemas, operation);
    const run = operation === undefined ? undefined : operations[operation];
    if (!operation || !schema || !run) {
      throw new AwsError("NotImplemented", `The sandbox does not simulate ${method} ${path}?${query.toString()}`, 501);
    }
    const body = uploads.has(operation) ? "" : (await readBody(request, xmlLimit)).toString("utf8");
    const input = readRestInput(schema.input, { labels: { Bucket, Key }, query, headers: request.headers, body });
    const owner = request.headers["x-amz-expected-bucket-owner"];
    if (owner !== undefined && owner !== accountId) throw new AwsError("AccessDenied", "Access Denied", 403);
    const call: Call = { service: "s3", operation, region, requestId, caller };
    const resource = Bucket === "" ? "*" : `arn:aws:s3:::${Bucket}${Key === "" ? "" : `/${Key}`}`;
    const output = await perform(cloud, call, () => run(call, input as never, request), { resource });
    const { Body, status = schema.http?.[2] ?? 200, ...described } = output as Partial<GotObject>;
    const wrong = schema.output.isUnitSchema() ? [] : violations(schema.output, described);
    if (wrong.length > 0) cloud.parts.log("An answer does not fit its schema", { operation, wrong });
    const { headers, body: xml } = writeRestOutput(schema.output, described, namespace);
    const common = { "x-amz-request-id": requestId, ...(xml ? { "content-type": "application/xml" } : {}), ...headers };
    return {
      status: method === "DELETE" ? 204 : status,
      headers: common,
      ...(Body ? { body: Body } : xml ? { body: xml } : {}),
    };
  };

  const refuse = (error: AwsError, requestId: string): Answer => {
    const headers = { "x-amz-request-id": requestId, "content-type": "application/xml" };
    if (error.status === 304) return { status: error.status, headers };
    const fields = Object.entries(error.fields).map(([name, value]) => xmlElement(name, value));
    const inside = `${xmlElement("Code", error.code)}${xmlElement("Message", error.message)}${fields.join("")}`;
    const body = xmlDocument(
      "Error",
      undefined,
      `${inside}${xmlElement("RequestId", requestId)}${xmlElement("HostId", "simulated")}`,
    );
    return { status: error.status, headers, body };
  };

  const service: Service = {
    name: "s3",
    streams: true,
    refuse,
    async handle(request) {
      try {
        return await route(request);
      } catch (error) {
        if (error instanceof AwsError) return refuse(error, request.requestId);
        if (error instanceof URIError)
          return refuse(new AwsError("InvalidURI", "Couldn't parse the specified URI."), request.requestId);
        throw error;
      }
    },
  };
  return { service, tables, contents };
}

/** Which operation a request is: by method, by what it names, and by its sub-resource. */
function operationOf(
  method: string,
  bucket: string,
  key: string,
  query: URLSearchParams,
  request: IncomingMessage,
): string | undefined {
  const has = (name: string) => query.has(name);
  if (bucket === "") return method === "GET" ? "ListBuckets" : undefined;
  if (key === "") {
    switch (method) {
      case "GET":
        if (has("location")) return "GetBucketLocation";
        if (has("tagging")) return "GetBucketTagging";
        if (has("uploads")) return "ListMultipartUploads";
        return query.get("list-type") === "2" ? "ListObjectsV2" : undefined;
      case "PUT":
        return has("tagging")
          ? "PutBucketTagging"
          : [...query.keys()].every((name) => name === "x-id")
            ? "CreateBucket"
            : undefined;
      case "DELETE":
        return has("tagging") ? "DeleteBucketTagging" : "DeleteBucket";
      case "POST":
        return has("delete") ? "DeleteObjects" : undefined;
      default:
        return method === "HEAD" ? "HeadBucket" : undefined;
    }
  }
  switch (method) {
    case "GET":
      if (has("uploadId")) return "ListParts";
      return has("tagging") ? "GetObjectTagging" : "GetObject";
    case "PUT":
      if (has("tagging")) return "PutObjectTagging";
      if (has("uploadId")) return request.headers["x-amz-copy-source"] === undefined ? "UploadPart" : undefined;
      return request.headers["x-amz-copy-source"] === undefined ? "PutObject" : "CopyObject";
    case "DELETE":
      return has("uploadId") ? "AbortMultipartUpload" : has("tagging") ? undefined : "DeleteObject";
    case "POST":
      return has("uploads") ? "CreateMultipartUpload" : has("uploadId") ? "CompleteMultipartUpload" : undefined;
    default:
      return method === "HEAD" ? "HeadObject" : undefined;
  }
}
