import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { askCall } from "../lib/activity-options.ts";
import type { CheckSiteInput } from "./types.ts";

const { checkSite: runChecks } = proxyActivities<Activities>(askCall);

/** Reachability, credentials, permissions and versions of one site, a row each. */
export async function checkSite(input: CheckSiteInput): Promise<Awaited<ReturnType<Activities["checkSite"]>>> {
  return runChecks.executeWithOptions({ summary: `check ${input.site}` }, [input]);
}
