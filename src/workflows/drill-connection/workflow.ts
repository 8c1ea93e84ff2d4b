import { ApplicationFailure, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { ConnectionDrill } from "../../domain/connection.ts";
import { rowCall } from "../lib/activity-options.ts";
import { drillTunnels } from "../lib/drill-tunnels.ts";
import { show } from "../lib/visibility.ts";
import type { DrillConnectionInput } from "./types.ts";

const { openConnection } = proxyActivities<Activities>(rowCall);

/** Shows that each tunnel of a connection stands in for the other one. */
export async function drillConnection({ connectionId }: DrillConnectionInput): Promise<ConnectionDrill> {
  const { near, far, generation, plan } = await openConnection({ connectionId });
  const resource = `connection/${connectionId}`;
  if (!plan) throw ApplicationFailure.nonRetryable(`${resource} was never built.`, "Conflict", { resource });
  const headline = `drill between ${near} and ${far}`;
  show({ headline, phase: "drilling", percent: 10 });
  const drill = await drillTunnels({ connectionId, generation, plan });
  show({ headline, phase: drill.passed ? "passed" : "failed", percent: 100 });
  return drill;
}
