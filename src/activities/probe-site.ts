import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "@temporalio/activity";
import { isProviderError } from "../domain/errors.ts";
import type { HealthTarget } from "../domain/health-probe.ts";
import { type Probe, sightOf } from "../domain/site-health.ts";
import type { SiteDeps } from "./deps.ts";
import { probeTarget } from "./probe-target.ts";

export interface ProbeSiteInput {
  /** The vantage point's own site, whose worker looks; absent of the control plane. */
  readonly site?: string;
  readonly vantage: string;
  readonly failureDomain: string;
  /** The site that is looked at. */
  readonly of: string;
  readonly targets: readonly HealthTarget[];
  /** Where its API takes connections: that tells an API that is slow from one that is away. */
  readonly api?: HealthTarget;
  /** The vantage point has the site's credentials, and asks its API. */
  readonly asksApi: boolean;
  /** Outside of both failure domains: who sees none of them is blind. */
  readonly elsewhere: readonly HealthTarget[];
  /** Sites outside of both, whose API the vantage point can ask. */
  readonly elsewhereSites: readonly string[];
  readonly intervalMs: number;
  readonly forMs: number;
}

/** Looking at a site from one vantage point: one long activity, a row in the store each round. */
export function probeSiteActivities({ registry, store }: SiteDeps) {
  return {
    async probeSite(input: ProbeSiteInput): Promise<void> {
      const { cancellationSignal } = Context.current();
      const until = AbortSignal.any([cancellationSignal, AbortSignal.timeout(input.forMs)]);
      const { of, vantage, failureDomain, intervalMs } = input;
      while (!until.aborted) {
        const begun = performance.now();
        const { probes, seesElse } = await look(input, until);
        if (until.aborted) break;
        const sees = sightOf(probes, seesElse);
        // What can't be told is missing: a vantage point that nobody hears counts as not there.
        await store.health.note({ site: of, vantage, failureDomain, sees, probes }).catch(() => undefined);
        const restMs = Math.max(0, intervalMs - (performance.now() - begun));
        await sleep(restMs, undefined, { signal: until }).catch(() => undefined);
      }
      cancellationSignal.throwIfAborted();
    },
  };

  async function look(input: ProbeSiteInput, signal: AbortSignal) {
    const { of, targets, api, asksApi, elsewhere, elsewhereSites, intervalMs } = input;
    // A round ends before the next one begins.
    const withinMs = Math.max(200, Math.min(10_000, Math.floor(intervalMs * 0.8)));
    const [network, asked, others, otherApis] = await Promise.all([
      Promise.all([...targets, ...(api ? [api] : [])].map((target) => probeTarget(target, withinMs, signal))),
      asksApi ? askApi(of, withinMs, signal) : undefined,
      Promise.all(elsewhere.map((target) => probeTarget(target, withinMs, signal))),
      Promise.all(elsewhereSites.map((site) => askApi(site, withinMs, signal))),
    ]);
    // An API that says nothing in time is away if nothing else of the site takes a connection either; where there is nothing
    // else to look at, it counts as slow.
    const unreached = network.length > 0 && network.every(({ result }) => result === "failed");
    const own = asked?.result === "slow" && unreached ? { ...asked, result: "failed" as const } : asked;
    const probes = own ? [...network, own] : network;
    return { probes, seesElse: [...others, ...otherApis].some(({ result }) => result === "ok") };
  }

  async function askApi(site: string, withinMs: number, signal: AbortSignal): Promise<Probe> {
    const begun = performance.now();
    const within = AbortSignal.timeout(withinMs);
    const told = (result: Probe["result"], reason?: string): Probe => {
      const tookMs = Math.round(performance.now() - begun);
      return { kind: "api", target: `api of ${site}`, result, tookMs, ...(reason === undefined ? {} : { reason }) };
    };
    try {
      const { compute } = await registry.provider(site);
      for await (const _ of compute.listVms(AbortSignal.any([signal, within]))) break;
      return told("ok");
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (within.aborted || isProviderError(error, "Timeout")) return told("slow", reason);
      // Whoever refuses is there; so is who answers with a failure of its own.
      const answered =
        isProviderError(error) && (error.code !== "Unavailable" || error.details.facts?.status !== undefined);
      return answered ? told("ok", reason) : told("failed", reason);
    }
  }
}
