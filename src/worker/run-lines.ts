import type { InjectedSinks } from "@temporalio/worker";
import type { WorkflowInfo } from "@temporalio/workflow";
import { type Carried, spanOfRun, type Work } from "../domain/trace.ts";
import type { Say } from "../telemetry/say.ts";
import type { SpanTaker } from "../telemetry/span.ts";
import { within } from "../telemetry/work.ts";
import type { AttemptWatch } from "../temporal/trace-activities.ts";
import type { TraceSinks } from "../temporal/trace-workflow.ts";

export interface RunTelling {
  readonly log: Say;
  readonly spans?: SpanTaker | undefined;
  /** Told of attempts, too. */
  readonly attempts?: AttemptWatch | undefined;
}

/** What is said of runs and of attempts at activities. What no request asked for (a schedule did) is said at `debug`:
 *  inventories are read every few seconds. A failed attempt's line is the SDK's own. */
export function runLines({ log, spans, attempts }: RunTelling): {
  sinks: InjectedSinks<TraceSinks>;
  watch: AttemptWatch;
} {
  const say = (work: Work, message: string, facts: object): void => {
    within(work, () => log(work.requestId === undefined ? "debug" : "info", message, facts));
  };
  return {
    sinks: {
      trace: {
        began: sink((info, carried) => say(workOf(info, carried), "the run begins", {})),
        ended: sink((info, carried, outcome, reason) => {
          const work = workOf(info, carried);
          const startedAt = info.startTime.getTime();
          const durationMs = Math.max(0, Date.now() - startedAt);
          const failed = outcome === "failed";
          if (failed) within(work, () => log("warn", "the run ends", { outcome, reason, durationMs }));
          else say(work, "the run ends", { outcome, durationMs });
          const failure = failed ? (reason ?? "failed") : undefined;
          spans?.take({ name: `run ${info.workflowType}`, kind: "internal", work, startedAt, durationMs, failure });
        }),
        told: sink((info, carried, kind, name) => {
          const work = { ...workOf(info, carried), requestId: carried.requestId };
          // Progress comes as signals, many a minute.
          within(work, () => log(kind === "update" ? "info" : "debug", `the run gets a ${kind}`, { [kind]: name }));
        }),
      },
    },
    watch: {
      began: (work) => attempts?.began(work),
      ended(end) {
        attempts?.ended(end);
        const { work, isLocal, startedAt, durationMs, outcome, reason } = end;
        const ms = Math.round(durationMs);
        if (outcome === "ok" && !isLocal) say(work, "the activity is done", { durationMs: ms });
        else if (outcome === "ok") log("debug", "the activity is done", { durationMs: ms });
        const failure = outcome === "ok" ? undefined : `${outcome}: ${reason ?? ""}`;
        spans?.take({ name: work.activity ?? "activity", kind: "consumer", work, startedAt, durationMs, failure });
      },
    },
  };
}

function sink<A extends unknown[]>(fn: (info: WorkflowInfo, ...args: A) => void) {
  return { fn, callDuringReplay: false };
}

function workOf(
  { workflowId, runId, workflowType }: WorkflowInfo,
  { traceId, spanId, sampled, requestId }: Carried,
): Work {
  return {
    traceId,
    spanId: spanOfRun(runId),
    parentSpanId: spanId,
    sampled,
    requestId,
    workflowId,
    runId,
    workflowType,
  };
}
