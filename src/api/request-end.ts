import type { Request, Response } from "express";
import type { Logger } from "pino";
import type { Span, SpanTaker } from "../telemetry/span.ts";
import { within } from "../telemetry/work.ts";
import { workOf } from "./request-id.ts";
import type { Route } from "./route.ts";

/** Told when an answer is out, or nobody waits for it any more. */
export type RequestEnd = (request: Request, response: Response, durationMs: number) => void;

/** Names the route for what is told at the end: its pattern, as a path with ids would make a series of each. */
export function noteRoute(response: Response, route: Route): void {
  response.locals.route = route;
}

export function routeOf(response: Response): Route | undefined {
  return response.locals.route as Route | undefined;
}

/** A line for each request that changes or starts something, or that fails on our side; the others are said at `debug`. */
export function tellEnds(log: Logger, spans: SpanTaker | undefined): RequestEnd {
  return (request, response, durationMs) => {
    const route = routeOf(response);
    const telling = route?.audit !== undefined || response.statusCode >= 500;
    const work = workOf(response);
    if (!work || !(telling || spans || log.isLevelEnabled("debug"))) return;
    const { method } = request;
    const { statusCode: status } = response;
    const path = route?.path ?? "unmatched";
    const facts = { method, route: path, status, durationMs: Math.round(durationMs) };
    within(work, () => log[telling ? "info" : "debug"](facts, "the request is answered"));
    if (spans) spans.take(spanOf({ method, path, status }, work, durationMs));
  };
}

function spanOf(
  { method, path, status }: { method: string; path: string; status: number },
  work: Span["work"],
  durationMs: number,
): Span {
  return {
    name: `${method} ${path}`,
    kind: "server",
    work,
    startedAt: Date.now() - durationMs,
    durationMs,
    failure: status >= 500 ? `${status}` : undefined,
    facts: { "http.request.method": method, "http.route": path, "http.response.status_code": status },
  };
}
