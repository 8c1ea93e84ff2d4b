/**
 * What a request set off, wherever it happens: one trace id goes from the request through workflows and activities to the
 * calls of sites, as "Trace Context" of the W3C has it. All ids are lower-case hex.
 */
export interface TraceParent {
  /** 32 digits. */
  readonly traceId: string;
  /** 16 digits: the part of the trace that what follows belongs to. */
  readonly spanId: string;
  /** False where the caller wants no spans of it; its ids are in the logs all the same. */
  readonly sampled: boolean;
}

/** The work at hand, as every line of a log and every span names it. */
export interface Work extends TraceParent {
  readonly parentSpanId?: string | undefined;
  readonly requestId?: string | undefined;
  readonly workflowId?: string | undefined;
  readonly runId?: string | undefined;
  readonly workflowType?: string | undefined;
  readonly activity?: string | undefined;
  readonly attempt?: number | undefined;
  readonly site?: string | undefined;
  readonly vmId?: string | undefined;
}

/** What travels from one process to the next. */
export type Carried = TraceParent & Pick<Work, "requestId">;

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/** Undefined for what is no valid `traceparent`: a new trace begins then, as the standard asks. */
export function parseTraceparent(text: string | undefined): TraceParent | undefined {
  const [, version, traceId, spanId, flags] = pattern.exec(text ?? "") ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  // A later version may be longer; this one is exactly 55 characters.
  if (version === "ff" || (version === "00" && text?.length !== 55)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceparent({ traceId, spanId, sampled }: TraceParent): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/** The trace of a run that no request asked for: its own id is 128 bits as well, and anybody can tell it from the run. */
export function traceOfRun(runId: string): TraceParent {
  return { traceId: runId.replaceAll("-", ""), spanId: spanOfRun(runId), sampled: true };
}

/** A run's own span: the same whenever and wherever it is replayed. */
export function spanOfRun(runId: string): string {
  return runId.replaceAll("-", "").slice(-16);
}
