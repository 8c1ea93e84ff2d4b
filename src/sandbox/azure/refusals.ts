import type { CalledOperation, Refusal } from "../cloud/faults.ts";
import { AzureError } from "./errors.ts";
import type { Settings } from "./settings.ts";

/** What ARM says in a case that its calls have in common. */

/** https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling */
export function throttled(retryAfterSeconds: number): AzureError {
  return new AzureError(
    "SubscriptionRequestsThrottled",
    `Number of requests for the subscription exceeded the limit. Please try again after '${retryAfterSeconds}' seconds.`,
    429,
    { "retry-after": String(retryAfterSeconds) },
  );
}

/** https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-resource-quota */
export function quotaExceeded(
  quota: string,
  location: string,
  limit: number,
  usage: number,
  wanted: number,
): AzureError {
  return new AzureError(
    "OperationNotAllowed",
    `Operation could not be completed as it results in exceeding approved ${quota} quota. Additional details - Deployment Model: Resource Manager, Location: ${location}, Current Limit: ${limit}, Current Usage: ${usage}, Additional Required: ${wanted}, (Minimum) New Limit Required: ${usage + wanted}.`,
    409,
  );
}

/** https://learn.microsoft.com/troubleshoot/azure/virtual-machines/windows/allocation-failure */
export function allocationFailed(size: string, zone?: string): AzureError {
  return zone === undefined
    ? new AzureError(
        "AllocationFailed",
        `Allocation failed. We do not have sufficient capacity for the requested VM size ${size} in this region. Read more about improving likelihood of allocation success at http://aka.ms/allocation-guidance`,
        409,
      )
    : new AzureError(
        "ZonalAllocationFailed",
        `Allocation failed. We do not have sufficient capacity for the requested VM size ${size} in zone ${zone}. Read more about improving likelihood of allocation success at http://aka.ms/allocation-guidance`,
        409,
      );
}

/** https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-sku-not-available */
export function skuNotAvailable(size: string, location: string): AzureError {
  return new AzureError(
    "SkuNotAvailable",
    `The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: ${size}' is currently not available in location '${location}'. Please try another size or deploy to a different location or different zone. See https://aka.ms/azureskunotavailable for details.`,
    409,
  );
}

/** The vendor's error for a fault that was ordered. */
export function refusalFor(
  kind: Refusal,
  { service, operation, region }: CalledOperation,
  { retryAfterSeconds }: Pick<Settings, "retryAfterSeconds">,
): AzureError {
  switch (kind) {
    case "throttled":
      return throttled(retryAfterSeconds);
    case "5xx":
      return new AzureError("InternalServerError", "An internal error occurred (ordered).", 500);
    case "capacity":
      return allocationFailed("requested");
    case "quota":
      return service === "compute"
        ? quotaExceeded("Total Regional Cores", region, 0, 0, 1)
        : new AzureError("QuotaExceeded", `The quota that ${operation} needs is used up.`, 409);
    case "unauthorised":
      return new AzureError("AuthorizationFailed", `The client does not have authorization for ${operation}.`, 403);
    case "not-found":
      return new AzureError("ResourceNotFound", "The Resource was not found.", 404);
  }
}
