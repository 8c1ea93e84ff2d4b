import { type Refusal, TornConnection } from "../../cloud/faults.ts";
import type { Answer } from "../../cloud/http-front.ts";
import type { AzureCloud } from "../cloud.ts";
import { isManagedHost } from "../disks/grants.ts";
import { AzureError } from "../errors.ts";
import type { Identity } from "../identity.ts";
import type { Settings } from "../settings.ts";
import { type AccountParts, accountRoute } from "./account.ts";
import { authorise } from "./auth.ts";
import type { ManagedBlobs } from "./managed.ts";
import { type BlobRequest, refuse } from "./request.ts";

/** The Blob service, of the storage account and of managed disks. */
export class BlobService {
  readonly #cloud: AzureCloud;
  readonly #identity: Identity;
  readonly #managed: ManagedBlobs;
  readonly #account: AccountParts;

  constructor(cloud: AzureCloud, identity: Identity, managed: ManagedBlobs, account: AccountParts) {
    this.#cloud = cloud;
    this.#identity = identity;
    this.#managed = managed;
    this.#account = account;
  }

  async handle(request: BlobRequest): Promise<Answer> {
    const managed = isManagedHost(request.host);
    try {
      const { operation, run } = managed ? this.#managed.route(request) : accountRoute(this.#account, request);
      const call = { service: "blob", operation, region: "" };
      const act = () => {
        if (!managed) authorise(this.#cloud, this.#identity, request);
        return run();
      };
      return await this.#cloud.faults.around<Answer>(call, act, (kind) => refusalOf(kind, this.#cloud.settings));
    } catch (error) {
      if (error instanceof AzureError) return refuse(request, error);
      if (error instanceof TornConnection) throw error;
      if (error instanceof URIError)
        return refuse(request, new AzureError("InvalidUri", "The requested URI does not represent any resource.", 400));
      this.#cloud.parts.log("A blob operation failed unexpectedly", { path: request.path, error });
      return refuse(request, new AzureError("InternalError", "The server encountered an internal error.", 500));
    }
  }
}

/** The service's error for a fault that was ordered: https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes */
function refusalOf(kind: Refusal, { retryAfterSeconds }: Pick<Settings, "retryAfterSeconds">): AzureError {
  switch (kind) {
    case "5xx":
      return new AzureError(
        "InternalError",
        "The server encountered an internal error. Please retry the request.",
        500,
      );
    case "unauthorised":
      return new AzureError("AuthorizationPermissionMismatch", "This request is not authorized.", 403);
    case "not-found":
      return new AzureError("BlobNotFound", "The specified blob does not exist.", 404);
    case "throttled":
      return new AzureError("ServerBusy", "The server is busy.", 503, {
        "retry-after": String(retryAfterSeconds),
      });
    default:
      // An account at its limits has no other word.
      return new AzureError("ServerBusy", "Ingress is over the account limit.", 503);
  }
}
