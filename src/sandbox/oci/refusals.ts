import type { Refusal } from "../cloud/faults.ts";
import { internal, limitExceeded, notFound, OciError, outOfHostCapacity, tooManyRequests } from "./errors.ts";
import type { Operation } from "./operation.ts";

/** The vendor's error for a fault that was ordered, and for a call that is not let through. */
export function refusalFor(kind: Refusal, { service, name }: Operation): OciError {
  switch (kind) {
    case "throttled":
      return tooManyRequests();
    case "5xx":
      return service === "objectstorage"
        ? new OciError(503, "ServiceUnavailable", "The service is currently unavailable.")
        : internal();
    case "capacity":
      return outOfHostCapacity();
    case "quota":
      return limitExceeded(limitOf(name));
    case "unauthorised":
    case "not-found":
      // One answer for both: https://docs.oracle.com/en-us/iaas/Content/API/References/apierrors.htm
      if (service !== "objectstorage") return notFound();
      return /Object|Upload|Part/.test(name)
        ? new OciError(404, "ObjectNotFound", "The object was not found, or you are not authorized to access it.")
        : new OciError(
            404,
            "BucketNotFound",
            "Either the bucket does not exist or you are not authorized to access it.",
          );
  }
}

function limitOf(operation: string): string {
  if (/Instance/.test(operation)) return "standard-e4-core-count";
  if (/Backup/.test(operation)) return "backup-count";
  if (/Volume/.test(operation)) return "total-storage-gb";
  if (/Image/.test(operation)) return "custom-image-count";
  if (/PublicIp/.test(operation)) return "reserved-public-ip-count";
  return "vcn-count";
}
