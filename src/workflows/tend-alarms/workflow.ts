import type { CloudAlarm } from "../../domain/cloud-alarm.ts";
import { askCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import type { CreateAlarmInput, DeleteAlarmInput, ListAlarmsInput } from "./types.ts";

/** A person waits for the answer. */
const calls = activitiesAtSites(askCall, { waitMs: 5_000 });

/** The alarms that a site has of its own, as it shows them now. */
export async function listAlarms(input: ListAlarmsInput): Promise<readonly CloudAlarm[]> {
  return calls.listAlarms.executeWithOptions({ summary: `alarms of ${input.site}` }, [input]);
}

/** Nothing is undone: it is one call, and what it made is found by its key. */
export async function createAlarm(input: CreateAlarmInput): Promise<CloudAlarm> {
  return calls.createAlarm.executeWithOptions({ summary: `${input.alarm.name} at ${input.site}` }, [input]);
}

export async function deleteAlarm(input: DeleteAlarmInput): Promise<void> {
  return calls.deleteAlarm.executeWithOptions({ summary: `${input.alarmId} at ${input.site}` }, [input]);
}
