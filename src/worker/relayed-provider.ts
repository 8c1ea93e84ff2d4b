import { randomUUID } from "node:crypto";
import type { Client } from "@temporalio/client";
import type { SiteAnswer, SiteQuestion } from "../activities/site-workers.ts";
import { uncarry } from "../domain/carried-error.ts";
import { ProviderError } from "../domain/errors.ts";
import { isSimulated } from "../domain/simulated.ts";
import { capabilities } from "../providers/capabilities.ts";
import type { Capabilities, Provider } from "../providers/provider.ts";
import type { ProviderEntry } from "../providers/registry.ts";
import { taskQueue } from "../temporal/connection.ts";
import type { askSite } from "../workflows/ask-site/workflow.ts";

/** Asks a site through one of its own workers. */
export type AskSite = <Q extends SiteQuestion>(question: Q, signal: AbortSignal, id?: string) => Promise<SiteAnswer<Q>>;

const gaps: Capabilities = {
  "disks.peek": "Only its own workers reach its disks, and looking into a guest from afar is not built",
  "disks.rounds": "Only its own workers reach it, and rounds between workers of sites are not built",
};

/** By runs, one a question: they find a worker that is there, and wait a little for one. */
export function siteAsker(client: Client, site: string): AskSite {
  return async (question, signal, id) => {
    signal.throwIfAborted();
    const workflowId = `ask/${site}/${question}/${randomUUID()}`;
    const input = { site, question, ...(id === undefined ? {} : { id }) };
    const answer = await client.workflow
      .execute<typeof askSite>("askSite", { taskQueue, workflowId, args: [input] })
      .catch((cause: unknown) => {
        throw new ProviderError("Unavailable", {
          operation: `ask the site (${question})`,
          resource: site,
          reason: "none of its own workers, which alone reach it, gave an answer",
          action: "See novacron workers list; it is tried again.",
          cause,
        });
      });
    signal.throwIfAborted();
    if ("error" in answer) throw uncarry(answer.error);
    return answer.value as SiteAnswer<typeof question>;
  };
}

/** A site that we don't reach: it can be looked at through its own workers; what changes it or moves bytes is scheduled
 *  with them and never comes here. */
export async function relayedProvider(entry: ProviderEntry, ask: AskSite): Promise<Provider> {
  const { site, type } = entry;
  const known = capabilities as Readonly<Record<string, Capabilities>>;
  const { sizeUnit, diskType } = await ask("describe", AbortSignal.timeout(30_000));
  async function* each<T>(list: Promise<readonly T[] | undefined>): AsyncGenerator<T> {
    yield* (await list) ?? [];
  }
  const compute = {
    listVms: (signal: AbortSignal) => each(ask("listVms", signal)),
    getVm: (vmId: string, signal: AbortSignal) => ask("getVm", signal, vmId),
  };
  const disks = {
    ...(diskType === undefined ? {} : { diskType }),
    volumeSize: (sizeBytes: number) => Math.ceil(sizeBytes / sizeUnit) * sizeUnit,
    listVolumes: (signal: AbortSignal) => each(ask("listVolumes", signal)),
    inspectSource: (vmId: string, signal: AbortSignal) => ask("inspectSource", signal, vmId),
    getPoint: (pointId: string, signal: AbortSignal) => ask("getPoint", signal, pointId),
    freeBytes: (signal: AbortSignal) => ask("freeBytes", signal),
  };
  return {
    site,
    kind: type,
    simulated: isSimulated(entry),
    capabilities: { ...known[type], ...gaps },
    compute: refusingTheRest(site, compute) as Provider["compute"],
    disks: refusingTheRest(site, disks) as Provider["disks"],
    network: { listNetworks: (signal) => each(ask("listNetworks", signal)) },
    check: (signal) => ask("check", signal),
    census: (signal) => each(ask("census", signal)),
    close: async () => undefined,
  };
}

/** Optional parts of a facet are not there; the others say why they can't. */
const optional = new Set(["then", "listInstanceTypes", "resizeVm", "peek", "diskType", "listVolumes"]);

function refusingTheRest(site: string, facet: object): object {
  return new Proxy(facet, {
    get(target, name, receiver) {
      if (name in target || typeof name !== "string" || optional.has(name)) return Reflect.get(target, name, receiver);
      return () =>
        Promise.reject(
          new ProviderError("UnsupportedCapability", {
            operation: name,
            resource: site,
            reason: "only workers of its own reach the site, and this was to be done elsewhere",
            action: "Let a machine join as its worker (novacron sites join-token), and choose what they can do.",
          }),
        );
    },
  });
}
