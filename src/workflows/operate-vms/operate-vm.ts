import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
} from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { OperationProblem } from "../../domain/operation.ts";
import { askCall, recordCall, siteCall } from "../lib/activity-options.ts";
import { describeFailure } from "../lib/failure.ts";
import { Saga } from "../lib/saga.ts";
import { now } from "../lib/time.ts";
import { show } from "../lib/visibility.ts";
import { runStep, type StepContext } from "./steps.ts";
import type { OperateVmInput } from "./types.ts";

const { openItem } = proxyActivities<Activities>(siteCall);
const { refreshResources } = proxyActivities<Activities>(askCall);
const { recordItem } = proxyLocalActivities<Activities>(recordCall);

/** Does what a plan says about one VM; what fails half-way is undone. */
export async function operateVm(input: OperateVmInput): Promise<void> {
  const { operationId, item } = input;
  const saga = new Saga();
  const record = (patch: Parameters<Activities["recordItem"]>[0]["patch"]) => recordItem({ operationId, item, patch });
  let context: StepContext | undefined;
  try {
    await record({ state: "running", startedAt: now() });
    const opened = await openItem.executeWithOptions({ summary: "compare the plan with what is there now" }, [input]);
    context = { ...opened, operationId, saga, volumes: [], note: (step) => record({ step }) };
    for (const [index, step] of opened.steps.entries()) {
      const detail = opened.details[index] ?? step.action;
      const percent = Math.round((100 * index) / opened.steps.length);
      show({ headline: `${opened.name} at ${opened.site}`, phase: step.action, percent, next: detail });
      await record({ step: detail });
      await runStep(context, step);
    }
    await record({ state: "done", endedAt: now(), vmId: context.vmId });
  } catch (error) {
    await CancellationScope.nonCancellable(async () => {
      const problem = await undo(saga, error);
      await record({ state: "failed", endedAt: now(), problem });
      if (context) await refresh(context);
      if (!isCancellation(error)) throw failureOf(problem, operationId);
    });
    throw error;
  }
  await CancellationScope.nonCancellable(() => refresh(context));
}

async function undo(saga: Saga, error: unknown): Promise<OperationProblem> {
  const { code, message } = describeFailure(error);
  const left = await saga.compensate({ keepEvidence: false });
  if (left.length === 0) return { code, message };
  const leftBehind = left.map(({ resource, remove, reason }) => ({ resource: `${resource} (${reason})`, remove }));
  return { code, message, leftBehind };
}

/** The inventory's row of it, early; its site's turn comes anyway. */
async function refresh({ site, vmId }: Pick<StepContext, "site" | "vmId">): Promise<void> {
  if (vmId === undefined) return;
  try {
    const resources = [{ site, kind: "vm" as const, resourceId: vmId }];
    await refreshResources.executeWithOptions({ summary: `read ${vmId} again` }, [{ resources }]);
  } catch {
    // What was done is done, whether or not it can be looked at just now.
  }
}

function failureOf({ code, message }: OperationProblem, operationId: string): ApplicationFailure {
  return ApplicationFailure.create({
    type: code,
    message,
    nonRetryable: true,
    details: [{ resource: `operation/${operationId}` }],
  });
}
