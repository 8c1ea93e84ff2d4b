import type { Work } from "./trace.ts";

/** From the least to the most telling. */
export const lineLevels = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
export type LineLevel = (typeof lineLevels)[number];

/** A line of a process's log, as it is kept and shown. */
export interface LogLine extends Partial<Pick<Work, "traceId" | "requestId" | "workflowId" | "runId">> {
  readonly at: string;
  readonly level: LineLevel;
  /** The process that said it: `api`, `worker`. */
  readonly process: string;
  readonly message: string;
  readonly activity?: string | undefined;
  readonly attempt?: number | undefined;
  readonly site?: string | undefined;
  readonly vmId?: string | undefined;
  /** All that it says beyond that, in snake_case. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** One that has its place among all. */
export interface KeptLine extends LogLine {
  readonly sequence: number;
}
