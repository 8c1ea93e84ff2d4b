import { wholeCpus } from "../../../src/domain/savings/credits.ts";
import type { Offer } from "../../../src/domain/savings/offers.ts";

const gib = 2 ** 30;

/** A size that gives all of its processors all the time. */
export function offer(
  instanceType: string,
  cpus: number,
  memoryGib: number,
  hourMicros: number,
  more: Partial<Offer> = {},
): Offer {
  const rest = {
    architecture: "x86_64",
    burstable: false,
    burst: wholeCpus,
    currency: "USD",
    pricedOn: "2026-07-20",
  } as const;
  return { instanceType, cpus, memoryBytes: memoryGib * gib, hourMicros, ...rest, ...more };
}
