import type { ErrorRequestHandler, Request, Response } from "express";
import type { Logger } from "pino";
import { toWire } from "../domain/wire.ts";
import { asProblem, ProblemError, problemBody } from "./problem.ts";
import { requestIdOf } from "./request-id.ts";
import { fromTemporal } from "./temporal-problem.ts";

/** The one place that turns failures into answers. */
export function problems(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const problem = asProblem(fromBodyParser(fromTemporal(error)));
    if (problem.status >= 500) {
      log.error(
        { requestId: requestIdOf(response), path: request.path, code: problem.code, err: error },
        "request failed",
      );
    }
    if (response.headersSent) {
      next(error);
      return;
    }
    sendProblem(request, response, problem);
  };
}

/** Said where the failure itself says nothing of when it will have passed. */
const defaultRetryAfterMs: Readonly<Record<number, number>> = { 503: 1_000, 504: 1_000 };

export function sendProblem(request: Request, response: Response, problem: ProblemError): void {
  const { headers, retryAfterMs = defaultRetryAfterMs[problem.status] } = problem.input;
  if (retryAfterMs !== undefined) response.setHeader("Retry-After", Math.max(1, Math.ceil(retryAfterMs / 1000)));
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  const body = problemBody(problem, { instance: request.path, requestId: requestIdOf(response) });
  response
    .status(problem.status)
    .type("application/problem+json")
    .send(JSON.stringify(toWire(body)));
}

/** body-parser and Express name their failures by `type` and `status`. */
function fromBodyParser(error: unknown): unknown {
  if (error instanceof ProblemError || !(error instanceof Error) || !("status" in error)) return error;
  const type = "type" in error ? String(error.type) : "";
  if (error.status === 413) {
    return new ProblemError("PayloadTooLarge", {
      detail: "The request body is larger than this route takes",
      action: "Send a smaller body.",
      cause: error,
    });
  }
  if (error.status === 415) {
    return new ProblemError("UnsupportedMediaType", {
      detail: "The body's encoding is not supported",
      action: "Send JSON in UTF-8.",
      cause: error,
    });
  }
  if (typeof error.status === "number" && error.status >= 400 && error.status < 500) {
    return new ProblemError("InvalidInput", {
      detail: type === "entity.parse.failed" ? "The body is not valid JSON" : "The request cannot be read",
      action: "Correct the request and send it again.",
      cause: error,
    });
  }
  return error;
}
