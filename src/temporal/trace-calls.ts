import type { WorkflowClientInterceptor } from "@temporalio/client";
import { currentWork } from "../telemetry/work.ts";
import { withTrace } from "./trace-headers.ts";

/** What is asked of a run belongs to the trace of who asks. Outside of any work nothing is added. */
export const traceCalls: WorkflowClientInterceptor = {
  startWithDetails: (input, next) => next(traced(input)),
  signal: (input, next) => next(traced(input)),
  signalWithStart: (input, next) => next(traced(input)),
  startUpdate: (input, next) => next(traced(input)),
};

function traced<I extends { readonly headers: Parameters<typeof withTrace>[0] }>(input: I): I {
  const work = currentWork();
  return work ? { ...input, headers: withTrace(input.headers, work) } : input;
}
