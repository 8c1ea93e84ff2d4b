import { takeOverLease } from "../lib/take-over-lease.ts";
import type { TakeLeaseInput, TakeLeaseResult } from "./types.ts";

/** Lets another site write as a group, and nothing else: what a failover does before it starts anything. */
export async function takeLease(input: TakeLeaseInput): Promise<TakeLeaseResult> {
  return takeOverLease(input);
}
