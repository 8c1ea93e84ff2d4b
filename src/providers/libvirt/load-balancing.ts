import { setTimeout as sleep } from "node:timers/promises";
import { isProviderError } from "../../domain/errors.ts";
import { invalid, notFound, type Subject } from "../failures.ts";
import { checkWeight, watchTarget, weighed } from "../pool-targets.ts";
import type { SiteCheck } from "../provider.ts";
import {
  fullWeight,
  type LoadBalancingFacet,
  type NewTarget,
  type PoolEndpoint,
  type PoolShare,
  type PoolTarget,
  type TargetPool,
  type TargetWait,
} from "../traffic-facets.ts";
import { changeFailure } from "./haproxy/failures.ts";
import type { RuntimeApi } from "./haproxy/runtime-api.ts";
import { type Row, type Server, serversOf, statistics, toTarget } from "./haproxy/servers.ts";

const pauses = { pollMs: { first: 100, most: 1_000 } };
/** Connections that were ended are taken off a server a moment later. */
const removals = { tries: 20, pauseMs: 250 } as const;

interface Place {
  readonly poolId: string;
  readonly targetId: string;
}

/**
 * A HAProxy of the site, by its runtime API. A pool is a backend, and each of its servers a share. What is changed so is not
 * in HAProxy's configuration file: a reload takes it back unless its server state is kept there, too.
 */
export class HaproxyBalancing implements LoadBalancingFacet {
  readonly #api: RuntimeApi;
  readonly #site: string;

  constructor(api: RuntimeApi, site: string) {
    this.#api = api;
    this.#site = site;
  }

  /** Whether it answers, and whether we may change it. */
  async check(signal: AbortSignal): Promise<SiteCheck> {
    const subject = this.#subject("look at HAProxy", this.#api.address);
    try {
      const info = await this.#api.ask(["show", "info"], subject, signal);
      const version = /^Version: (\S+)/m.exec(info)?.[1] ?? "of an unknown version";
      // Whoever may not change servers is told so before that there is no such one.
      const may = await this.#api.ask(["set", "server", "novacron-check/none", "state", "ready"], subject, signal);
      const failure = changeFailure(may, subject);
      if (failure && !isProviderError(failure, "NotFound")) throw failure;
      return { check: "haproxy", result: "pass", detail: `HAProxy ${version} at ${this.#api.address}` };
    } catch (error) {
      if (!isProviderError(error)) throw error;
      return { check: "haproxy", result: "fail", detail: error.details.reason, remedy: error.details.action };
    }
  }

  async *listPools(signal: AbortSignal): AsyncGenerator<TargetPool> {
    const subject = this.#subject("list backends", "all");
    const rows = await statistics(this.#api, subject, signal);
    for (const row of rows) if (isBackend(row)) yield await this.#pool(row, rows, subject, signal);
  }

  async getPool(poolId: string, signal: AbortSignal): Promise<TargetPool> {
    const subject = this.#subject("look at a backend", poolId);
    const rows = await statistics(this.#api, subject, signal);
    const row = rows.find((one) => isBackend(one) && one.pxname === poolId);
    if (!row) throw notFound(subject, "HAProxy has no such backend");
    return this.#pool(row, rows, subject, signal);
  }

  async *listTargets(poolId: string, signal: AbortSignal): AsyncGenerator<PoolTarget> {
    const servers = await serversOf(this.#api, poolId, this.#subject("list servers", poolId), signal);
    yield* servers.map(toTarget);
  }

  /** Made servers are in maintenance at first, so that a repeat finds one that was left half-made. */
  async addTarget(input: NewTarget, signal: AbortSignal): Promise<PoolTarget> {
    const { poolId, address, weight = 0 } = input;
    const subject = this.#subject("add a server", `${poolId}/${address ?? input.vmId}`);
    checkWeight(weight, subject);
    if (address === undefined)
      throw invalid(subject, "HAProxy takes addresses", "Name the address and port where the VM is reached.");
    const servers = await serversOf(this.#api, poolId, subject, signal);
    const port = input.port ?? portOf(servers, subject);
    const isIt = (server: Server) => server.address === address && server.port === port;
    const isChecked = servers.some(({ checked }) => checked);
    const known = servers.find(isIt);
    const name = known?.name ?? `${address}:${port}`;
    const server = `${poolId}/${name}`;
    if (!known) {
      const where = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
      const check = isChecked ? ["check"] : [];
      await this.#add(["add", "server", server, where, ...check, "weight", String(weight)], subject, signal);
    }
    if (known ? known.checked && !known.checking : isChecked)
      await this.#tell(["enable", "health", server], subject, signal);
    if (known && (known.maintained || known.drained) && known.weight !== weight)
      await this.#tell(["set", "server", server, "weight", String(weight)], subject, signal);
    if (!known || known.maintained || known.drained)
      await this.#tell(["set", "server", server, "state", "ready"], subject, signal);
    const made = (await serversOf(this.#api, poolId, subject, signal)).find((one) => one.name === name);
    if (!made) throw notFound(subject, "it was taken off again meanwhile");
    return toTarget(made);
  }

  async drainTarget({ poolId, targetId }: Place, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("drain a server", `${poolId}/${targetId}`);
    await this.#known(poolId, subject, signal);
    await goneIsFine(this.#tell(["set", "server", `${poolId}/${targetId}`, "state", "drain"], subject, signal));
  }

  /** A server is deleted only when it is in maintenance and has no connection left. */
  async removeTarget({ poolId, targetId }: Place, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("remove a server", `${poolId}/${targetId}`);
    const server = `${poolId}/${targetId}`;
    await this.#known(poolId, subject, signal);
    for (let attempt = 1; ; attempt++) {
      try {
        await goneIsFine(this.#tell(["set", "server", server, "state", "maint"], subject, signal));
        await goneIsFine(this.#tell(["shutdown", "sessions", "server", server], subject, signal));
        await goneIsFine(this.#tell(["del", "server", server], subject, signal));
        return;
      } catch (error) {
        if (attempt >= removals.tries || !isProviderError(error, "Unavailable")) throw error;
        await sleep(removals.pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
  }

  async setWeights(
    { poolId, weights }: { readonly poolId: string; readonly weights: Readonly<Record<string, number>> },
    signal: AbortSignal,
  ): Promise<TargetPool> {
    const subject = this.#subject("weigh servers", poolId);
    const servers = await serversOf(this.#api, poolId, subject, signal);
    const wanted = weighed(sharesOf(servers), weights, subject);
    // Those that get more come first, so that there is always somebody.
    const more = (server: Server) => (wanted.get(server.name) ?? 0) - server.weight;
    for (const server of servers.toSorted((a, b) => more(b) - more(a))) {
      const weight = wanted.get(server.name) ?? server.weight;
      if (weight === server.weight) continue;
      await this.#tell(["set", "server", `${poolId}/${server.name}`, "weight", String(weight)], subject, signal);
    }
    return this.getPool(poolId, signal);
  }

  waitUntilHealthy(wait: TargetWait, signal: AbortSignal): Promise<PoolTarget | undefined> {
    const isReached = ({ state }: PoolTarget) => state === "healthy" || state === "unknown";
    return watchTarget(() => this.#see(wait, signal), isReached, wait, pauses, signal);
  }

  waitUntilDrained(wait: TargetWait, signal: AbortSignal): Promise<PoolTarget | undefined> {
    return watchTarget(
      () => this.#see(wait, signal),
      ({ state }) => state === "drained",
      wait,
      pauses,
      signal,
    );
  }

  async #see({ poolId, targetId }: Place, signal: AbortSignal): Promise<PoolTarget | undefined> {
    for await (const target of this.listTargets(poolId, signal)) if (target.targetId === targetId) return target;
    return undefined;
  }

  /** @throws NotFound for a backend that is not there: a server that is not is something else. */
  async #known(poolId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    await serversOf(this.#api, poolId, subject, signal);
  }

  async #pool(row: Row, rows: readonly Row[], subject: Subject, signal: AbortSignal): Promise<TargetPool> {
    const poolId = row.pxname ?? "";
    const servers = await serversOf(this.#api, poolId, subject, signal);
    return {
      poolId,
      name: poolId,
      protocol: (row.mode ?? "tcp").toUpperCase(),
      endpoints: rows.filter((one) => one.pxname === poolId && isListener(one)).flatMap(endpointOf),
      shares: sharesOf(servers),
      tags: {},
    };
  }

  async #add(words: readonly string[], subject: Subject, signal: AbortSignal): Promise<void> {
    const answer = await this.#api.ask(words, subject, signal);
    if (answer.startsWith("Already exists a server with the same name")) return;
    const failure = changeFailure(answer, subject);
    if (failure) throw failure;
  }

  async #tell(words: readonly string[], subject: Subject, signal: AbortSignal): Promise<void> {
    const failure = changeFailure(await this.#api.ask(words, subject, signal), subject);
    if (failure) throw failure;
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: `${this.#site}/load-balancer/${id}` };
  }
}

async function goneIsFine(call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isProviderError(error, "NotFound")) throw error;
  }
}

/** HAProxy weighs up to 256; more than ours is shown as parts of ours. */
function sharesOf(servers: readonly Server[]): PoolShare[] {
  const most = Math.max(fullWeight, ...servers.map(({ weight }) => weight));
  return servers.map(({ name, weight }) => ({
    shareId: name,
    name,
    weight: weight === 0 ? 0 : Math.max(1, Math.round((weight * fullWeight) / most)),
    accepts: "address",
  }));
}

/** The port that all servers have. @throws InvalidInput */
function portOf(servers: readonly Server[], subject: Subject): number {
  const ports = new Set(servers.map(({ port }) => port));
  const [port] = ports;
  if (port === undefined || ports.size > 1)
    throw invalid(subject, "the backend's servers have no one port in common", "Name the target's port.");
  return port;
}

function isBackend({ svname }: Row): boolean {
  return svname === "BACKEND";
}

/** Lines of listeners are there where the proxy has `option socket-stats`. */
function isListener({ type }: Row): boolean {
  return type === "3";
}

function endpointOf({ addr = "" }: Row): PoolEndpoint[] {
  const match = /^\[?(.*?)\]?:(\d+)$/.exec(addr);
  return match ? [{ host: match[1] ?? "", port: Number(match[2]) }] : [];
}
