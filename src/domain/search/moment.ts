import { readDuration, readPeriod } from "./values.ts";

/** A moment in milliseconds since 1970: a time, the beginning of a day, month or year of UTC (`2026-11`, `yesterday`), or
 *  an age counted back from `now` (`2h`). Undefined for anything else. */
export function readMoment(text: string, now: number): number | undefined {
  const age = readDuration(text);
  return age === undefined ? readPeriod(text, now)?.from : now - age;
}
