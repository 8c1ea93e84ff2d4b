import {
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowCancellationType,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  proxyActivities,
  proxyLocalActivities,
} from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { operationEnd } from "../../domain/operation.ts";
import { recordCall, siteCall } from "../lib/activity-options.ts";
import { describeFailure } from "../lib/failure.ts";
import { now } from "../lib/time.ts";
import { show } from "../lib/visibility.ts";
import { operateVm } from "./operate-vm.ts";
import type { OperateVmsInput, OperateVmsResult } from "./types.ts";

const { openOperation } = proxyActivities<Activities>(siteCall);
const { recordItems, recordItem, recordOperation } = proxyLocalActivities<Activities>(recordCall);

/** More are in the report. */
const shownFailures = 5;

/**
 * Executes an approved plan on any number of VMs, a few at a time, each as a run of its own: one's failure stops no other,
 * a freeze stops those that have not begun, and a cancellation undoes what is half done. The report is in the store.
 */
export async function operateVms(input: OperateVmsInput): Promise<OperateVmsResult> {
  const { operationId } = input;
  let opened: Awaited<ReturnType<typeof openOperation>>;
  try {
    opened = await openOperation.executeWithOptions({ summary: `open plan ${input.planId}` }, [input]);
  } catch (error) {
    await CancellationScope.nonCancellable(() =>
      recordOperation({ operationId, state: isCancellation(error) ? "cancelled" : "failed", endedAt: now() }),
    );
    throw error;
  }
  const { kind, parallel, items } = opened;
  await recordItems({ operationId, items });
  const waiting = [...items];
  const total = items.length;
  const failures: { code: string; message: string }[] = [];
  let done = 0;
  let cancelled: unknown;
  const headline = `${kind} × ${total}`;
  const tell = () => {
    const percent = Math.round((100 * (done + failures.length)) / Math.max(1, total));
    show({ headline, phase: "running", percent, next: `${waiting.length} waiting, ${failures.length} failed` });
  };
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      tell();
      const { item, name, site } = next;
      try {
        await executeChild(operateVm, {
          workflowId: `operation/${operationId}/${item}`,
          args: [{ ...input, item }],
          staticSummary: `${kind} ${name} at ${site}`,
          cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
          parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        });
        done++;
      } catch (error) {
        const { code, message } = describeFailure(error);
        failures.push({ code, message: `${name} at ${site}: ${message}` });
        if (CancellationScope.current().consideredCancelled) {
          cancelled = error;
          return;
        }
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(parallel, total)) }, work));
  const state = operationEnd({ total, done }, cancelled !== undefined);
  await CancellationScope.nonCancellable(async () => {
    for (const { item } of waiting) await recordItem({ operationId, item, patch: { state: "not-begun" } });
    await recordOperation({ operationId, state, endedAt: now() });
  });
  show({ headline, phase: state, percent: 100 });
  if (state === "done") return { operationId, state, total, done };
  if (cancelled !== undefined) throw cancelled;
  const told = failures.slice(0, shownFailures).map(({ message }) => message);
  throw ApplicationFailure.nonRetryable(
    `${done} of ${total} done; ${told.join("; ")}`,
    failures[0]?.code ?? "Unknown",
    { resource: `operation/${operationId}` },
  );
}
