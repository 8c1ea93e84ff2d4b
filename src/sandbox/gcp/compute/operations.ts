import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { GcpCloud } from "../cloud.ts";
import { GcpError, invalid, OperationError } from "../errors.ts";
import type { Operation } from "../state.ts";
import { type ComputeCall, type ComputeOperations, scopeOfCall } from "./call.ts";
import { newNumericId } from "./ids.ts";
import { link, nameOf, scopeOf } from "./links.ts";
import { listAnswer, timestamp } from "./lists.ts";

/** What an operation does after its call was answered. It must be able to begin anew after a restart. `pause` lets the
 *  time pass that such an operation takes at least. @throws OperationError when it fails. */
export type Work = (operation: Operation, pause: () => Promise<void>) => Promise<void>;

export interface Target {
  readonly id: string;
  readonly numericId: string;
}

/** Finished operations are kept for a while: https://cloud.google.com/compute/docs/api/how-tos/api-requests-responses */
const rememberedMs = 14 * 24 * 3_600_000;
const statusWords: Readonly<Record<number, string>> = {
  403: "FORBIDDEN",
  404: "NOT FOUND",
  500: "INTERNAL SERVER ERROR",
  503: "SERVICE UNAVAILABLE",
};
const zeroUuid = "00000000-0000-0000-0000-000000000000";

/**
 * Long-running operations. A call that changes something is answered at once with one of these, and HTTP success says
 * only that it was begun (https://cloud.google.com/compute/docs/api/how-tos/api-requests-responses).
 */
export class Operations {
  readonly #cloud: GcpCloud;
  readonly #works = new Map<string, { readonly work: Work; readonly leastMs: () => number }>();
  readonly #running = new Map<string, Promise<void>>();

  constructor(cloud: GcpCloud) {
    this.#cloud = cloud;
  }

  /** Says what the operations of a method do. */
  define(method: string, work: Work, leastMs = () => this.#cloud.settings.operationMs): void {
    this.#works.set(method, { work, leastMs });
  }

  /**
   * The operation that an earlier call with the same request id began.
   * https://cloud.google.com/compute/docs/reference/rest/v1/instances/insert, `requestId`.
   * @throws GcpError for an id that is no UUID or only zeros.
   */
  repeated(call: ComputeCall): object | undefined {
    const { requestId } = call.query;
    if (requestId === undefined) return undefined;
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(requestId) || requestId === zeroUuid) {
      throw invalid("requestId", requestId, "Must be a valid UUID other than the zero one.");
    }
    const known = this.#cloud.tables.operations.find(
      (one) => one.requestId === requestId && one.method === call.operation && scopeOf(one.id) === scopeOfCall(call),
    );
    return known && this.describe(known);
  }

  /** Notes an operation and begins it; the caller has stored what it is about. */
  start(call: ComputeCall, target: Target, work: Readonly<Record<string, unknown>> = {}): object {
    const operation = this.#put(call, target, work);
    this.#begin(operation);
    return this.describe(operation);
  }

  /** An operation that has failed before it began. */
  failed(call: ComputeCall, target: Target, error: OperationError): object {
    const { code, message, httpStatus } = error;
    const operation = this.#put(call, target, {});
    return this.describe(
      this.#cloud.tables.operations.put({ ...operation, endedAt: Date.now(), error: { code, message, httpStatus } }),
    );
  }

  /** Goes on with what an earlier process had begun. */
  resume(): void {
    const { operations } = this.#cloud.tables;
    for (const operation of operations.where(({ endedAt }) => endedAt === undefined)) this.#begin(operation);
  }

  describe(operation: Operation): object {
    const { id, numericId, operationType, targetId, targetNumericId, user, insertedAt, endedAt, error } = operation;
    const scope = scopeOf(id);
    const [kind] = scope.split("/");
    return {
      kind: "compute#operation",
      id: numericId,
      name: nameOf(id),
      ...(kind === "zones" ? { zone: link(scope) } : kind === "regions" ? { region: link(scope) } : {}),
      operationType,
      targetLink: link(targetId),
      targetId: targetNumericId,
      status: endedAt === undefined ? "RUNNING" : "DONE",
      user,
      progress: endedAt === undefined ? 0 : 100,
      insertTime: timestamp(insertedAt),
      startTime: timestamp(insertedAt),
      ...(endedAt === undefined ? {} : { endTime: timestamp(endedAt) }),
      selfLink: link(id),
      ...(error
        ? {
            error: { errors: [{ code: error.code, message: error.message }] },
            httpErrorStatusCode: error.httpStatus,
            httpErrorMessage: statusWords[error.httpStatus] ?? "BAD REQUEST",
          }
        : {}),
    };
  }

  /** `get`, `wait`, `list` and `delete` of the three kinds. */
  calls(): ComputeOperations {
    const { tables, settings } = this.#cloud;
    const find = (call: ComputeCall): Operation => {
      const id = `${scopeOfCall(call)}/operations/${call.path.operation}`;
      const operation = tables.operations.get(id);
      if (!operation)
        throw new GcpError(404, "notFound", `The resource 'projects/${call.project}/${id}' was not found`);
      return operation;
    };
    const of = {
      get: (call: ComputeCall) => this.describe(find(call)),
      wait: async (call: ComputeCall) => {
        const { id } = find(call);
        const patience = new AbortController();
        const running = this.#running.get(id) ?? Promise.resolve();
        await Promise.race([
          running,
          sleep(this.#cloud.settings.waitMs, undefined, { signal: patience.signal, ref: false }),
        ]);
        patience.abort();
        return this.describe(find(call));
      },
      list: (call: ComputeCall) => {
        const scope = scopeOfCall(call);
        const found = tables.operations.where(({ id }) => scopeOf(id) === scope);
        const all = found.map((one) => ({
          id: one.id,
          createdAt: one.insertedAt - settings.consistencyMs,
          json: this.describe(one),
        }));
        return listAnswer(this.#cloud, call, "operation", all);
      },
      delete: (call: ComputeCall) => {
        tables.operations.delete(find(call).id);
        return {};
      },
    };
    return Object.fromEntries(
      ["zoneOperations", "regionOperations", "globalOperations"].flatMap((service) =>
        Object.entries(of).map(([name, act]) => [`${service}.${name}`, act]),
      ),
    );
  }

  #put(call: ComputeCall, target: Target, work: Readonly<Record<string, unknown>>): Operation {
    const { operations } = this.#cloud.tables;
    const old = Date.now() - rememberedMs;
    for (const { id } of operations.where(({ endedAt }) => (endedAt ?? Infinity) < old)) operations.delete(id);
    const name = `operation-${Date.now()}-${randomBytes(6).toString("hex")}-${randomBytes(4).toString("hex")}-${randomBytes(4).toString("hex")}`;
    const { requestId } = call.query;
    return operations.put({
      id: `${scopeOfCall(call)}/operations/${name}`,
      numericId: newNumericId(),
      method: call.operation,
      operationType: call.operation.slice(call.operation.indexOf(".") + 1),
      targetId: target.id,
      targetNumericId: target.numericId,
      user: call.user,
      ...(requestId === undefined ? {} : { requestId }),
      insertedAt: Date.now(),
      work,
    });
  }

  #begin(operation: Operation): void {
    const { id, method, insertedAt } = operation;
    const defined = this.#works.get(method);
    const leastMs = defined?.leastMs() ?? this.#cloud.settings.operationMs;
    const pause = async () => {
      const left = insertedAt + leastMs - Date.now();
      if (left > 0) await sleep(left);
    };
    const ending = Promise.withResolvers<void>();
    this.#running.set(id, ending.promise);
    this.#cloud.inBackground(`end ${id}`, async () => {
      const error = await this.#outcome(operation, pause, defined?.work);
      this.#cloud.tables.operations.change(id, { endedAt: Date.now(), ...(error ? { error } : {}) });
      this.#running.delete(id);
      ending.resolve();
    });
  }

  async #outcome(
    operation: Operation,
    pause: () => Promise<void>,
    work: Work | undefined,
  ): Promise<Operation["error"]> {
    try {
      await work?.(operation, pause);
      await pause();
      return undefined;
    } catch (error) {
      if (error instanceof OperationError)
        return { code: error.code, message: error.message, httpStatus: error.httpStatus };
      this.#cloud.log("An operation failed unexpectedly", { operation: operation.method, error });
      return {
        code: "INTERNAL_ERROR",
        message: `Internal error (simulated: ${(error as Error).message})`,
        httpStatus: 500,
      };
    }
  }
}
