import type { Span } from "../span.ts";
import { attributesOver, nanos, type Resource, resourceOf, scope } from "./values.ts";

const kinds = { internal: 1, server: 2, client: 3, consumer: 5 } as const satisfies Record<Span["kind"], number>;
const failed = 2;

/** The body of `POST /v1/traces`, by who tells of them. */
export function tracesBody(told: ReadonlyMap<Resource, readonly Span[]>): object {
  return {
    resourceSpans: [...told].map(([resource, spans]) => ({
      resource: resourceOf(resource),
      scopeSpans: [{ scope, spans: spans.map(spanOf) }],
    })),
  };
}

function spanOf({ name, kind, work, startedAt, durationMs, failure, facts }: Span): object {
  const { traceId, spanId, parentSpanId, requestId, workflowId, runId, workflowType, activity, attempt, site, vmId } =
    work;
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name,
    kind: kinds[kind],
    startTimeUnixNano: nanos(startedAt),
    endTimeUnixNano: nanos(startedAt + durationMs),
    attributes: attributesOver(facts, {
      "novacron.request_id": requestId,
      "novacron.workflow_id": workflowId,
      "novacron.run_id": runId,
      "novacron.workflow_type": workflowType,
      "novacron.activity": activity,
      "novacron.attempt": attempt,
      "novacron.site": site,
      "novacron.vm_id": vmId,
    }),
    status: failure === undefined ? {} : { code: failed, message: failure },
  };
}
