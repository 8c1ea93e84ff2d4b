import { readFileSync } from "node:fs";

/** Milliseconds of the clock that all processes of this machine share, that only goes forward, and that begins anew with the
 *  machine (CLOCK_MONOTONIC). */
export function machineMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

/** Another one after each start of the machine. */
export function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}
