import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { CensusRow } from "../../domain/census.ts";
import { askCall } from "../lib/activity-options.ts";
import type { TakeCensusInput } from "./types.ts";

const { listCensus } = proxyActivities<Activities>(askCall);

/** Everything at a site that exists because of us, each with the migration it belongs to. */
export async function takeCensus(input: TakeCensusInput): Promise<readonly CensusRow[]> {
  return listCensus.executeWithOptions({ summary: `census of ${input.site}` }, [input]);
}
