import type { MigrationRequest } from "./migration.ts";
import type { MigrationDefaults, MigrationObservations } from "./migration-parts.ts";
import { allowance, type MoveHours, nextStart } from "./move-hours.ts";
import type { PlanCheck } from "./plan.ts";

/** When a move may begin and should have ended; ISO 8601, UTC. */
export interface MigrationSchedule extends MoveHours {
  /** It waits until then, as `queued`, before it touches anything. */
  readonly startAt?: string;
  /** Whoever watches is warned when the rate that is measured won't meet it; nothing is stopped by it. */
  readonly deadline?: string;
}

/** The schedule as the plan pins it: what the request leaves out of the hours is the configuration's. */
export function effectiveSchedule(request: MigrationRequest, { hours }: MigrationDefaults): MigrationSchedule {
  return { ...hours, ...request.schedule };
}

/** Hours are read in the zone they were written for: the request's zone is not one for hours of the configuration. */
export function zoneChecks({ request, defaults: { hours } }: MigrationObservations): PlanCheck[] {
  const { timeZone, allowedHours, bandwidthHours } = request.schedule ?? {};
  const others = [
    ...(hours?.allowedHours !== undefined && allowedHours === undefined ? ["allowed hours"] : []),
    ...(hours?.bandwidthHours !== undefined && bandwidthHours === undefined ? ["bandwidth hours"] : []),
  ];
  const zone = hours?.timeZone ?? "UTC";
  if (timeZone === undefined || timeZone === zone || others.length === 0) return [];
  return [
    {
      check: "time-zone",
      result: "fail",
      detail: `The ${others.join(" and ")} of the configuration are of ${zone}, the request's hours of ${timeZone}`,
      remedy: `Write the hours for ${zone} and leave the zone out, or name the ${others.join(" and ")} too.`,
    },
  ];
}

/** When it would begin by the hours, and whether they are long enough. */
export function hoursChecks(
  { at }: Pick<MigrationObservations, "at">,
  schedule: MigrationSchedule,
  { seconds, warm }: { readonly seconds: number; readonly warm: boolean },
): PlanCheck[] {
  if (schedule.allowedHours === undefined || schedule.allowedHours.length === 0 || at === undefined) return [];
  const from = Math.max(Date.parse(at), Date.parse(schedule.startAt ?? at));
  const hours = `${schedule.allowedHours.join("; ")} (${schedule.timeZone ?? "UTC"})`;
  if (warm) {
    const { open, changes } = allowance(schedule, from);
    const when = open || changes === undefined ? "now" : `at ${new Date(changes).toISOString()}`;
    const detail = `Copying begins ${when} and rests outside of ${hours}; so does a cutover that nobody asks for`;
    return [{ check: "allowed-hours", result: "pass", detail }];
  }
  const start = nextStart(schedule, from, seconds);
  const begins = new Date(start.at).toISOString();
  if (start.fits) {
    return [{ check: "allowed-hours", result: "pass", detail: `It begins at ${begins}, within ${hours}` }];
  }
  return [
    {
      check: "allowed-hours",
      result: "warn",
      detail: `${Math.round(seconds)} s are predicted, and none of ${hours} lasts that long: it begins at ${begins}, and once the VM has stopped it goes on to its end`,
      remedy: "Move it warm, so that copying rests outside of the hours; or allow longer ones.",
    },
  ];
}

/** Whether the predicted time fits between the beginning and the deadline. */
export function scheduleChecks({ request, at }: MigrationObservations, seconds: number): PlanCheck[] {
  const { startAt, deadline } = request.schedule ?? {};
  if (deadline === undefined) return [];
  const begins = Math.max(Date.parse(at ?? startAt ?? deadline), Date.parse(startAt ?? at ?? deadline));
  const available = (Date.parse(deadline) - begins) / 1000;
  if (available <= 0) {
    return [
      {
        check: "deadline",
        result: "fail",
        detail: `It would begin at ${new Date(begins).toISOString()}, which is not before its deadline ${deadline}`,
        remedy: "Name a later deadline.",
      },
    ];
  }
  if (seconds <= available) {
    return [
      { check: "deadline", result: "pass", detail: `${seconds} s are predicted, ${Math.floor(available)} s there are` },
    ];
  }
  return [
    {
      check: "deadline",
      result: "warn",
      detail: `${seconds} s are predicted, and there are ${Math.floor(available)} s until ${deadline}`,
      remedy: "Begin earlier, allow more bandwidth, or name a later deadline.",
    },
  ];
}

/** When the bytes will have been copied at the rate so far; undefined while that says nothing. */
export function expectedEnd(
  copied: { readonly bytes: number; readonly sinceMs: number },
  bytesLeft: number,
  now: number,
): number | undefined {
  const elapsed = now - copied.sinceMs;
  if (copied.bytes <= 0 || elapsed <= 0) return undefined;
  return now + (bytesLeft / copied.bytes) * elapsed;
}
