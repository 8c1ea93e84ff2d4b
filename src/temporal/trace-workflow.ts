import {
  AsyncLocalStorage,
  ContinueAsNew,
  isCancellation,
  proxySinks,
  type Sinks,
  TemporalFailure,
  type WorkflowInterceptors,
  workflowInfo,
} from "@temporalio/workflow";
import { type Carried, spanOfRun, traceOfRun } from "../domain/trace.ts";
import { traceIn, withTrace } from "./trace-headers.ts";

export type RunOutcome = "completed" | "failed" | "cancelled" | "continued-as-new";

/** What a run tells the worker that it is on, once, whatever is replayed. */
export interface TraceSinks extends Sinks {
  readonly trace: {
    began(carried: Carried): void;
    ended(carried: Carried, outcome: RunOutcome, reason: string | undefined): void;
    /** Somebody told it something, as part of another trace than the one it was started by. */
    told(carried: Carried, kind: "signal" | "update", name: string): void;
  };
}

const { trace } = proxySinks<TraceSinks>();

/**
 * Part of the workflows' bundle: hands the trace that a run was started with on to all that it sets off. Only headers
 * change, so runs from before this carry on.
 */
export function interceptors(): WorkflowInterceptors {
  const askers = new AsyncLocalStorage<Carried>();
  let own: Carried | undefined;
  const theOwn = (): Carried => own ?? traceOfRun(workflowInfo().runId);
  /** What a handler sets off belongs to who asked for it, all else to who started the run. */
  const onward = (): Carried => ({ ...(askers.getStore() ?? theOwn()), spanId: spanOfRun(workflowInfo().runId) });
  const traced = <I extends { readonly headers: Parameters<typeof withTrace>[0] }>(input: I): I => ({
    ...input,
    headers: withTrace(input.headers, onward()),
  });
  const live = (tell: () => void): void => {
    if (!workflowInfo().unsafe.isReplaying) tell();
  };
  return {
    inbound: [
      {
        execute(input, next) {
          own = traceIn(input.headers);
          live(() => trace.began(theOwn()));
          const running = next(input);
          // Listened to on the side: a step more on the way of its result could put commands into another order.
          running.then(
            () => live(() => trace.ended(theOwn(), "completed", undefined)),
            (error: unknown) => {
              const outcome = outcomeOf(error);
              if (outcome) live(() => trace.ended(theOwn(), ...outcome));
            },
          );
          return running;
        },
        handleUpdate(input, next) {
          const asker = traceIn(input.headers);
          if (!asker) return next(input);
          live(() => trace.told(asker, "update", input.name));
          return askers.run(asker, () => next(input));
        },
        handleSignal(input, next) {
          const asker = traceIn(input.headers);
          if (!asker) return next(input);
          live(() => trace.told(asker, "signal", input.signalName));
          return askers.run(asker, () => next(input));
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => next(traced(input)),
        scheduleLocalActivity: (input, next) => next(traced(input)),
        startChildWorkflowExecution: (input, next) => next(traced(input)),
        signalWorkflow: (input, next) => next(traced(input)),
        continueAsNew: (input, next) => next(traced(input)),
        getLogAttributes(input, next) {
          const { traceId, requestId } = askers.getStore() ?? theOwn();
          return next({ ...input, traceId, requestId });
        },
      },
    ],
  };
}

/** Undefined for what is a defect: that fails the task, which is tried again, and the run goes on. */
function outcomeOf(error: unknown): [RunOutcome, string | undefined] | undefined {
  if (error instanceof ContinueAsNew) return ["continued-as-new", undefined];
  if (isCancellation(error)) return ["cancelled", undefined];
  return error instanceof TemporalFailure ? ["failed", error.message] : undefined;
}
