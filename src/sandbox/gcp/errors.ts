/**
 * A refusal in Google's own words. Clients decide by the status and the reason; both are those of
 * https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-api-errors and, for Cloud Storage, of
 * https://cloud.google.com/storage/docs/json_api/v1/status-codes.
 */
export class GcpError extends Error {
  readonly status: number;
  readonly reason: string;
  readonly domain: string;
  /** The canonical name beside the status, where the API sends one. */
  readonly statusName: string | undefined;

  constructor(status: number, reason: string, message: string, more: { domain?: string; statusName?: string } = {}) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.domain = more.domain ?? "global";
    this.statusName = more.statusName;
  }

  /** The body of the answer, as Google's JSON APIs have it. */
  body(): object {
    const { status: code, message, domain, reason, statusName } = this;
    return {
      error: { code, message, errors: [{ message, domain, reason }], ...(statusName ? { status: statusName } : {}) },
    };
  }
}

/** A failure of what an operation does after its call was answered with success. */
export class OperationError extends Error {
  readonly code: string;
  readonly httpStatus: number;

  constructor(code: string, message: string, httpStatus = 400) {
    super(message);
    this.code = code;
    this.httpStatus = httpStatus;
  }
}

/** Of a key of the customer's that is disabled, destroyed or out of Compute Engine's reach. */
export function keyOutOfReach(key: string): OperationError {
  return new OperationError("KMS_RESOURCE_NOT_FOUND", `Cloud KMS error when using key ${key}: it is not enabled.`, 400);
}

export function notFound(what: string): GcpError {
  return new GcpError(404, "notFound", `The resource '${what}' was not found`);
}

export function alreadyExists(what: string): GcpError {
  return new GcpError(409, "alreadyExists", `The resource '${what}' already exists`);
}

export function invalid(field: string, value: unknown, why: string): GcpError {
  return new GcpError(400, "invalid", `Invalid value for field '${field}': '${String(value)}'. ${why}`);
}

export function required(field: string): GcpError {
  return new GcpError(400, "required", `Required field '${field}' not specified`);
}

export function inUse(what: string, by: string): GcpError {
  return new GcpError(400, "resourceInUseByAnotherResource", `The ${what} resource is already being used by '${by}'`);
}

export function notReady(what: string): GcpError {
  return new GcpError(400, "resourceNotReady", `The resource '${what}' is not ready`);
}

export function badRequest(message: string): GcpError {
  return new GcpError(400, "badRequest", message);
}
