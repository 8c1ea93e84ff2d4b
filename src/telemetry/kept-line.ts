import { type LineLevel, type LogLine, lineLevels } from "../domain/log-line.ts";

/** A longer one would fill the store with what nobody reads to its end. */
const longestLine = 16_384;

/** A finished line as it is kept; undefined for what is none. */
export function keptLine(text: string): LogLine | undefined {
  const line = parsed(text);
  if (!line) return undefined;
  const {
    level,
    time,
    name,
    msg,
    trace_id,
    request_id,
    workflow_id,
    run_id,
    activity,
    attempt,
    site,
    vm_id,
    ...facts
  } = line;
  const at = typeof time === "string" ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(at) || !lineLevels.includes(level as LineLevel)) return undefined;
  return {
    at: new Date(at).toISOString(),
    level: level as LineLevel,
    process: textOf(name) ?? "unknown",
    message: textOf(msg) ?? "",
    traceId: textOf(trace_id),
    requestId: textOf(request_id),
    workflowId: textOf(workflow_id),
    runId: textOf(run_id),
    activity: textOf(activity),
    attempt: typeof attempt === "number" && Number.isSafeInteger(attempt) ? attempt : undefined,
    site: textOf(site),
    vmId: textOf(vm_id),
    facts: text.length > longestLine ? { cut: text.slice(0, longestLine) } : facts,
  };
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.toWellFormed() : undefined;
}
