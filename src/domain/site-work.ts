/**
 * What workers of a site do. An activity that needs a site's disks or its network is done next to them where the site has
 * a worker of its own; a copy between two such sites at one of them, so that its bytes take the way between the two.
 */
export const siteActivities = [
  "checkNetworks",
  "createSecurityGroup",
  "deleteSecurityGroup",
  "fenceVm",
  "fenceGroup",
  "releaseGroupFence",
  "stopVm",
  "releaseSource",
  "createVm",
  "removeByKey",
  "refuseIfSuperseded",
  "finalizeSource",
  "takePoint",
  "releasePoint",
  "releasePointByKey",
  "sealDisk",
  "dropGeneration",
  "dropPoint",
  "materialiseDisk",
  "createVolume",
  "adoptPoint",
  "forgetAdopted",
  "copyDisk",
  "proveDisk",
  "prepareDisk",
  "verifyCertificateDisk",
  "verifyVm",
  "startVm",
  "resizeVm",
  "deleteVm",
  "removeBurst",
  "deleteVolume",
  "deleteSnapshot",
  "releaseAddress",
  "setVmTags",
  "setSecurityRules",
  "createSnapshot",
  "answerForSite",
  "listAlarms",
  "createAlarm",
  "deleteAlarm",
  "freezeGroup",
  "copyGroupDisks",
  "settleGroupDisks",
  "releaseGroup",
  "dropGenerations",
  "fenceReturned",
  "fingerprintDisk",
  "probeSite",
] as const;
export type SiteActivity = (typeof siteActivities)[number];

/** The task queue that only workers of the site poll. */
export function siteQueue(site: string): string {
  return `novacron-site-${site}`;
}

/** How a site stands with workers of its own. */
export interface SiteStanding {
  readonly site: string;
  /** One of them polls. */
  readonly live: boolean;
  /** One of them takes connections from workers of other sites. */
  readonly listens: boolean;
  /** Nobody else reaches it: what needs it waits while none of its workers is there. */
  readonly ownWorkersOnly?: boolean;
}

/** The site or the two sites that an activity's input is about; undefined where it names none. */
export function sitesOf(input: unknown): readonly [string] | readonly [string, string] | undefined {
  if (input === null || typeof input !== "object") return undefined;
  const { site, sourceSite, from, to } = input as Readonly<Record<string, unknown>>;
  if (typeof site === "string") return [site];
  if (typeof sourceSite === "string") return [sourceSite];
  return typeof from === "string" && typeof to === "string" ? [from, to] : undefined;
}

/**
 * The queue for work at one site, or for a copy from the first to the second; undefined where workers for everything do
 * it. A copy needs a live worker at both ends, one of which listens: the other one pumps, the source's by preference, as
 * it then compresses what it reads before anything leaves.
 */
export function queueFor(
  sites: readonly [string] | readonly [string, string],
  standings: readonly SiteStanding[],
): string | undefined {
  const [first, second] = sites.map((site) => standings.find((standing) => standing.site === site));
  if (sites.length === 1) return first?.live ? siteQueue(first.site) : undefined;
  if (!first?.live || !second?.live || first.site === second.site) return undefined;
  if (second.listens) return siteQueue(first.site);
  return first.listens ? siteQueue(second.site) : undefined;
}
