import { AzureError } from "../errors.ts";
import { type BlobRequest, header } from "./request.ts";
import type { Blob, Lease } from "./state.ts";

/** The lease, where it is one that is held now. */
export function activeLease(lease: Lease | undefined): Lease | undefined {
  return lease?.state === "leased" && (lease.expiresAt ?? Infinity) > Date.now() ? lease : undefined;
}

/** https://learn.microsoft.com/rest/api/storageservices/specifying-conditional-headers-for-blob-service-operations
 *  @throws AzureError ConditionNotMet, BlobAlreadyExists */
export function checkConditions(request: BlobRequest, blob: Blob | undefined): void {
  const ifMatch = header(request, "if-match");
  const ifNoneMatch = header(request, "if-none-match");
  if (ifNoneMatch === "*" && blob && request.method === "PUT")
    throw new AzureError("BlobAlreadyExists", "The specified blob already exists.", 409);
  const unfit =
    (ifMatch !== undefined && (!blob || (ifMatch !== "*" && ifMatch !== blob.etag))) ||
    (ifNoneMatch !== undefined && ifNoneMatch !== "*" && ifNoneMatch === blob?.etag);
  if (!unfit) return;
  const reading = request.method === "GET" || request.method === "HEAD";
  throw new AzureError(
    "ConditionNotMet",
    "The condition specified using HTTP conditional header(s) is not met.",
    reading && ifMatch === undefined ? 304 : 412,
  );
}

/** https://learn.microsoft.com/rest/api/storageservices/lease-blob: what writes to a leased blob need, and when naming a
 *  lease is an error. @throws AzureError LeaseIdMissing, LeaseIdMismatchWithBlobOperation, LeaseLost,
 *  LeaseNotPresentWithBlobOperation */
export function checkLease(request: BlobRequest, blob: Blob | undefined): void {
  const given = header(request, "x-ms-lease-id")?.toLowerCase();
  const lease = blob?.lease;
  const active = activeLease(lease);
  if (active) {
    if (given === undefined) {
      throw new AzureError(
        "LeaseIdMissing",
        "There is currently a lease on the blob and no lease ID was specified in the request.",
        412,
      );
    }
    if (given !== active.id) {
      throw new AzureError(
        "LeaseIdMismatchWithBlobOperation",
        "The lease ID specified did not match the lease ID for the blob.",
        412,
      );
    }
    return;
  }
  if (given === undefined) return;
  if (lease && lease.id === given)
    throw new AzureError("LeaseLost", "A lease ID was specified, but the lease for the blob has expired.", 412);
  throw new AzureError("LeaseNotPresentWithBlobOperation", "There is currently no lease on the blob.", 412);
}
