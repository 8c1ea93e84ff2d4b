import { type LogLine, lineLevels } from "../../domain/log-line.ts";
import { keptLine } from "../kept-line.ts";
import { attributesOver, nanos, type Resource, resourceOf, scope } from "./values.ts";

/** The body of `POST /v1/logs`, from finished lines, as text or as they are kept, by who says them. */
export function logsBody(told: ReadonlyMap<Resource, readonly (string | LogLine)[]>): object {
  return {
    resourceLogs: [...told].map(([resource, lines]) => ({
      resource: resourceOf(resource),
      scopeLogs: [{ scope, logRecords: lines.flatMap(recordsOf) }],
    })),
  };
}

function recordsOf(said: string | LogLine): object[] {
  const line = typeof said === "string" ? keptLine(said) : said;
  return line ? [recordOf(line)] : [];
}

function recordOf(line: LogLine): object {
  const { at, level, message, traceId, requestId, workflowId, runId, activity, attempt, site, vmId, facts } = line;
  const { span_id: spanId, pid: _pid, host: _host, ...more } = facts;
  return {
    timeUnixNano: nanos(Date.parse(at)),
    // Four numbers a level, from TRACE's 1 to FATAL's 21.
    severityNumber: lineLevels.indexOf(level) * 4 + 1,
    severityText: level.toUpperCase(),
    body: { stringValue: message },
    attributes: attributesOver(more, {
      "novacron.request_id": requestId,
      "novacron.workflow_id": workflowId,
      "novacron.run_id": runId,
      "novacron.activity": activity,
      "novacron.attempt": attempt,
      "novacron.site": site,
      "novacron.vm_id": vmId,
    }),
    // A collector refuses all lines that are sent together for one id that is none.
    ...(traceId !== undefined && /^[0-9a-f]{32}$/.test(traceId) ? { traceId } : {}),
    ...(typeof spanId === "string" && /^[0-9a-f]{16}$/.test(spanId) ? { spanId } : {}),
  };
}
