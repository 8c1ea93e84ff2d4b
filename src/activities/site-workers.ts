import { Context } from "@temporalio/activity";
import { type CarriedError, carry } from "../domain/carried-error.ts";
import { isProviderError } from "../domain/errors.ts";
import type { SiteStanding } from "../domain/site-work.ts";
import type { Provider } from "../providers/provider.ts";
import type { ActivityDeps, SiteDeps } from "./deps.ts";

export function siteWorkerActivities({ store, settings }: ActivityDeps) {
  return {
    /** Which of the sites have workers of their own now. Run as a local activity. */
    async standingOfSites(input: { sites: readonly string[] }): Promise<readonly SiteStanding[]> {
      const standings = await store.siteWorkers.standings(input.sites);
      return standings.map((standing) =>
        settings(standing.site).ownWorkersOnly ? { ...standing, ownWorkersOnly: true } : standing,
      );
    },
  };
}

/** What is asked of a site from where it can't be reached: looking only, with answers in plain JSON. */
const questions = {
  describe: async ({ compute, disks }: Provider) => ({
    sizeUnit: disks.volumeSize(1),
    diskType: disks.diskType,
    baseImages: disks.listBaseImages !== undefined,
    vmSnapshots: compute.listVmSnapshots !== undefined,
  }),
  check: (provider: Provider, signal: AbortSignal) => provider.check(signal),
  census: (provider: Provider, signal: AbortSignal) => Array.fromAsync(provider.census(signal)),
  listVms: ({ compute }: Provider, signal: AbortSignal) => Array.fromAsync(compute.listVms(signal)),
  getVm: ({ compute }: Provider, signal: AbortSignal, id: string) => compute.getVm(id, signal),
  listNetworks: ({ network }: Provider, signal: AbortSignal) => Array.fromAsync(network.listNetworks(signal)),
  firewallOf: async ({ network }: Provider, signal: AbortSignal, id: string) => network.firewallOf?.(id, signal),
  listVolumes: ({ disks }: Provider, signal: AbortSignal) => Array.fromAsync(disks.listVolumes(signal)),
  listPoints: ({ disks }: Provider, signal: AbortSignal) => Array.fromAsync(disks.listPoints(signal)),
  listBaseImages: async ({ disks }: Provider, signal: AbortSignal) =>
    Array.fromAsync(disks.listBaseImages?.(signal) ?? []),
  listVmSnapshots: async ({ compute }: Provider, signal: AbortSignal) =>
    Array.fromAsync(compute.listVmSnapshots?.(signal) ?? []),
  inspectSource: ({ disks }: Provider, signal: AbortSignal, id: string) => disks.inspectSource(id, signal),
  expectConsistency: async ({ disks }: Provider, signal: AbortSignal, id: string) =>
    disks.expectConsistency?.(id, signal),
  getPoint: ({ disks }: Provider, signal: AbortSignal, id: string) => disks.getPoint(id, signal),
  freeBytes: ({ disks }: Provider, signal: AbortSignal) => disks.freeBytes(signal),
};

export type SiteQuestion = keyof typeof questions;
export type SiteAnswer<Q extends SiteQuestion = SiteQuestion> = Awaited<ReturnType<(typeof questions)[Q]>>;

export interface SiteQuestionInput {
  readonly site: string;
  readonly question: SiteQuestion;
  /** Of what it is about, where it is about one thing. */
  readonly id?: string;
}

export function answerActivities({ registry }: Pick<SiteDeps, "registry">) {
  return {
    /** A failure of the site's is an answer, too: who asks decides whether to ask again. */
    async answerForSite(
      input: SiteQuestionInput,
    ): Promise<{ readonly value?: SiteAnswer } | { readonly error: CarriedError }> {
      try {
        const provider = await registry.provider(input.site);
        return {
          value: await questions[input.question](provider, Context.current().cancellationSignal, input.id ?? ""),
        };
      } catch (error) {
        if (!isProviderError(error)) throw error;
        return { error: carry(error) };
      }
    },
  };
}
