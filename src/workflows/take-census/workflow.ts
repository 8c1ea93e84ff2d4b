import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { askCall } from "../lib/activity-options.ts";
import type { TakeCensusInput } from "./types.ts";

const { listCensus } = proxyActivities<Activities>(askCall);

/** Everything at a site that exists because of us, each with the migration it belongs to and whether that is over. */
export async function takeCensus(input: TakeCensusInput): Promise<Awaited<ReturnType<Activities["listCensus"]>>> {
  return listCensus.executeWithOptions({ summary: `census of ${input.site}` }, [input]);
}
