import { randomUUID } from "node:crypto";
import type { Client } from "@temporalio/client";
import type { SiteAnswer, SiteQuestion } from "../activities/site-workers.ts";
import { uncarry } from "../domain/carried-error.ts";
import { ProviderError } from "../domain/errors.ts";
import { isSimulated } from "../domain/simulated.ts";
import { capabilities } from "../providers/capabilities.ts";
import type { Capabilities, ComputeFacet, DisksFacet, NetworkFacet, Provider } from "../providers/provider.ts";
import type { ProviderEntry } from "../providers/registry.ts";
import { taskQueue } from "../temporal/connection.ts";
import type { askSite } from "../workflows/ask-site/workflow.ts";

/** Asks a site through one of its own workers. */
export type AskSite = <Q extends SiteQuestion>(question: Q, signal: AbortSignal, id?: string) => Promise<SiteAnswer<Q>>;

const gaps: Capabilities = {
  "disks.peek": "Only its own workers reach its disks, and looking into a guest from afar is not built",
  "compute.live-migration":
    "Only its own workers reach its hypervisor, and a live move needs one worker that reaches both",
  events: "Only its own workers hear what changes there; it is read at its turn",
  "network.isolated": "Only its own workers reach it, and tests by them are not built",
  documents: "Only its own workers reach it, and documents kept through them are not built",
  metrics: "Only its own workers reach it, and reading its metrics through them is not built",
  "metrics.memory": "Only its own workers reach it, and reading its metrics through them is not built",
  alarms: "Only its own workers reach it, and its alarms are made and read by them",
  "disks.rounds": "Only its own workers reach it, and rounds between workers of sites are not built",
};

/** By runs, one a question: they find a worker that is there, and wait a little for one. */
export function siteAsker(client: Client, site: string): AskSite {
  return async (question, signal, id) => {
    signal.throwIfAborted();
    const workflowId = `ask/${site}/${question}/${randomUUID()}`;
    const input = { site, question, ...(id === undefined ? {} : { id }) };
    const answer = await client
      .withAbortSignal(signal, () =>
        client.workflow.execute<typeof askSite>("askSite", { taskQueue, workflowId, args: [input] }),
      )
      .catch((cause: unknown) => {
        signal.throwIfAborted();
        throw new ProviderError("Unavailable", {
          operation: `ask the site (${question})`,
          resource: site,
          reason: "none of its own workers, which alone reach it, gave an answer",
          action: "See novacron workers list; it is tried again.",
          cause,
        });
      });
    if ("error" in answer) throw uncarry(answer.error);
    return answer.value as SiteAnswer<typeof question>;
  };
}

/** A site that we don't reach: it can be looked at through its own workers; what changes it or moves bytes is scheduled
 *  with them and never comes here. */
export async function relayedProvider(entry: ProviderEntry, ask: AskSite): Promise<Provider> {
  const { site, type } = entry;
  const known = capabilities as Readonly<Record<string, Capabilities>>;
  const { sizeUnit, diskType, baseImages, vmSnapshots } = await ask("describe", AbortSignal.timeout(30_000));
  async function* each<T>(list: Promise<readonly T[]>): AsyncGenerator<T> {
    yield* await list;
  }
  const refused = (operation: string) => refusing(site, operation);
  const compute: ComputeFacet = {
    listVms: (signal) => each(ask("listVms", signal)),
    getVm: (vmId, signal) => ask("getVm", signal, vmId),
    ...(vmSnapshots ? { listVmSnapshots: (signal: AbortSignal) => each(ask("listVmSnapshots", signal)) } : {}),
    createVm: refused("create VM"),
    startVm: refused("start VM"),
    stopVm: refused("stop VM"),
    deleteVm: refused("delete VM"),
    setTags: refused("tag VM"),
    consoleOutput: refused("read the console"),
  };
  const here = { ...known[type], ...gaps };
  const disks: DisksFacet = {
    ...(here["disks.application-consistent"] === undefined ? { expectConsistency: consistencyBy(ask) } : {}),
    ...(diskType === undefined ? {} : { diskType }),
    volumeSize: (sizeBytes) => Math.ceil(sizeBytes / sizeUnit) * sizeUnit,
    listVolumes: (signal) => each(ask("listVolumes", signal)),
    listPoints: (signal) => each(ask("listPoints", signal)),
    ...(baseImages ? { listBaseImages: (signal: AbortSignal) => each(ask("listBaseImages", signal)) } : {}),
    inspectSource: (vmId, signal) => ask("inspectSource", signal, vmId),
    getPoint: (pointId, signal) => ask("getPoint", signal, pointId),
    freeBytes: (signal) => ask("freeBytes", signal),
    createSourcePoint: refused("take a point"),
    openSource: refused("open a point's disk"),
    releaseSourcePoint: refused("release a point"),
    openGeneration: refused("open a generation"),
    sealGeneration: refused("seal a generation"),
    discardGeneration: refused("discard a generation"),
    adoptPoint: refused("adopt a point"),
    openPoint: refused("open a recovery point"),
    deletePoint: refused("delete a recovery point"),
    materialise: refused("clone a recovery point"),
    createVolume: refused("create a volume"),
    deleteVolume: refused("delete a volume"),
    openVolume: refused("open a volume"),
  };
  return {
    site,
    kind: type,
    simulated: isSimulated(entry),
    capabilities: here,
    compute,
    disks,
    network: {
      listNetworks: (signal) => each(ask("listNetworks", signal)),
      ...(here["network.firewall"] === undefined ? { firewallOf: firewallBy(ask) } : {}),
    },
    check: (signal) => ask("check", signal),
    census: (signal) => each(ask("census", signal)),
    close: async () => undefined,
  };
}

function consistencyBy(ask: AskSite): NonNullable<DisksFacet["expectConsistency"]> {
  return async (vmId, signal) => {
    const expected = await ask("expectConsistency", signal, vmId);
    return expected ?? { level: "crash", why: "the site does not say more" };
  };
}

function firewallBy(ask: AskSite): NonNullable<NetworkFacet["firewallOf"]> {
  return async (vmId, signal) => (await ask("firewallOf", signal, vmId)) ?? { nics: [], unread: [] };
}

/** Something that changes the site or moves its bytes. */
function refusing(site: string, operation: string): () => Promise<never> {
  return () =>
    Promise.reject(
      new ProviderError("UnsupportedCapability", {
        operation,
        resource: site,
        reason: "only workers of its own reach the site, and this was to be done elsewhere",
        action: "Let a machine join as its worker (novacron sites join-token), and choose what they can do.",
      }),
    );
}
