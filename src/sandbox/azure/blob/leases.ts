import { randomUUID } from "node:crypto";
import type { Answer } from "../../cloud/http-front.ts";
import { AzureError } from "../errors.ts";
import { activeLease } from "./conditions.ts";
import { type BlobRequest, commonHeaders, header } from "./request.ts";
import type { Blob, BlobTables, Lease } from "./state.ts";

/** Lease Blob: https://learn.microsoft.com/rest/api/storageservices/lease-blob */
export function lease(tables: BlobTables, request: BlobRequest, blob: Blob): Answer {
  const action = header(request, "x-ms-lease-action") ?? "";
  const given = header(request, "x-ms-lease-id")?.toLowerCase();
  const proposed = header(request, "x-ms-proposed-lease-id")?.toLowerCase();
  const { lease: held } = blob;
  const active = activeLease(held);
  const set = (lease: Lease | undefined, status: number, headers: Record<string, string> = {}): Answer => {
    const { lease: _, ...rest } = blob;
    tables.blobs.put(lease ? { ...rest, lease } : rest);
    const facts = { etag: blob.etag, "last-modified": new Date(blob.modifiedAt).toUTCString() };
    return { status, headers: { ...commonHeaders(request), ...facts, ...headers } };
  };
  const own = (): Lease => {
    if (!held)
      throw new AzureError("LeaseNotPresentWithLeaseOperation", "There is currently no lease on the blob.", 409);
    if (given !== held.id) {
      throw new AzureError(
        "LeaseIdMismatchWithLeaseOperation",
        "The lease ID specified did not match the lease ID for the blob.",
        409,
      );
    }
    return held;
  };
  switch (action) {
    case "acquire": {
      if (active && active.id !== proposed)
        throw new AzureError("LeaseAlreadyPresent", "There is already a lease present.", 409);
      const id = proposed ?? randomUUID();
      return set(timed({ id, state: "leased" }, header(request, "x-ms-lease-duration")), 201, { "x-ms-lease-id": id });
    }
    case "renew": {
      const mine = own();
      if (mine.state === "broken")
        throw new AzureError(
          "LeaseIsBrokenAndCannotBeRenewed",
          "The lease has been broken, and can't be renewed.",
          409,
        );
      return set({ ...mine, state: "leased" }, 200, { "x-ms-lease-id": mine.id });
    }
    case "change": {
      const id = proposed ?? randomUUID();
      return set({ ...own(), id }, 200, { "x-ms-lease-id": id });
    }
    case "release":
      own();
      return set(undefined, 200);
    case "break":
      if (!held)
        throw new AzureError("LeaseNotPresentWithLeaseOperation", "There is currently no lease on the blob.", 409);
      // At once, whatever the period: the sandbox's clients ask for none.
      return set({ id: held.id, state: "broken" }, 202, { "x-ms-lease-time": "0" });
    default:
      throw new AzureError("InvalidHeaderValue", `The lease action '${action}' is not understood.`);
  }
}

function timed(lease: Lease, duration: string | undefined): Lease {
  const seconds = Number(duration ?? Number.NaN);
  if (seconds === -1) return lease;
  if (!Number.isInteger(seconds) || seconds < 15 || seconds > 60)
    throw new AzureError("InvalidHeaderValue", "A lease lasts 15 to 60 seconds, or for ever: -1.");
  return { ...lease, expiresAt: Date.now() + seconds * 1000 };
}
