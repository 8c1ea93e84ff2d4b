/** What the API says when it does not do something: RFC 9457, with a code and a remedy. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  /** What to do next. */
  readonly action: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly requestId: string | undefined;

  constructor(status: number, body: unknown) {
    const said = body !== null && typeof body === "object" ? (body as Readonly<Record<string, unknown>>) : {};
    const text = (key: string) => (typeof said[key] === "string" ? said[key] : undefined);
    super(text("detail") ?? (status === 0 ? "The API can't be reached" : `The API answered ${status}`));
    this.name = "ApiProblem";
    this.status = status;
    this.code = text("code") ?? "Unknown";
    this.action = text("action") ?? (status === 0 ? "It is asked again in a few seconds." : "");
    this.facts = (said.facts ?? {}) as Readonly<Record<string, unknown>>;
    this.requestId = text("request_id");
  }
}

export function isProblem(error: unknown, ...codes: readonly string[]): error is ApiProblem {
  return error instanceof ApiProblem && (codes.length === 0 || codes.includes(error.code));
}
