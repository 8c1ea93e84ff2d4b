import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { Lease } from "../../domain/lease.ts";
import { askCall } from "../lib/activity-options.ts";
import type { ReadLeaseInput } from "./types.ts";

const { lookAtLease } = proxyActivities<Activities>(askCall);

/** A group's lease as it lies at its recovery site now. */
export async function readLease(input: ReadLeaseInput): Promise<{ lease?: Lease }> {
  return lookAtLease.executeWithOptions({ summary: `look at ${input.at}` }, [input]);
}
