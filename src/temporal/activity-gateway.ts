import { createHmac, timingSafeEqual } from "node:crypto";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { gunzipSync } from "node:zlib";
import type { Connection } from "@temporalio/client";
import type { PayloadCodec } from "@temporalio/common";
import { decode, encode, encodeFailure } from "@temporalio/common/lib/internal-non-workflow/index.js";
import proto from "@temporalio/proto";

const service = "/temporal.api.workflowservice.v1.WorkflowService/";
const {
  PollActivityTaskQueueRequest,
  PollActivityTaskQueueResponse,
  RecordActivityTaskHeartbeatRequest,
  RecordActivityTaskHeartbeatResponse,
  RespondActivityTaskCompletedRequest,
  RespondActivityTaskCompletedResponse,
  RespondActivityTaskFailedRequest,
  RespondActivityTaskFailedResponse,
  RespondActivityTaskCanceledRequest,
  RespondActivityTaskCanceledResponse,
  GetSystemInfoRequest,
  GetSystemInfoResponse,
  DescribeNamespaceRequest,
  DescribeNamespaceResponse,
  ShutdownWorkerRequest,
  ShutdownWorkerResponse,
  RecordWorkerHeartbeatRequest,
  RecordWorkerHeartbeatResponse,
} = proto.temporal.api.workflowservice.v1;
type IPayloads = proto.temporal.api.common.v1.IPayloads;

/** gRPC's numbers: https://grpc.io/docs/guides/status-codes/ */
const status = { ok: 0, invalidArgument: 3, permissionDenied: 7, unimplemented: 12, internal: 13, unavailable: 14 };
const largestMessage = 4 * 1024 * 1024;
/** Longer than a long poll takes (70 s). */
const answerWithinMs = 120_000;
const markBytes = 32;

export interface GatewayOptions {
  readonly connection: Connection;
  readonly namespace: string;
  /** What encrypts payloads: a worker behind this gateway has none of its keys. */
  readonly codec?: PayloadCodec | undefined;
  /** Known to all processes that are a gateway; marks the tasks that were handed out. */
  readonly key: Uint8Array;
}

class Refusal extends Error {
  readonly status: number;

  constructor(code: number, message: string) {
    super(message);
    this.status = code;
  }
}

/**
 * Lets a worker take activities from one task queue, and answer those that it was given, and nothing else of Temporal:
 * other queues, histories, and runs are out of its reach. A task's token is marked for its queue on the way out, so no
 * other token is accepted on the way back.
 */
export class ActivityGateway {
  readonly #options: GatewayOptions;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  /** Answers one gRPC call of a worker that may have `taskQueue`. A task that a long poll brings is given to it only if
   *  `inForce` still resolves then. */
  async serve(
    request: Http2ServerRequest,
    response: Http2ServerResponse,
    taskQueue: string,
    inForce: () => Promise<unknown>,
  ): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    response.on("error", () => gone.abort());
    try {
      const method = request.url.slice(service.length);
      const message = await readMessage(request, String(request.headers["grpc-encoding"] ?? "identity"));
      const { connection } = this.#options;
      const answer = await connection.withAbortSignal(gone.signal, () =>
        connection.withDeadline(Date.now() + answerWithinMs, () => this.#call(method, message, taskQueue, inForce)),
      );
      reply(response, answer);
    } catch (error) {
      if (!gone.signal.aborted) refuseCall(response, error);
    }
  }

  /** Answers a caller that may have nothing. It tries again: it may be let in later. */
  refuse(response: Http2ServerResponse, reason: string): void {
    refuseCall(response, new Refusal(status.unavailable, reason));
  }

  async #call(
    method: string,
    message: Buffer,
    taskQueue: string,
    inForce: () => Promise<unknown>,
  ): Promise<Uint8Array> {
    const { workflowService } = this.#options.connection;
    const { namespace } = this.#options;
    switch (method) {
      case "GetSystemInfo":
        return GetSystemInfoResponse.encode(
          await workflowService.getSystemInfo(GetSystemInfoRequest.decode(message)),
        ).finish();
      case "DescribeNamespace": {
        DescribeNamespaceRequest.decode(message);
        return DescribeNamespaceResponse.encode(await workflowService.describeNamespace({ namespace })).finish();
      }
      case "PollActivityTaskQueue": {
        const request = PollActivityTaskQueueRequest.decode(message);
        if (request.taskQueue?.name !== taskQueue) {
          throw new Refusal(status.permissionDenied, `this worker may only have the task queue ${taskQueue}`);
        }
        request.namespace = namespace;
        const task = await workflowService.pollActivityTaskQueue(request);
        if (task.taskToken?.byteLength) {
          // Temporal gives it to another one once the one that it was meant for is silent.
          await inForce().catch((error: unknown) => {
            throw new Refusal(status.unavailable, error instanceof Error ? error.message : String(error));
          });
          task.taskToken = this.#mark(task.taskToken, taskQueue);
          await this.#open(task.input);
          await this.#open(task.heartbeatDetails);
        }
        return PollActivityTaskQueueResponse.encode(task).finish();
      }
      case "RecordActivityTaskHeartbeat": {
        const request = this.#own(RecordActivityTaskHeartbeatRequest.decode(message), taskQueue);
        await this.#close(request.details);
        return RecordActivityTaskHeartbeatResponse.encode(
          await workflowService.recordActivityTaskHeartbeat(request),
        ).finish();
      }
      case "RespondActivityTaskCompleted": {
        const request = this.#own(RespondActivityTaskCompletedRequest.decode(message), taskQueue);
        await this.#close(request.result);
        return RespondActivityTaskCompletedResponse.encode(
          await workflowService.respondActivityTaskCompleted(request),
        ).finish();
      }
      case "RespondActivityTaskFailed": {
        const request = this.#own(RespondActivityTaskFailedRequest.decode(message), taskQueue);
        const { codec } = this.#options;
        if (codec && request.failure) {
          request.failure = (await encodeFailure([codec], request.failure)) as typeof request.failure;
        }
        await this.#close(request.lastHeartbeatDetails);
        return RespondActivityTaskFailedResponse.encode(
          await workflowService.respondActivityTaskFailed(request),
        ).finish();
      }
      case "RespondActivityTaskCanceled": {
        const request = this.#own(RespondActivityTaskCanceledRequest.decode(message), taskQueue);
        await this.#close(request.details);
        return RespondActivityTaskCanceledResponse.encode(
          await workflowService.respondActivityTaskCanceled(request),
        ).finish();
      }
      // What a worker says of itself to Temporal is of no use to anyone here: the API knows it by its beats.
      case "ShutdownWorker":
        ShutdownWorkerRequest.decode(message);
        return ShutdownWorkerResponse.encode({}).finish();
      case "RecordWorkerHeartbeat":
        RecordWorkerHeartbeatRequest.decode(message);
        return RecordWorkerHeartbeatResponse.encode({}).finish();
      default:
        throw new Refusal(status.permissionDenied, `${method || "this"} is not for workers of a site`);
    }
  }

  #mark(token: Uint8Array, taskQueue: string): Uint8Array {
    return Buffer.concat([this.#markOf(token, taskQueue), token]);
  }

  /** The request with the token that Temporal knows. */
  #own<T extends { taskToken?: Uint8Array | null; namespace?: string | null }>(request: T, taskQueue: string): T {
    const marked = Buffer.from(request.taskToken ?? []);
    const token = marked.subarray(markBytes);
    const mark = marked.subarray(0, markBytes);
    if (token.byteLength === 0 || !timingSafeEqual(mark, this.#markOf(token, taskQueue))) {
      throw new Refusal(status.permissionDenied, "this task was not given to a worker of this site");
    }
    request.taskToken = token;
    request.namespace = this.#options.namespace;
    return request;
  }

  #markOf(token: Uint8Array, taskQueue: string): Buffer {
    return createHmac("sha256", this.#options.key).update(taskQueue).update("\n").update(token).digest();
  }

  async #open(payloads: IPayloads | null | undefined): Promise<void> {
    const { codec } = this.#options;
    if (codec && payloads?.payloads) payloads.payloads = await decode([codec], payloads.payloads);
  }

  async #close(payloads: IPayloads | null | undefined): Promise<void> {
    const { codec } = this.#options;
    if (codec && payloads?.payloads) payloads.payloads = await encode([codec], payloads.payloads);
  }
}

/** One message: a flag, a length, and so many bytes. */
async function readMessage(request: Http2ServerRequest, encoding: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.byteLength;
    if (length > largestMessage + 5) throw new Refusal(status.invalidArgument, "the message is too large");
  }
  const all = Buffer.concat(chunks);
  if (all.byteLength < 5 || all.readUInt32BE(1) !== all.byteLength - 5) {
    throw new Refusal(status.invalidArgument, "this is not one gRPC message");
  }
  const body = all.subarray(5);
  if (all.readUInt8(0) === 0) return body;
  if (encoding !== "gzip") throw new Refusal(status.unimplemented, `${encoding} is not known here`);
  return gunzipSync(body, { maxOutputLength: largestMessage });
}

function reply(response: Http2ServerResponse, message: Uint8Array): void {
  if (response.writableEnded) return;
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.byteLength, 1);
  response.writeHead(200, { "content-type": "application/grpc" });
  response.addTrailers({ "grpc-status": String(status.ok) });
  response.write(head);
  response.end(message);
}

/** Temporal's own refusals go on with their details, by which the worker knows them. */
function refuseCall(response: Http2ServerResponse, error: unknown): void {
  if (response.writableEnded) return;
  const { code, details, metadata } = error as {
    code?: unknown;
    details?: unknown;
    metadata?: { get(name: string): unknown[] };
  };
  const ours = error instanceof Refusal ? error.status : undefined;
  const more = typeof metadata?.get === "function" ? metadata.get("grpc-status-details-bin")[0] : undefined;
  const told = typeof details === "string" ? details : "Temporal gave no answer";
  const text = error instanceof Refusal ? error.message : told;
  response.writeHead(200, {
    "content-type": "application/grpc",
    "grpc-status": String(ours ?? (typeof code === "number" ? code : status.unavailable)),
    "grpc-message": encodeURIComponent(text),
    ...(Buffer.isBuffer(more) ? { "grpc-status-details-bin": more.toString("base64") } : {}),
  });
  response.end();
}
