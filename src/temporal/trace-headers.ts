import { defaultPayloadConverter, type Headers } from "@temporalio/common";
import { type Carried, formatTraceparent, parseTraceparent } from "../domain/trace.ts";

/** As HTTP names them, so that a person who looks into a history knows what they are. */
const traceparent = "traceparent";
const requestId = "x-request-id";

/** The headers with the trace in them. They are bare texts, which stay readable under a codec, as ids do. */
export function withTrace(headers: Headers, carried: Carried): Headers {
  return {
    ...headers,
    [traceparent]: defaultPayloadConverter.toPayload(formatTraceparent(carried)),
    ...(carried.requestId === undefined ? {} : { [requestId]: defaultPayloadConverter.toPayload(carried.requestId) }),
  };
}

/** Undefined where whoever called set none: another client, a schedule, a version before this one. */
export function traceIn(headers: Headers): Carried | undefined {
  const parent = parseTraceparent(textIn(headers, traceparent));
  return parent && { ...parent, requestId: textIn(headers, requestId) };
}

function textIn(headers: Headers, name: string): string | undefined {
  const payload = headers[name];
  if (!payload) return undefined;
  try {
    const value: unknown = defaultPayloadConverter.fromPayload(payload);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
