import type { CalledOperation, Refusal } from "../cloud/faults.ts";
import { quotaExceeded } from "./compute/quotas.ts";
import { GcpError, OperationError } from "./errors.ts";
import { regionOfPath } from "./places.ts";
import { rateLimitExceeded } from "./rates.ts";

/** Whether a call of Compute Engine is answered with an operation. */
export function startsOperation({ service, operation }: CalledOperation): boolean {
  return service === "compute" && !/\.(get\w*|list\w*|aggregatedList|wait|testIamPermissions)$/.test(operation);
}

/** Google's error for a fault that was ordered. An OperationError ends an operation that the call then begins. */
export function refusalFor(kind: Refusal, call: CalledOperation, scope: string): GcpError | OperationError {
  const storage = call.service === "storage";
  switch (kind) {
    case "throttled":
      return storage
        ? new GcpError(429, "rateLimitExceeded", "The rate of requests to the bucket is too high.", {
            domain: "usageLimits",
          })
        : rateLimitExceeded();
    case "5xx":
      return storage
        ? new GcpError(503, "backendError", "We encountered an internal error. Please try again.")
        : new GcpError(503, "backendError", "Internal error. Please try again or contact Google Support.", {
            statusName: "UNAVAILABLE",
          });
    case "capacity":
      return startsOperation(call)
        ? poolExhausted(scope)
        : new GcpError(503, "backendError", "The service is currently unavailable.", { statusName: "UNAVAILABLE" });
    case "quota":
      return startsOperation(call)
        ? quotaExceeded(metricOf(call.operation), 0, regionOfPath(`${scope}/x`))
        : new GcpError(403, "quotaExceeded", "Quota exceeded for the project.", { domain: "usageLimits" });
    case "unauthorised":
      return forbidden(permissionOf(call), call.operation);
    case "not-found":
      return new GcpError(
        404,
        "notFound",
        storage ? "Not Found" : "The resource 'projects/novacron-sandbox' was not found",
      );
  }
}

/** https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-vm-creation#resource_availability */
export function poolExhausted(scope: string): OperationError {
  const message =
    `The zone 'projects/novacron-sandbox/${scope}' does not have enough resources available to fulfill the request.  ` +
    "Try a different zone, or try again later.";
  return new OperationError("ZONE_RESOURCE_POOL_EXHAUSTED", message, 503);
}

export function forbidden(permission: string, what: string): GcpError {
  return new GcpError(403, "forbidden", `Required '${permission}' permission for '${what}'`);
}

/** The permission that a call needs: https://cloud.google.com/compute/docs/reference/rest/v1, "IAM Permissions". */
export function permissionOf({ service, operation }: { service: string; operation: string }): string {
  const [collection = "", method = ""] = operation.split(".");
  const verbs: Readonly<Record<string, string>> = {
    insert: "create",
    aggregatedList: "list",
    getFromFamily: "getFromFamily",
    wait: "get",
    compose: "create",
    patch: "update",
    attachDisk: "attachDisk",
  };
  return `${service}.${collection}.${verbs[method] ?? method}`;
}

function metricOf(operation: string): string {
  const [collection] = operation.split(".");
  const metrics: Readonly<Record<string, string>> = {
    disks: operation === "disks.createSnapshot" ? "SNAPSHOTS" : "SSD_TOTAL_GB",
    snapshots: "SNAPSHOTS",
    images: "IMAGES",
    networks: "NETWORKS",
    subnetworks: "SUBNETWORKS",
    firewalls: "FIREWALLS",
    addresses: "STATIC_ADDRESSES",
  };
  return metrics[collection ?? ""] ?? "CPUS";
}
