import { mib } from "./format.ts";
import type { PlanCheck } from "./plan.ts";

/** Room for a replica's own tables beside the bytes. */
export const storageHeadroom = 1.02;

/** What disks may take at most, and what is expected of them: less where a site says no more of a disk than its size, and an
 *  earlier state of it is known. */
export interface NeededRoom {
  readonly mostBytes: number;
  readonly expectedBytes: number;
}

/** Whether there is room for it. A copy that finds none waits for it, so that what is not expected keeps nobody from moving. */
export function roomCheck(
  check: string,
  { mostBytes, expectedBytes }: NeededRoom,
  { freeBytes, site, remedy, what = "" }: { freeBytes: number; site: string; remedy: string; what?: string },
): PlanCheck {
  const needed = (bytes: number) => `${mib(bytes)} MiB needed${what}, ${mib(freeBytes)} MiB free at ${site}`;
  if (mostBytes <= freeBytes) return { check, result: "pass", detail: needed(mostBytes) };
  if (expectedBytes > freeBytes) return { check, result: "fail", detail: needed(expectedBytes), remedy };
  return {
    check,
    result: "warn",
    detail: `${needed(expectedBytes)}, by what was last known of the disks; up to ${mib(mostBytes)} MiB if they were full since`,
    remedy: "Nothing has to be done: a copy that finds no room waits for it, and says so.",
  };
}
