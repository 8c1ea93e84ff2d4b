/** An answer other than success, in the form that all services share:
 *  https://docs.oracle.com/en-us/iaas/Content/API/References/apierrors.htm */
export class OciError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Missing and forbidden look the same. */
export function notFound(what = "resource"): OciError {
  return new OciError(404, "NotAuthorizedOrNotFound", `Authorization failed or requested ${what} not found.`);
}

/** The same for something that the body names. */
export function relatedNotFound(id: string): OciError {
  return new OciError(
    400,
    "RelatedResourceNotAuthorizedOrNotFound",
    `Authorization failed or requested resource ${id} not found.`,
  );
}

export function invalid(parameter: string, why: string): OciError {
  return new OciError(400, "InvalidParameter", `${parameter}: ${why}`);
}

export function missing(parameter: string): OciError {
  return new OciError(400, "MissingParameter", `${parameter} must not be empty`);
}

export function incorrectState(id: string, state: string, wanted: string): OciError {
  return new OciError(
    409,
    "IncorrectState",
    `The resource ${id} is in state ${state}, and must be in state ${wanted}.`,
  );
}

export function conflict(message: string): OciError {
  return new OciError(409, "Conflict", message);
}

/** No code of its own: only the message tells it from other failures
 *  (https://docs.oracle.com/en-us/iaas/Content/Compute/Tasks/troubleshooting-out-of-host-capacity.htm). */
export function outOfHostCapacity(): OciError {
  return new OciError(500, "InternalError", "Out of host capacity.");
}

export function limitExceeded(limit: string): OciError {
  return new OciError(400, "LimitExceeded", `The following service limits were exceeded: ${limit}.`);
}

export function tooManyRequests(): OciError {
  return new OciError(429, "TooManyRequests", "Too many requests for the tenancy");
}

export function internal(): OciError {
  return new OciError(500, "InternalServerError", "An internal server error occurred.");
}

/** A key of the customer's that is disabled, deleted or out of the service's reach. Object Storage was seen to say so
 *  (https://github.com/oracle/terraform-provider-oci/issues/1514). */
export function keyOutOfReach(): OciError {
  return new OciError(404, "NotAuthorizedOrFoundKmsKey", "Authorization failed or requested KMS key not found.");
}
