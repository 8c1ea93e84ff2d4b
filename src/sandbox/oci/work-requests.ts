import type * as work from "oci-workrequests";
import type { OciCloud } from "./cloud.ts";
import { notFound, OciError } from "./errors.ts";
import { type Operation, operations } from "./operation.ts";
import type { Registry } from "./registry.ts";
import type { WorkRequest } from "./state.ts";
import { newOcid } from "./tenancy.ts";
import type { Wire } from "./wire.ts";

/** What goes on after a call was answered, so that callers can wait for it. */
export class WorkRequests {
  readonly #cloud: OciCloud;

  constructor(cloud: OciCloud) {
    this.#cloud = cloud;
  }

  /** Returns its OCID. Its work goes on in the background; what that throws is how it failed. */
  begin(
    operationType: string,
    compartmentId: string,
    resources: WorkRequest["resources"],
    work: () => Promise<void>,
  ): string {
    const { workRequests } = this.#cloud.tables;
    const { id } = workRequests.put({
      id: newOcid("coreservicesworkrequest"),
      operationType,
      compartmentId,
      resources,
      acceptedAt: Date.now(),
    });
    this.#cloud.inBackground(operationType, async () => {
      try {
        await work();
        workRequests.change(id, { finishedAt: Date.now() });
      } catch (error) {
        const refused = error instanceof OciError;
        const failure = {
          code: refused ? error.code : "InternalServerError",
          message: (error as Error).message,
        };
        workRequests.change(id, { finishedAt: Date.now(), failure });
        if (!refused) throw error;
      }
    });
    return id;
  }

  /** Ends those that a process left behind, as what they were at was brought to an end without them. */
  reconcile(): void {
    const { workRequests } = this.#cloud.tables;
    for (const { id } of workRequests.where(({ finishedAt }) => finishedAt === undefined)) {
      const failure = { code: "InternalServerError", message: "Simulated: the sandbox ended meanwhile" };
      workRequests.change(id, { finishedAt: Date.now(), failure });
    }
  }
}

export function workRequestOperations(registry: Registry): Operation[] {
  const operation = operations("workrequests");
  const { workRequests } = registry.cloud.tables;
  const find = (id: string | undefined): WorkRequest => {
    const request = workRequests.get(id ?? "");
    if (!request) throw notFound("work request");
    return request;
  };
  const summary = (request: WorkRequest): Wire<work.models.WorkRequestSummary> => ({
    id: request.id,
    operationType: request.operationType,
    compartmentId: request.compartmentId,
    status: request.failure ? "FAILED" : request.finishedAt === undefined ? "IN_PROGRESS" : "SUCCEEDED",
    percentComplete: request.finishedAt === undefined ? 0 : 100,
    timeAccepted: new Date(request.acceptedAt),
    timeStarted: new Date(request.acceptedAt),
    ...(request.finishedAt === undefined ? {} : { timeFinished: new Date(request.finishedAt) }),
  });
  return [
    operation("GetWorkRequest", "GET /workRequests/{workRequestId}", { answers: "WorkRequest" }, ({ params }) => {
      const request = find(params.workRequestId);
      const body: Wire<work.models.WorkRequest> = { ...summary(request), resources: [...request.resources] };
      return { body, headers: request.finishedAt === undefined ? { "retry-after": 1 } : {} };
    }),
    operation("ListWorkRequests", "GET /workRequests", { answers: "WorkRequestSummary[]" }, (call) => {
      const resourceId = call.query.get("resourceId");
      const all = workRequests.where(
        ({ compartmentId, resources }) =>
          compartmentId === call.query.get("compartmentId") &&
          (resourceId === null || resources.some(({ identifier }) => identifier === resourceId)),
      );
      const { items, headers } = registry.page(call, all, ({ id }) => id);
      return { body: items.map(summary), headers };
    }),
    operation(
      "ListWorkRequestErrors",
      "GET /workRequests/{workRequestId}/errors",
      { answers: "WorkRequestError[]" },
      ({ params }) => {
        const { failure, finishedAt = 0 } = find(params.workRequestId);
        const body: Wire<work.models.WorkRequestError>[] = failure
          ? [{ ...failure, timestamp: new Date(finishedAt) }]
          : [];
        return { body };
      },
    ),
  ];
}
