import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from "@temporalio/client";
import { taskQueue } from "./connection.ts";

/** Keeps each site's inventory fresh: one schedule a site, changed in place when the interval changed, removed with the
 *  site. Safe to call from every worker at every start. */
export async function ensureInventorySchedules(
  client: Client,
  sites: readonly string[],
  intervalMs: number,
): Promise<void> {
  for (const site of sites) {
    const scheduleId = scheduleIdOf(site);
    const spec = { intervals: [{ every: intervalMs }] };
    const action = {
      type: "startWorkflow" as const,
      workflowType: "syncInventory",
      workflowId: `inventory/${site}`,
      taskQueue,
      args: [{ site }],
    };
    const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: "1 minute" } as const;
    try {
      await client.schedule.create({ scheduleId, spec, action, policies });
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      await client.schedule
        .getHandle(scheduleId)
        .update((known) => ({ ...known, spec, action, policies: { ...known.policies, ...policies } }));
    }
  }
  const wanted = new Set(sites.map(scheduleIdOf));
  for await (const { scheduleId } of client.schedule.list()) {
    if (scheduleId.startsWith(prefix) && !wanted.has(scheduleId)) await client.schedule.getHandle(scheduleId).delete();
  }
}

const prefix = "inventory-of-";

function scheduleIdOf(site: string): string {
  return `${prefix}${site}`;
}
