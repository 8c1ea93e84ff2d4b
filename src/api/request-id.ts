import { randomUUID } from "node:crypto";
import type { RequestHandler, Response } from "express";

const accepted = /^[A-Za-z0-9._-]{1,100}$/;

/** Every answer carries `X-Request-Id`: the caller's own where it is harmless, else a new one. */
export const requestIds: RequestHandler = (request, response, next) => {
  const given = request.get("x-request-id");
  const id = given && accepted.test(given) ? given : randomUUID();
  response.locals.requestId = id;
  response.setHeader("X-Request-Id", id);
  next();
};

export function requestIdOf(response: Response): string {
  return String(response.locals.requestId ?? "");
}
