// Long because it is one facet of small calls over one way to look and one way to change.
import { randomBytes } from "node:crypto";
import { isIPv4 } from "node:net";
import type { models } from "oci-loadbalancer";
import { isProviderError } from "../../domain/errors.ts";
import { invalid, notFound, type Subject, unsupported } from "../failures.ts";
import { poll } from "../poll.ts";
import { checkWeight, watchTarget, weighed } from "../pool-targets.ts";
import type {
  LoadBalancingFacet,
  NewTarget,
  PoolShare,
  PoolTarget,
  TargetPool,
  TargetState,
  TargetWait,
} from "../traffic-facets.ts";
import type { Oci } from "./client.ts";
import { codeFailure, vendorCode } from "./errors.ts";
import { stateOf } from "./models.ts";
import { fromWire, token } from "./tags.ts";
import { alive, goneIsUndefined, items, type OciView } from "./view.ts";

const limit = 100;
/** A load balancer takes one change at a time: others are waited for so long. */
const turnWithinMs = 5 * 60_000;
const ipHash = "IP_HASH";

interface Place {
  readonly poolId: string;
  readonly targetId: string;
}

interface Seen {
  readonly balancer: models.LoadBalancer;
  readonly set: models.BackendSet;
}

/** Oracle weighs from 1 to 100. What is to get nothing is told to drain; a backend that is drained because somebody asked for
 *  it is a spare one beside, by which it is known again. */
type Marks = Pick<models.Backend, "weight" | "drain" | "backup">;
const nothing = { weight: 1, drain: true, backup: false } as const satisfies Marks;

/** Load balancers of the compartment. A pool is a backend set, `<load balancer>/<set>`, and each of its backends a share. */
export class OciLoadBalancing implements LoadBalancingFacet {
  readonly #oci: Oci;
  readonly #view: OciView;

  constructor(oci: Oci, view: OciView) {
    this.#oci = oci;
    this.#view = view;
  }

  async *listPools(signal: AbortSignal): AsyncGenerator<TargetPool> {
    const subject = { operation: "list backend sets", resource: this.#oci.site };
    for await (const balancer of this.#balancers(subject, signal)) {
      for (const set of Object.values(balancer.backendSets ?? {})) yield toPool({ balancer, set });
    }
  }

  async getPool(poolId: string, signal: AbortSignal): Promise<TargetPool> {
    return toPool(await this.#see(poolId, this.#subject("look at a backend set", poolId), signal));
  }

  async *listTargets(poolId: string, signal: AbortSignal): AsyncGenerator<PoolTarget> {
    yield* await this.#targets(poolId, this.#subject("list backends", poolId), signal);
  }

  async addTarget(input: NewTarget, signal: AbortSignal): Promise<PoolTarget> {
    const { poolId, weight = 0 } = input;
    const subject = this.#subject("add a backend", `${poolId}/${input.address ?? input.vmId}`);
    checkWeight(weight, subject);
    const { set } = await this.#see(poolId, subject, signal);
    const ipAddress = input.address ?? (await this.#addressOf(input.vmId, subject, signal));
    if (!isIPv4(ipAddress)) throw invalid(subject, "Oracle Cloud takes IPv4 addresses", "Name an IPv4 address.");
    const port = input.port ?? portOf(set, subject);
    const name = `${ipAddress}:${port}`;
    const known = set.backends.find((backend) => backend.name === name);
    const marks = weight === 0 ? nothing : { weight, drain: false, backup: false };
    if (known && (isDraining(known, set) || known.offline)) {
      await this.#update(poolId, known, { ...marks, offline: false }, subject, signal);
    }
    if (!known) {
      const createBackendDetails = { ipAddress, port, ...marks, offline: false };
      // Of this call alone: what was added and taken off again may be added once more.
      const opcRetryToken = token("backend", poolId, name, randomBytes(8).toString("hex"));
      try {
        await this.#change(poolId, subject, signal, (place) =>
          this.#oci.balancers.call("createBackend", { ...place, createBackendDetails, opcRetryToken }, subject, signal),
        );
      } catch (error) {
        // It may be our own, whose answer was lost.
        if (!isProviderError(error, "Conflict")) throw error;
        const now = await this.#see(poolId, subject, signal);
        if (!now.set.backends.some((backend) => backend.name === name)) throw error;
      }
    }
    const target = (await this.#targets(poolId, subject, signal)).find(({ targetId }) => targetId === name);
    if (!target) throw notFound(subject, "it was taken off again meanwhile");
    return target;
  }

  async drainTarget({ poolId, targetId }: Place, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("drain a backend", `${poolId}/${targetId}`);
    const { set } = await this.#see(poolId, subject, signal);
    const backend = set.backends.find(({ name }) => name === targetId);
    if (!backend || isDraining(backend, set)) return;
    await this.#update(poolId, backend, { drain: true, backup: set.policy !== ipHash }, subject, signal);
  }

  async removeTarget({ poolId, targetId }: Place, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("remove a backend", `${poolId}/${targetId}`);
    const { set } = await this.#see(poolId, subject, signal);
    if (!set.backends.some(({ name }) => name === targetId)) return;
    await goneIsUndefined(
      this.#change(poolId, subject, signal, (place) =>
        this.#oci.balancers.call("deleteBackend", { ...place, backendName: targetId }, subject, signal),
      ),
    );
  }

  /** Those that get more come first, so that there is always somebody. */
  async setWeights(
    { poolId, weights }: { readonly poolId: string; readonly weights: Readonly<Record<string, number>> },
    signal: AbortSignal,
  ): Promise<TargetPool> {
    const subject = this.#subject("weigh backends", poolId);
    const { set } = await this.#see(poolId, subject, signal);
    const wanted = weighed(toShares(set), weights, subject);
    // Looked for before anything is changed.
    const draining = set.backends.find(({ name, drain, backup }) => drain && backup && (weights[name] ?? 0) > 0);
    if (draining) throw unsupported(subject, `${draining.name} is draining`, "Add it again before it is weighed.");
    const more = (backend: models.Backend) => (wanted.get(backend.name) ?? 0) - weightOf(backend);
    for (const backend of set.backends.toSorted((a, b) => more(b) - more(a))) {
      const weight = wanted.get(backend.name) ?? 0;
      if (weights[backend.name] === undefined || weight === weightOf(backend)) continue;
      const marks = weight === 0 ? { ...nothing, weight: backend.weight } : { weight, drain: false, backup: false };
      await this.#update(poolId, backend, marks, subject, signal);
    }
    return this.getPool(poolId, signal);
  }

  waitUntilHealthy(wait: TargetWait, signal: AbortSignal): Promise<PoolTarget | undefined> {
    return this.#watch(wait, "healthy", signal);
  }

  /** Oracle does not tell when the last connection has ended: as long as it is there it drains. */
  waitUntilDrained(wait: TargetWait, signal: AbortSignal): Promise<PoolTarget | undefined> {
    return this.#watch(wait, "drained", signal);
  }

  #watch(wait: TargetWait, state: TargetState, signal: AbortSignal): Promise<PoolTarget | undefined> {
    const subject = this.#subject("look at a backend", `${wait.poolId}/${wait.targetId}`);
    const see = async () =>
      (await this.#targets(wait.poolId, subject, signal)).find(({ targetId }) => targetId === wait.targetId);
    return watchTarget(see, (target) => target.state === state, wait, this.#oci.patience, signal);
  }

  async *#balancers(subject: Subject, signal: AbortSignal): AsyncGenerator<models.LoadBalancer> {
    const compartmentId = await this.#oci.compartment();
    yield* alive(
      items((page) => this.#oci.balancers.call("listLoadBalancers", { compartmentId, limit, page }, subject, signal)),
    );
  }

  /** @throws NotFound. */
  async #see(poolId: string, subject: Subject, signal: AbortSignal): Promise<Seen> {
    const { loadBalancerId, backendSetName } = placeOf(poolId, subject);
    const { loadBalancer } = await this.#oci.balancers.call("getLoadBalancer", { loadBalancerId }, subject, signal);
    const set = loadBalancer.backendSets?.[backendSetName];
    if (!set || stateOf(loadBalancer) === "DELETED") throw notFound(subject, "Oracle Cloud shows no such backend set");
    return { balancer: loadBalancer, set };
  }

  async #targets(poolId: string, subject: Subject, signal: AbortSignal): Promise<PoolTarget[]> {
    const { set } = await this.#see(poolId, subject, signal);
    const { backendSetHealth: health } = await this.#oci.balancers.call(
      "getBackendSetHealth",
      placeOf(poolId, subject),
      subject,
      signal,
    );
    const lists: readonly (readonly [readonly string[], TargetState, string])[] = [
      [health.unknownStateBackendNames, "starting", "UNKNOWN"],
      [health.criticalStateBackendNames, "unhealthy", "CRITICAL"],
      [health.warningStateBackendNames, "unhealthy", "WARNING"],
    ];
    return set.backends.map((backend) => {
      const { name, ipAddress, port, offline } = backend;
      const [, seen = "healthy", word = "OK"] = lists.find(([names]) => names.includes(name)) ?? [];
      const state = offline ? "unused" : isDraining(backend, set) ? "draining" : seen;
      return { targetId: name, shareId: name, address: ipAddress, port, state, reason: word };
    });
  }

  /** An update is the whole of a backend, too. */
  async #update(
    poolId: string,
    backend: models.Backend,
    changed: Partial<models.Backend>,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    const { weight, maxConnections, backup, drain, offline } = { ...backend, ...changed };
    const limited = maxConnections === undefined ? {} : { maxConnections };
    const updateBackendDetails = { weight, backup, drain, offline, ...limited };
    await this.#change(poolId, subject, signal, (place) =>
      this.#oci.balancers.call(
        "updateBackend",
        { ...place, backendName: backend.name, updateBackendDetails },
        subject,
        signal,
      ),
    );
  }

  /** Waits for the load balancer's turn, and for the work request that the change is. */
  async #change(
    poolId: string,
    subject: Subject,
    signal: AbortSignal,
    act: (place: ReturnType<typeof placeOf>) => Promise<{ opcWorkRequestId: string }>,
  ): Promise<void> {
    const { patience, balancers } = this.#oci;
    const place = placeOf(poolId, subject);
    const deadline = performance.now() + turnWithinMs;
    const begun = await poll(
      async () => {
        try {
          return await act(place);
        } catch (error) {
          if (vendorCode(error) !== "IncorrectState" || performance.now() > deadline) throw error;
          return undefined;
        }
      },
      patience,
      signal,
    );
    const work = await poll(
      async () => {
        const request = { workRequestId: begun.opcWorkRequestId };
        const { workRequest } = await balancers.call("getWorkRequest", request, subject, signal);
        return /^(SUCCEEDED|FAILED)$/.test(stateOf(workRequest)) ? workRequest : undefined;
      },
      patience,
      signal,
    );
    if (stateOf(work) === "SUCCEEDED") return;
    const [error] = work.errorDetails;
    const code = String(error?.errorCode) === "BAD_INPUT" ? "InvalidParameter" : "InternalError";
    throw codeFailure(code, error?.message ?? work.message, subject);
  }

  /** The private address of a VM's first card. @throws InvalidInput, NotFound. */
  async #addressOf(vmId: string | undefined, subject: Subject, signal: AbortSignal): Promise<string> {
    if (vmId === undefined) throw invalid(subject, "it names neither a VM nor an address", "Name one of both.");
    await this.#view.instance(vmId, subject, signal);
    for (const { vnicId } of await this.#view.vnicAttachments({ instanceId: vmId }, subject, signal)) {
      if (vnicId === undefined) continue;
      const { vnic } = await this.#oci.network.call("getVnic", { vnicId }, subject, signal);
      if (vnic.isPrimary && vnic.privateIp !== undefined) return vnic.privateIp;
    }
    throw notFound(subject, "the VM has no address");
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#oci.resource("load-balancer", id) };
  }
}

function placeOf(poolId: string, subject: Subject): { loadBalancerId: string; backendSetName: string } {
  const [loadBalancerId = "", backendSetName = ""] = poolId.split("/");
  if (backendSetName === "") throw notFound(subject, "it names no backend set of a load balancer");
  return { loadBalancerId, backendSetName };
}

function toPool({ balancer, set }: Seen): TargetPool {
  const { id, displayName, listeners = {}, ipAddresses = [] } = balancer;
  const own = Object.values(listeners).filter((listener) => listener.defaultBackendSetName === set.name);
  return {
    poolId: `${id}/${set.name}`,
    name: `${displayName}/${set.name}`,
    loadBalancerId: id,
    protocol: own[0]?.protocol ?? "TCP",
    endpoints: own.flatMap(({ port }) => ipAddresses.map(({ ipAddress }) => ({ host: ipAddress, port }))),
    shares: toShares(set),
    tags: fromWire(balancer).tags,
  };
}

function toShares({ backends }: models.BackendSet): PoolShare[] {
  return backends.map((backend) => ({
    shareId: backend.name,
    name: backend.name,
    weight: weightOf(backend),
    accepts: "address",
  }));
}

/** A spare backend gets nothing as long as another one can. */
function weightOf({ weight, drain, backup }: Marks): number {
  return drain || backup ? 0 : weight;
}

/** Where no backend can be a spare one, nothing tells it from one that is to get nothing. */
function isDraining({ drain, backup }: models.Backend, { policy }: models.BackendSet): boolean {
  return drain && (backup || policy === ipHash);
}

/** The port that all backends have. @throws InvalidInput */
function portOf({ backends }: models.BackendSet, subject: Subject): number {
  const ports = new Set(backends.map(({ port }) => port));
  const [port] = ports;
  if (port === undefined || ports.size > 1)
    throw invalid(subject, "the set's backends have no one port in common", "Name the target's port.");
  return port;
}
