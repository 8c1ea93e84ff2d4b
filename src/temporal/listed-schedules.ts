import { type Client, ScheduleNotFoundError, ScheduleOverlapPolicy } from "@temporalio/client";

/** Something that is done again and again, as Temporal has it. */
export interface ListedSchedule {
  readonly scheduleId: string;
  readonly workflow: string;
  readonly everySeconds?: number;
  readonly paused: boolean;
  readonly nextAt?: string;
  readonly lastAt?: string;
  readonly lastWorkflowId?: string;
}

/** In the order of their ids. */
export async function listSchedules(client: Client): Promise<readonly ListedSchedule[]> {
  const listed: ListedSchedule[] = [];
  for await (const { scheduleId, action, spec, state, info } of client.schedule.list()) {
    const last = info.recentActions.at(-1);
    const everyMs = spec?.intervals?.[0]?.every;
    const started = last?.action.type === "startWorkflow" ? last.action.workflow.workflowId : undefined;
    const nextAt = info.nextActionTimes[0]?.toISOString();
    listed.push({
      scheduleId,
      workflow: action?.workflowType ?? "",
      paused: state.paused,
      ...(everyMs === undefined ? {} : { everySeconds: everyMs / 1_000 }),
      ...(nextAt === undefined ? {} : { nextAt }),
      ...(last === undefined ? {} : { lastAt: last.takenAt.toISOString() }),
      ...(started === undefined ? {} : { lastWorkflowId: started }),
    });
  }
  return listed.sort((a, b) => (a.scheduleId < b.scheduleId ? -1 : 1));
}

/** False for one that is not there. */
export async function triggerSchedule(client: Client, scheduleId: string): Promise<boolean> {
  try {
    await client.schedule.getHandle(scheduleId).trigger(ScheduleOverlapPolicy.SKIP);
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}
