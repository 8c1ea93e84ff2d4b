import type { SiteStanding } from "../domain/site-work.ts";
import type { ActivityDeps } from "./deps.ts";

export function siteWorkerActivities({ store }: ActivityDeps) {
  return {
    /** Which of the sites have workers of their own now. Run as a local activity. */
    async standingOfSites(input: { sites: readonly string[] }): Promise<readonly SiteStanding[]> {
      return store.siteWorkers.standings(input.sites);
    },
  };
}
