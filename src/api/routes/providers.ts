import type { SiteSummary } from "../deps.ts";

/** Kinds in use with their sites. */
export function describeProviders(sites: readonly SiteSummary[]) {
  return [...Map.groupBy(sites, ({ kind }) => kind)].map(([kind, members]) => ({
    kind,
    sites: members.map(({ site }) => site),
  }));
}
