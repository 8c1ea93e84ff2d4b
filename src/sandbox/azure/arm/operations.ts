import { randomUUID } from "node:crypto";
import { InTurn } from "../../cloud/in-turn.ts";
import type { AzureCloud } from "../cloud.ts";
import { AzureError } from "../errors.ts";
import type { Json, Operation } from "../state.ts";
import type { ArmAnswer, ArmRequest, Route, Service } from "./request.ts";

const providers: Readonly<Record<string, string>> = {
  compute: "Microsoft.Compute",
  network: "Microsoft.Network",
  dns: "Microsoft.Network",
};
const rememberedMs = 24 * 3_600_000;

export interface Work {
  readonly resourceId: string;
  readonly location: string;
  /** The output is the resource as it is by then; else it is what `run` returns. */
  readonly showsResource: boolean;
  /** One such after the other for a resource. @throws AzureError what the operation ends with. */
  readonly run: () => Promise<Json | undefined>;
  /** After a failure. */
  readonly failed?: (error: AzureError) => void;
}

/**
 * Long-running operations: https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations. What
 * was under way when the sandbox was ended has failed; its client may ask again.
 */
export class Operations {
  readonly #cloud: AzureCloud;
  readonly #turns = new InTurn();
  /** Told of every change that has succeeded, with the method of its request; set by what tells others of it. */
  onSuccess: (resourceId: string, method: string) => void = () => {};
  #view: (resourceId: string) => object | undefined = () => undefined;

  constructor(cloud: AzureCloud) {
    this.#cloud = cloud;
  }

  /** Says how a resource is shown. */
  showBy(view: (resourceId: string) => object | undefined): void {
    this.#view = view;
  }

  /** Starts the work, and returns the headers that tell the client where to ask after it. */
  begin(request: ArmRequest, work: Work): Readonly<Record<string, string>> {
    const { settings, tables } = this.#cloud;
    const id = randomUUID();
    const { resourceId, showsResource } = work;
    const startedAt = Date.now();
    tables.operations.put({
      id,
      service: request.service,
      resourceId,
      showsResource,
      startedAt,
      status: "InProgress",
    });
    this.#cloud.inBackground(`carry out ${request.operation}`, async () => {
      const end = (fields: Partial<Operation>) => tables.operations.change(id, { ...fields, endedAt: Date.now() });
      try {
        const output = await this.#turns.run(resourceId, async () => {
          await new Promise((resolve) => setTimeout(resolve, settings.operationMs));
          return work.run();
        });
        end({ status: "Succeeded", ...(output ? { output } : {}) });
        this.onSuccess(resourceId, request.method);
      } catch (error) {
        const refusal = error instanceof AzureError ? error : internalError();
        if (refusal !== error) this.#cloud.parts.log("An operation failed unexpectedly", { ...request, error });
        work.failed?.(refusal);
        end({ status: "Failed", error: { code: refusal.code, message: refusal.message } });
      }
    });
    this.#forgetOld();
    const { subscriptionId } = this.#cloud.account;
    const provider = providers[request.service] ?? "Microsoft.Resources";
    const base = `${request.origin}/subscriptions/${subscriptionId}/providers/${provider}/locations/${work.location}`;
    const version = `api-version=${request.apiVersion}`;
    return {
      "azure-asyncoperation": `${base}/operations/${id}?${version}`,
      location: `${base}/operationResults/${id}?${version}`,
      "retry-after": String(settings.retryAfterSeconds),
    };
  }

  /** What was under way when an earlier process ended is over. */
  reconcile(): void {
    const { operations, resources } = this.#cloud.tables;
    for (const operation of operations.where(({ status }) => status === "InProgress")) {
      const error = { code: "InternalExecutionError", message: "The simulated region failed over; try again." };
      operations.put({ ...operation, status: "Failed", endedAt: Date.now(), error });
    }
    for (const resource of resources.where(({ provisioningState }) => !/Succeeded|Failed/.test(provisioningState)))
      resources.put({ ...resource, provisioningState: "Failed" });
  }

  routes(): Route[] {
    return (["compute", "network"] as const).flatMap((service) => {
      const base = `providers/${providers[service]?.toLowerCase()}/locations/:location`;
      return [
        this.#route(service, `${base}/operations/:id`, (request) => this.#status(request)),
        this.#route(service, `${base}/operationresults/:id`, (request) => this.#result(request)),
      ];
    });
  }

  #route(service: Service, path: string, run: Route["run"]): Route {
    const action = `${providers[service]}/locations/operations/read`;
    return { service, operation: "operations.get", action, method: "GET", path, run };
  }

  #find({ params }: ArmRequest): Operation {
    const operation = this.#cloud.tables.operations.get(params.id ?? "");
    if (!operation) throw new AzureError("NotFound", `The operation '${params.id}' was not found.`, 404);
    return operation;
  }

  #status(request: ArmRequest): ArmAnswer {
    const { id, status, startedAt, endedAt, error, output } = this.#find(request);
    const over = status !== "InProgress";
    return {
      status: 200,
      ...(over ? {} : { headers: { "retry-after": String(this.#cloud.settings.retryAfterSeconds) } }),
      body: {
        startTime: new Date(startedAt).toISOString(),
        ...(endedAt === undefined ? {} : { endTime: new Date(endedAt).toISOString() }),
        status,
        name: id,
        ...(error ? { error } : {}),
        ...(output ? { properties: { output } } : {}),
      },
    };
  }

  #result(request: ArmRequest): ArmAnswer {
    const { status, error, output, showsResource, resourceId } = this.#find(request);
    if (status === "InProgress") {
      const headers = {
        location: `${request.origin}${request.url}`,
        "retry-after": String(this.#cloud.settings.retryAfterSeconds),
      };
      return { status: 202, headers };
    }
    if (error) throw new AzureError(error.code, error.message, 409);
    const body = showsResource ? this.#view(resourceId) : output;
    return body ? { status: 200, body } : { status: 200 };
  }

  #forgetOld(): void {
    const { operations } = this.#cloud.tables;
    for (const { id, endedAt } of operations.values()) {
      if (endedAt === undefined || Date.now() - endedAt < rememberedMs) break;
      operations.delete(id);
    }
  }
}

export function internalError(): AzureError {
  return new AzureError("InternalServerError", "An internal error occurred (simulated).", 500);
}
