import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { ConnectionPlan } from "../../domain/connection.ts";
import { askCall } from "../lib/activity-options.ts";
import type { PreviewConnectionInput } from "./types.ts";

const { planConnection } = proxyActivities<Activities>(askCall);

/** What the ends of a connection would be told. */
export async function previewConnection({ near, far, device }: PreviewConnectionInput): Promise<ConnectionPlan> {
  return planConnection.executeWithOptions({ summary: `ask ${near} and ${far}` }, [
    { from: near, to: far, ...(device ? { device } : {}) },
  ]);
}
