import { randomUUID } from "node:crypto";
import type { RequestHandler, Response } from "express";
import { formatTraceparent, type Work } from "../domain/trace.ts";
import { within, workOfRequest } from "../telemetry/work.ts";

const accepted = /^[A-Za-z0-9._-]{1,100}$/;

/**
 * Every answer carries `X-Request-Id` (the caller's own where it is harmless, else a new one) and `Traceparent`: the
 * request's part of its caller's trace, or of a new one. All that is done for it, in whatever process, is part of that.
 */
export const requestIds: RequestHandler = (request, response, next) => {
  const given = request.get("x-request-id");
  const id = given && accepted.test(given) ? given : randomUUID();
  const work = workOfRequest(request.headers.traceparent as string | undefined, id);
  response.locals.work = work;
  response.setHeader("X-Request-Id", id);
  response.setHeader("Traceparent", formatTraceparent(work));
  within(work, next);
};

export function requestIdOf(response: Response): string {
  return workOf(response)?.requestId ?? "";
}

export function workOf(response: Response): Work | undefined {
  return response.locals.work as Work | undefined;
}
