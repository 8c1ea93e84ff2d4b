import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy } from "@temporalio/client";
import { recoveryWorkflowId } from "../domain/recovery-run.ts";
import type { FailOverInput } from "../workflows/fail-over/types.ts";
import { taskQueue } from "./connection.ts";

/** What decided for a failover without anybody who looked at a plan of it. */
export interface DecidedFailover {
  readonly groupId: string;
  /** The group's as it was decided on. */
  readonly epoch: number;
  /** Of this one decision: asked for twice it is one failover. */
  readonly decisionId: string;
  readonly reason: string;
  readonly requestedBy: string;
  /** When the outage began, as it was seen. */
  readonly outageAt?: string;
  /** What a person has made sure of who said yes: that nothing writes at the old site any more. */
  readonly madeSureOf?: string;
}

/** Starts the failover; it plans by itself, and carries out that. One that goes on already, whoever began it, is left to.
 *  @returns the run that was asked for, and whether it is the one that goes on. */
export async function startFailover(
  client: Client,
  decided: DecidedFailover,
): Promise<{ readonly runId: string; readonly started: boolean }> {
  const { groupId, epoch, decisionId, reason, requestedBy, outageAt, madeSureOf } = decided;
  const runId = `${decisionId}-failover`;
  const request = {
    groupId,
    epoch,
    mode: "failover" as const,
    reason,
    ...(outageAt === undefined ? {} : { outageAt }),
  };
  const confirmed = madeSureOf === undefined ? {} : { confirmed: { by: requestedBy, text: madeSureOf } };
  const started = await startRecovery(client, { runId, planId: `${runId}-plan`, request, requestedBy, ...confirmed });
  return { runId, started };
}

/** Starts a drill whose turn has come; it plans by itself. */
export async function startScheduledDrill(
  client: Client,
  { groupId, runId }: { readonly groupId: string; readonly runId: string },
): Promise<void> {
  const request = { groupId, mode: "drill" as const, reason: "its turn by the recovery plan" };
  await startRecovery(client, { runId, planId: `${runId}-plan`, request, requestedBy: "schedule" });
}

/** Starts that run, or finds it running; false while another one of the group goes on. */
export async function startRecovery(client: Client, input: FailOverInput): Promise<boolean> {
  const { runId, request } = input;
  const workflowId = recoveryWorkflowId(request.mode, request.groupId, runId);
  try {
    await client.workflow.start(request.mode === "drill" ? "drillRecovery" : "failOver", {
      taskQueue,
      workflowId,
      args: [input],
      staticSummary: `${request.mode} of ${request.groupId}: ${request.reason}`.slice(0, 200),
      memo: { runId },
      // The same group may be failed over again.
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    });
    return true;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const { memo } = await client.workflow.getHandle(workflowId).describe();
    return memo?.runId === runId;
  }
}
