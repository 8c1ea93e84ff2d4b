import { setTimeout as sleep } from "node:timers/promises";
import type { ResourceKind } from "../../domain/resource.ts";
import type { EventsFacet, SiteChange } from "../events-facet.ts";
import type { Subject } from "../failures.ts";
import type { Gcp, Operation } from "./client.ts";
import { nameOf } from "./names.ts";

const collections = ["zoneOperations", "regionOperations", "globalOperations"] as const;

/** What an operation on such a collection changes beside what it is about. */
const kindsOf: Readonly<Record<string, readonly ResourceKind[]>> = {
  // With its instance a disk or an address comes into use, or goes out of it.
  instances: ["volume", "address"],
  disks: ["volume"],
  snapshots: ["snapshot", "recovery-point"],
  images: ["image"],
  networks: ["network"],
  subnetworks: ["subnet"],
  firewalls: ["security-group"],
  addresses: ["address"],
  forwardingRules: ["load-balancer"],
  backendServices: ["load-balancer"],
  instanceGroupManagers: ["scaling-group"],
  autoscalers: ["scaling-group"],
  vpnGateways: ["tunnel"],
  targetVpnGateways: ["tunnel"],
  vpnTunnels: ["tunnel"],
};

/**
 * Every change at Compute Engine is an operation, whoever asked for it, and also what Google does by itself (`preempted`,
 * `guestTerminate`, `hostError`). The lists of them are asked again and again, newest first: three small calls a turn, and
 * nothing to set up.
 */
export class GcpEvents implements EventsFacet {
  readonly #gcp: Gcp;

  constructor(gcp: Gcp) {
    this.#gcp = gcp;
  }

  async *watch(signal: AbortSignal): AsyncGenerator<readonly SiteChange[]> {
    const places = collections.map((collection) => ({ collection, ended: new Map(), open: new Map() }));
    const turn = async (since: number): Promise<readonly Operation[]> => {
      const found = await Promise.all(places.map((place) => this.#news(place, since, signal)));
      return found.flat();
    };
    let before = Date.now();
    // What had ended before anybody listened is found by the readings that begin now.
    await turn(before);
    yield [];
    for (;;) {
      await sleep(this.#gcp.patience.eventsEveryMs, undefined, { signal });
      const now = Date.now();
      const changes = (await turn(before)).flatMap(changesOf);
      before = now;
      if (changes.length > 0) yield unique(changes);
    }
  }

  /** Operations that have ended and weren't told of yet. */
  async #news(place: Place, since: number, signal: AbortSignal): Promise<readonly Operation[]> {
    const subject = { operation: "look for changes", resource: this.#gcp.resource("operations", place.collection) };
    const { ended, open } = place;
    const { overlap, listed } = this.#gcp.patience.eventsBackMs;
    const recent = [...open.values()].filter((begunAt) => begunAt > since - listed);
    const horizon = Math.min(since - overlap, ...recent);
    const news = await this.#longRunning(place, horizon, subject, signal);
    const newest = this.#gcp.list<Operation>(place.collection, { orderBy: "creationTimestamp desc" }, subject, signal);
    for await (const operation of newest) {
      const name = operation.name ?? "";
      const begunAt = Date.parse(operation.insertTime ?? "");
      if (begunAt < horizon) break;
      if (operation.status !== "DONE") open.set(name, begunAt);
      else if (!ended.has(name)) {
        ended.set(name, begunAt);
        open.delete(name);
        news.push(operation);
      }
    }
    for (const [name, begunAt] of ended) if (begunAt < horizon) ended.delete(name);
    return news;
  }

  /** Those of before the horizon that have ended since. */
  async #longRunning(
    { collection, open }: Place,
    horizon: number,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<Operation[]> {
    const news: Operation[] = [];
    for (const [name, begunAt] of open) {
      if (begunAt >= horizon) continue;
      const operation = await this.#gcp.find<Operation>(collection, { operation: name }, subject, signal);
      if (operation && operation.status !== "DONE") continue;
      open.delete(name);
      // Google forgets operations some time after they have ended: the next reading finds what it did.
      if (operation) news.push(operation);
    }
    return news;
  }
}

interface Place {
  readonly collection: (typeof collections)[number];
  /** When they began, by their names: those that have ended, and those that had not when they were seen last. */
  readonly ended: Map<string, number>;
  readonly open: Map<string, number>;
}

/** What a finished operation has changed, also one that failed halfway. */
export function changesOf({ targetLink, operationType }: Operation): readonly SiteChange[] {
  const [collection = "", name = ""] = targetLink?.split("/").slice(-2) ?? [];
  if (operationType === "createSnapshot") return [{ kind: "snapshot" }, { kind: "recovery-point" }];
  const about = (kindsOf[collection] ?? []).map((kind) => ({ kind }));
  return collection === "instances" ? [{ kind: "vm", resourceId: nameOf(name) }, ...about] : about;
}

function unique(changes: readonly SiteChange[]): SiteChange[] {
  return [...new Map(changes.map((change) => [`${change.kind}/${change.resourceId ?? ""}`, change])).values()];
}
