import {
  ActivityFailure,
  type ActivityInterfaceFor,
  type ActivityOptions,
  ApplicationFailure,
  patched,
  proxyActivities,
  proxyLocalActivities,
  sleep,
  TimeoutFailure,
} from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { queueFor, type SiteStanding, siteActivities, sitesOf } from "../../domain/site-work.ts";
import { recordCall } from "./activity-options.ts";

/** A live worker takes a task at once unless all its hands are full; after this long another place is looked for. */
const takenWithinMs = 15_000;
/** Also for a call that may not wait: less says nothing of whether somebody is there. */
const leastTakenWithinMs = 1_000;
/** How often a site that nobody but its own workers reaches is looked at again while none is there. */
const lookAgainMs = 5_000;
/** As long as a site that can't be reached is waited for. */
const longestWaitMs = 3_600_000;
/** How long a run believes what it was told about a site's workers. */
const believedMs = 60_000;

type Call = ((...args: unknown[]) => Promise<unknown>) & {
  executeWithOptions(options: ActivityOptions, args: unknown[]): Promise<unknown>;
};

const { standingOfSites } = proxyLocalActivities<Activities>(recordCall);
/** The run's own: a workflow's modules are not shared with others. */
const known = new Map<string, { readonly standing: SiteStanding; readonly until: number }>();

/**
 * The activities, of which those that need a site are done by its own workers where it has some. What none of them takes is
 * done by the workers for everything; where those don't reach the site, it waits for as long as the call may wait.
 */
export function activitiesAtSites(
  options: ActivityOptions,
  { waitMs = longestWaitMs }: { readonly waitMs?: number } = {},
): ActivityInterfaceFor<Activities> {
  const plain = proxyActivities<Activities>(options) as unknown as Readonly<Record<string, Call>>;
  return new Proxy({} as ActivityInterfaceFor<Activities>, {
    get: (_, name) => (typeof name === "string" ? atSite(name, plain[name] as Call, waitMs) : undefined),
  });
}

function atSite(name: string, plain: Call, waitMs: number): Call {
  if (!(siteActivities as readonly string[]).includes(name)) return plain;
  const executeWithOptions = async (options: ActivityOptions, args: unknown[]): Promise<unknown> => {
    const sites = sitesOf(args[0]);
    // Runs from before sites had workers go on as they began.
    if (!sites || !patched("site-queues")) return plain.executeWithOptions(options, args);
    let since = Date.now();
    for (;;) {
      const standings = await standingsOf(sites);
      const taskQueue = queueFor(sites, standings);
      const alone = standings.filter(({ ownWorkersOnly }) => ownWorkersOnly).map(({ site }) => site);
      if (taskQueue === undefined) {
        if (alone.length === 0) return plain.executeWithOptions(options, args);
        if (Date.now() - since >= waitMs) throw nobodyThere(name, alone, sites);
        await sleep(lookAgainMs, { summary: `until a worker of ${alone.join(" or ")} is there` });
        for (const site of sites) known.delete(site);
        continue;
      }
      const given = Date.now();
      try {
        const leftMs = Math.max(leastTakenWithinMs, since + waitMs - given);
        const scheduleToStartTimeout = Math.min(takenWithinMs, leftMs);
        return await plain.executeWithOptions({ ...options, taskQueue, scheduleToStartTimeout }, args);
      } catch (error) {
        if (!nobodyTookIt(error)) throw error;
        for (const site of sites) known.delete(site);
        // A worker that is heard of may still take nothing: its way to Temporal is cut, or all its hands are full.
        if (!patched("site-queues-untaken")) continue;
        if (alone.length === 0) return plain.executeWithOptions(options, args);
        // Somebody was at it in between: what is waited for begins now.
        if (Date.now() - given > 2 * takenWithinMs) since = Date.now();
        if (Date.now() - since >= waitMs) throw nobodyThere(name, alone, sites);
      }
    }
  };
  return Object.assign((...args: unknown[]) => executeWithOptions({}, args), { executeWithOptions });
}

/** What was asked before, of calls that begin beside each other: results of local activities may come in another order when a
 *  run is replayed, so that only one is under way at a time. The next mostly finds its answer there. */
let asked: Promise<unknown> = Promise.resolve();

async function standingsOf(sites: readonly string[]): Promise<readonly SiteStanding[]> {
  if (!patched("standings-one-by-one")) return askStandings(sites);
  const mine = asked.then(() => askStandings(sites));
  asked = mine.catch(() => undefined);
  return mine;
}

async function askStandings(sites: readonly string[]): Promise<readonly SiteStanding[]> {
  const fresh = (site: string) => {
    const entry = known.get(site);
    return entry && entry.until > Date.now() ? entry.standing : undefined;
  };
  const unknown = sites.filter((site) => fresh(site) === undefined);
  if (unknown.length > 0) {
    for (const standing of await standingOfSites({ sites: unknown })) {
      known.set(standing.site, { standing, until: Date.now() + believedMs });
    }
  }
  return sites.flatMap((site) => known.get(site)?.standing ?? []);
}

function nobodyThere(name: string, alone: readonly string[], sites: readonly string[]): ApplicationFailure {
  const both = sites.length > 1 ? ", or none of the two takes connections" : "";
  return ApplicationFailure.nonRetryable(
    `Could not ${name} (${sites.join(" → ")}): ${alone.join(" and ")} can only be reached by workers of its own, and none takes it${both}. See novacron workers list.`,
    "Unavailable",
    { resource: `site/${alone[0]}`, action: "See novacron workers list." },
  );
}

function nobodyTookIt(error: unknown): boolean {
  if (!(error instanceof ActivityFailure)) return false;
  const { cause } = error;
  return cause instanceof TimeoutFailure && cause.timeoutType === "SCHEDULE_TO_START";
}
