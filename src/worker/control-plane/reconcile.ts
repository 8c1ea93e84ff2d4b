import { type Client, WorkflowNotFoundError } from "@temporalio/client";
import { judgeLostRun } from "../../domain/control-plane.ts";
import type { Store } from "../../store/index.ts";
import type { Say } from "../../telemetry/say.ts";

/**
 * Looks for the runs of everything that was under way when the state was kept that this control plane was rebuilt from. With a
 * Temporal of its own it has none of them; one that lived on may. What became of each is on record afterwards.
 */
export async function reconcileRuns(
  store: Pick<Store, "controlPlane">,
  client: Client,
  log: Say,
): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = { "goes-on": 0, restarted: 0, lost: 0 };
  if ((await store.controlPlane.get()).rebuiltAt === undefined) return counts;
  for (const run of await store.controlPlane.openRuns()) {
    const found = await lookFor(client, run.workflowId);
    const { outcome, advice } =
      found === "running" ? { outcome: "goes-on" as const, advice: undefined } : judgeLostRun(run, found === "ended");
    await store.controlPlane.interrupted(run, outcome, advice);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    log(outcome === "lost" ? "warn" : "info", "a run was under way before this control plane was rebuilt", {
      ...{ workflowId: run.workflowId, subject: run.subject, state: run.state, outcome },
    });
  }
  await store.controlPlane.reconciled();
  return counts;
}

async function lookFor(client: Client, workflowId: string): Promise<"running" | "ended" | undefined> {
  try {
    const { status } = await client.workflow.getHandle(workflowId).describe();
    return status.name === "RUNNING" || status.name === "PAUSED" ? "running" : "ended";
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
