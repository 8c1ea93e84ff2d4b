import { type Hours, isWithin, nextChange, parseHours } from "./hours.ts";

/** When bytes of a move may flow, and how many. Hours are texts as {@link parseHours} reads them. */
export interface MoveHours {
  /** Of the hours; default UTC. */
  readonly timeZone?: string;
  /** Outside of them nothing begins by itself, and nothing of a running VM is copied. Absent: at any time. */
  readonly allowedHours?: readonly string[];
  /** Limits in certain hours; where several hold, the lowest does. */
  readonly bandwidthHours?: readonly BandwidthHours[];
}

export interface BandwidthHours {
  readonly hours: string;
  readonly bytesPerSecond: number;
}

/** Only that of something which has it among other things. */
export function hoursOf({ timeZone, allowedHours, bandwidthHours }: MoveHours): MoveHours {
  return {
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(allowedHours === undefined ? {} : { allowedHours }),
    ...(bandwidthHours === undefined ? {} : { bandwidthHours }),
  };
}

/** How far ahead is looked for hours that are long enough. */
const horizonMs = 8 * 24 * 3_600_000;

/** Whether it may go on now: asked for every few blocks, so without {@link allowance}'s look ahead. */
export function isAllowed(hours: MoveHours, at: number): boolean {
  const allowed = read(hours.allowedHours);
  return allowed.length === 0 || isWithin(allowed, at, zoneOf(hours));
}

/** Whether it may go on now, and when that changes; `changes` is absent where it never does. Milliseconds. */
export function allowance(hours: MoveHours, at: number): { readonly open: boolean; readonly changes?: number } {
  const allowed = read(hours.allowedHours);
  if (allowed.length === 0) return { open: true };
  const zone = zoneOf(hours);
  const changes = nextChange(allowed, at, zone);
  return { open: isWithin(allowed, at, zone), ...(changes === undefined ? {} : { changes }) };
}

/**
 * When something that takes so long had best begin: the next moment in allowed hours from which on they last that long; else
 * their next beginning, `fits` false.
 */
export function nextStart(
  hours: MoveHours,
  at: number,
  seconds: number,
): { readonly at: number; readonly fits: boolean } {
  let first: number | undefined;
  for (let time = at; time - at < horizonMs; ) {
    const { open, changes } = allowance(hours, time);
    if (open) {
      first ??= time;
      if (changes === undefined || changes - time >= seconds * 1000) return { at: time, fits: true };
    }
    if (changes === undefined) break;
    time = changes;
  }
  return { at: first ?? at, fits: false };
}

/** The limit at a moment; undefined where there is none. */
export function bandwidthAt(hours: MoveHours, limit: number | undefined, at: number): number | undefined {
  const zone = zoneOf(hours);
  const limits = (hours.bandwidthHours ?? [])
    .filter((each) => isWithin(read([each.hours]), at, zone))
    .map(({ bytesPerSecond }) => bytesPerSecond);
  if (limit !== undefined) limits.push(limit);
  return limits.length === 0 ? undefined : Math.min(...limits);
}

/** Seconds that so many bytes need at the limits alone, begun at a moment; 0 where nothing limits them. */
export function secondsAtLimits(hours: MoveHours, limit: number | undefined, bytes: number, at: number): number {
  let left = bytes;
  for (let time = at; left > 0 && time - at < horizonMs; ) {
    const rate = bandwidthAt(hours, limit, time);
    if (rate === undefined) return (time - at) / 1000;
    const changes = nextLimit(hours, time);
    const end = time + (left / rate) * 1000;
    if (changes === undefined || end <= changes) return (end - at) / 1000;
    left -= ((changes - time) / 1000) * rate;
    time = changes;
  }
  return left > 0 ? horizonMs / 1000 : 0;
}

function nextLimit(hours: MoveHours, at: number): number | undefined {
  const zone = zoneOf(hours);
  const changes = (hours.bandwidthHours ?? []).flatMap((each) => nextChange(read([each.hours]), at, zone) ?? []);
  return changes.length === 0 ? undefined : Math.min(...changes);
}

function zoneOf({ timeZone }: MoveHours): string {
  return timeZone ?? "UTC";
}

function read(texts: readonly string[] | undefined): Hours[] {
  return (texts ?? []).flatMap((text) => parseHours(text) ?? []);
}
