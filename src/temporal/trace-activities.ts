import type { Context } from "@temporalio/activity";
import { ApplicationFailure, CancelledFailure, type Headers } from "@temporalio/common";
import type { ActivityInterceptors } from "@temporalio/worker";
import { traceOfRun, type Work } from "../domain/trace.ts";
import { partOf, within } from "../telemetry/work.ts";
import { traceIn } from "./trace-headers.ts";

/** An attempt at an activity that is over. */
export interface AttemptEnd {
  readonly work: Work;
  readonly isLocal: boolean;
  readonly startedAt: number;
  readonly durationMs: number;
  /** `ok`, a failure's code, or `Cancelled`. */
  readonly outcome: string;
  readonly reason?: string | undefined;
}

export interface AttemptWatch {
  began(work: Work): void;
  ended(end: AttemptEnd): void;
}

/** Makes everything that an attempt does, and what the SDK says of it, part of the trace that set it off; tells of its
 *  beginning and end. */
export function traceAttempt(context: Context, watch: AttemptWatch): ActivityInterceptors {
  let known: Work | undefined;
  return {
    inbound: {
      async execute(input, next) {
        const work = workOf(context, input);
        known = work;
        const { isLocal } = context.info;
        const startedAt = Date.now();
        const clock = performance.now();
        const end = (outcome: string, reason?: string): void => {
          watch.ended({ work, isLocal, startedAt, durationMs: performance.now() - clock, outcome, reason });
        };
        return within(work, async () => {
          watch.began(work);
          try {
            const result = await next(input);
            end("ok");
            return result;
          } catch (error) {
            end(codeOf(error), error instanceof Error ? error.message : String(error));
            throw error;
          }
        });
      },
    },
    outbound: { getLogAttributes: (attributes, next) => next({ ...attributes, ...known }) },
  };
}

function workOf({ info }: Context, { headers, args }: { headers: Headers; args: unknown[] }): Work {
  const { workflowId, runId = "" } = info.workflowExecution ?? {};
  return partOf(traceIn(headers) ?? traceOfRun(runId), {
    workflowId,
    runId,
    workflowType: info.workflowType,
    activity: info.activityType,
    attempt: info.attempt,
    ...subjectOf(args[0]),
  });
}

function codeOf(error: unknown): string {
  if (error instanceof CancelledFailure) return "Cancelled";
  return (error instanceof ApplicationFailure ? error.type : undefined) ?? "Unknown";
}

/** Inputs name their place and their VM in members of the same few names. What concerns two sites names neither here: the
 *  calls of each name theirs. */
function subjectOf(input: unknown): Pick<Work, "site" | "vmId"> {
  if (input === null || typeof input !== "object") return {};
  const { site, from, to, vmId, sourceVmId } = input as Readonly<Record<string, unknown>>;
  const place = site ?? (from === undefined ? to : to === undefined ? from : undefined);
  const vm = vmId ?? sourceVmId;
  return {
    ...(typeof place === "string" ? { site: place } : {}),
    ...(typeof vm === "string" ? { vmId: vm } : {}),
  };
}
