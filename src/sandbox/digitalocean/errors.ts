const ids: Readonly<Record<number, string>> = {
  400: "bad_request",
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  405: "method_not_allowed",
  409: "conflict",
  413: "payload_too_large",
  422: "unprocessable_entity",
  429: "too_many_requests",
  500: "server_error",
  503: "service_unavailable",
};

/** A refusal in DigitalOcean's form: the status, its name, and a message ("HTTP Statuses" of the API reference). */
export class DigitalOceanError extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }

  body(requestId: string): object {
    return { id: ids[this.status] ?? "server_error", message: this.message, request_id: requestId };
  }
}

/** The words of `shared/responses/not_found.yml` of the published description. */
export function notFound(): DigitalOceanError {
  return new DigitalOceanError(404, "The resource you were accessing could not be found.");
}

export function unprocessable(message: string): DigitalOceanError {
  return new DigitalOceanError(422, message);
}

export function conflict(message: string): DigitalOceanError {
  return new DigitalOceanError(409, message);
}

export function tooMany(headers: Readonly<Record<string, string>>): DigitalOceanError {
  return new DigitalOceanError(429, "API Rate limit exceeded.", headers);
}
