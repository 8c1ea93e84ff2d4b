import {
  ActivityFailure,
  type ActivityInterfaceFor,
  type ActivityOptions,
  patched,
  proxyActivities,
  proxyLocalActivities,
  TimeoutFailure,
} from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { queueFor, type SiteStanding, siteActivities, sitesOf } from "../../domain/site-work.ts";
import { recordCall } from "./activity-options.ts";

/** A live worker takes a task at once unless all its hands are full; after this long another place is looked for. */
const scheduleToStartTimeout = "15 seconds";
/** How long a run believes what it was told about a site's workers. */
const believedMs = 60_000;

type Call = ((...args: unknown[]) => Promise<unknown>) & {
  executeWithOptions(options: ActivityOptions, args: unknown[]): Promise<unknown>;
};

const { standingOfSites } = proxyLocalActivities<Activities>(recordCall);
/** The run's own: a workflow's modules are not shared with others. */
const known = new Map<string, { readonly standing: SiteStanding; readonly until: number }>();

/**
 * The activities, of which those that need a site are done by its own workers where it has some. When nobody takes such a
 * task, it is asked again who is there, down to the workers for everything.
 */
export function activitiesAtSites(options: ActivityOptions): ActivityInterfaceFor<Activities> {
  const plain = proxyActivities<Activities>(options) as unknown as Readonly<Record<string, Call>>;
  return new Proxy({} as ActivityInterfaceFor<Activities>, {
    get: (_, name) => (typeof name === "string" ? atSite(name, plain[name] as Call) : undefined),
  });
}

function atSite(name: string, plain: Call): Call {
  if (!(siteActivities as readonly string[]).includes(name)) return plain;
  const executeWithOptions = async (options: ActivityOptions, args: unknown[]): Promise<unknown> => {
    const sites = sitesOf(args[0]);
    // Runs from before sites had workers go on as they began.
    if (!sites || !patched("site-queues")) return plain.executeWithOptions(options, args);
    for (;;) {
      const taskQueue = queueFor(sites, await standingsOf(sites));
      if (taskQueue === undefined) return plain.executeWithOptions(options, args);
      try {
        return await plain.executeWithOptions({ ...options, taskQueue, scheduleToStartTimeout }, args);
      } catch (error) {
        if (!nobodyTookIt(error)) throw error;
        for (const site of sites) known.delete(site);
      }
    }
  };
  return Object.assign((...args: unknown[]) => executeWithOptions({}, args), { executeWithOptions });
}

async function standingsOf(sites: readonly string[]): Promise<readonly SiteStanding[]> {
  const fresh = (site: string) => {
    const entry = known.get(site);
    return entry && entry.until > Date.now() ? entry.standing : undefined;
  };
  const asked = sites.filter((site) => fresh(site) === undefined);
  if (asked.length > 0) {
    for (const standing of await standingOfSites({ sites: asked })) {
      known.set(standing.site, { standing, until: Date.now() + believedMs });
    }
  }
  return sites.flatMap((site) => known.get(site)?.standing ?? []);
}

function nobodyTookIt(error: unknown): boolean {
  if (!(error instanceof ActivityFailure)) return false;
  const { cause } = error;
  return cause instanceof TimeoutFailure && cause.timeoutType === "SCHEDULE_TO_START";
}
