import type { Activities } from "../../activities/index.ts";
import { askCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import type { AskSiteInput } from "./types.ts";

/** Who waits for an answer fails while its own caller still looks. */
const { answerForSite } = activitiesAtSites(askCall, { waitMs: 5_000 });

/** Asks a site that only its own workers reach. */
export async function askSite(input: AskSiteInput): Promise<Awaited<ReturnType<Activities["answerForSite"]>>> {
  return answerForSite.executeWithOptions({ summary: `${input.question} at ${input.site}` }, [input]);
}
