// Long because it is one table of routes.
import { type BurstPoolView, isLeaseOpen } from "../../domain/burst.ts";
import { type BurstRequest, burstFault, resolveBurst } from "../../domain/burst-request.ts";
import { type BurstChange, replayedSignal, whatIf } from "../../domain/burst-what-if.ts";
import { fromWire } from "../../domain/wire.ts";
import { poolSubject } from "../../store/index.ts";
import { ProblemError } from "../problem.ts";
import { type Access, type Answer, type Route, route } from "../route.ts";
import {
  burstDecisionListSchema,
  burstLeaseListSchema,
  burstOrderBody,
  burstPageQuery,
  burstPoolBody,
  burstPoolListSchema,
  burstPoolSchema,
  burstWhatIfBody,
  burstWhatIfSchema,
} from "../schemas/burst.ts";
import { type ApiContext, configuredSite, defaultPageSize, idParams, notFound, requireReach } from "./context.ts";

const tag = "bursting";
const monthMs = 30 * 86_400_000;
const stepSeconds = 300;

/** Pools of VMs that come and go with a load. Where `{id}` is a pool's, its name will do. */
export function burstRoutes(context: ApiContext): readonly Route[] {
  const { store, runs } = context;
  return [
    route({
      method: "get",
      path: "/v1/burst-pools",
      operationId: "listBurstPools",
      tag,
      summary: "Pools, by name",
      permission: "bursts:read",
      actor: "signed-in",
      audit: undefined,
      responses: { 200: { description: "All of them", schema: burstPoolListSchema } },
      async handle({ access }): Promise<Answer> {
        return { status: 200, body: { items: await store.burstPools.list(access.scopes) } };
      },
    }),
    route({
      method: "post",
      path: "/v1/burst-pools",
      operationId: "createBurstPool",
      tag,
      summary: "Have VMs come and go with the load of a site",
      permission: "bursts:write",
      actor: "signed-in",
      audit: "burst-pool.create",
      idempotent: true,
      body: burstPoolBody,
      responses: { 201: { description: "The pool; it is looked after from now on", schema: burstPoolSchema } },
      async handle({ body, access, actor, stableId }): Promise<Answer> {
        const settings = readSettings(body, access, actor?.responsible ?? "");
        const poolId = stableId("burst");
        await store.burstPools.create({ poolId, settings, createdBy: actor?.id ?? "" });
        await runs.watchPool({ poolId, name: settings.name });
        const after = await reached(access, poolId);
        const headers = { Location: `/v1/burst-pools/${poolId}` };
        return { status: 201, body: after, after, headers };
      },
    }),
    route({
      method: "get",
      path: "/v1/burst-pools/{id}",
      operationId: "getBurstPool",
      tag,
      summary: "One pool, with all of its settings",
      permission: "bursts:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The pool", schema: burstPoolSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        return { status: 200, body: await reached(access, id) };
      },
    }),
    route({
      method: "post",
      path: "/v1/burst-pools/{id}",
      operationId: "changeBurstPool",
      tag,
      summary: "Change all of a pool's settings; VMs that are there stay as they are",
      permission: "bursts:write",
      actor: "signed-in",
      audit: "burst-pool.change",
      idempotent: true,
      params: idParams,
      body: burstPoolBody,
      responses: { 200: { description: "The pool as it is now", schema: burstPoolSchema } },
      async handle({ params: { id }, body, access, actor }): Promise<Answer> {
        const before = await active(access, id);
        const settings = readSettings(body, access, actor?.responsible ?? "");
        if (settings.name !== before.name || settings.site !== before.site) {
          throw new ProblemError("InvalidInput", {
            detail: "A pool keeps its name and its site",
            action: "Make another pool, and delete this one.",
            resource: `burst-pool/${id}`,
          });
        }
        await store.burstPools.change(before.poolId, settings);
        const after = await reached(access, before.poolId);
        return { status: 200, body: after, before, after };
      },
    }),
    route({
      method: "delete",
      path: "/v1/burst-pools/{id}",
      operationId: "deleteBurstPool",
      tag,
      summary: "End a pool: its VMs are drained and removed",
      permission: "bursts:write",
      actor: "signed-in",
      audit: "burst-pool.delete",
      stepUp: true,
      // To let go is what a freeze wants.
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      responses: { 202: { description: "Its VMs go", schema: burstPoolSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        const before = await reached(access, id);
        await store.burstPools.end(before.poolId, "deleting");
        await runs.watchPool(before);
        return { status: 202, body: await reached(access, before.poolId), before };
      },
    }),
    route({
      method: "post",
      path: "/v1/burst-pools/{id}/order",
      operationId: "orderBurst",
      tag,
      summary: "Have at least so many VMs, whatever the load is; 0 leaves it to the load again",
      permission: "bursts:write",
      actor: "signed-in",
      audit: "burst-pool.order",
      idempotent: true,
      params: idParams,
      body: burstOrderBody,
      responses: { 202: { description: "The pool follows", schema: burstPoolSchema } },
      async handle({ params: { id }, body: { vms }, access }): Promise<Answer> {
        const before = await active(access, id);
        if (vms > before.maxVms) {
          throw new ProblemError("QuotaExceeded", {
            detail: `${vms} VMs are more than the ${before.maxVms} that the pool may have`,
            action: "Order fewer, or change max_vms of the pool.",
            resource: `burst-pool/${before.poolId}`,
          });
        }
        await store.burstPools.order(before.poolId, vms);
        const after = await reached(access, before.poolId);
        return { status: 202, body: after, before: { ordered: before.ordered }, after: { ordered: vms } };
      },
    }),
    route({
      method: "post",
      path: "/v1/burst-pools/{id}/release",
      operationId: "releaseBurst",
      tag,
      summary: "Drain and remove all of a pool's VMs now; what its load then needs comes anew",
      permission: "bursts:write",
      actor: "signed-in",
      audit: "burst-pool.release",
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      responses: { 202: { description: "They go", schema: burstPoolSchema } },
      async handle({ params: { id }, access, actor }): Promise<Answer> {
        const pool = await active(access, id);
        await store.burstPools.order(pool.poolId, 0);
        const leases = (await store.burstLeases.of(pool.poolId)).filter(isLeaseOpen);
        const leaveReason = `${actor?.responsible ?? "somebody"} released it`;
        for (const { leaseId } of leases) await store.burstLeases.update(leaseId, { leaveReason });
        const after = { released: leases.map(({ leaseId }) => leaseId) };
        return { status: 202, body: await reached(access, pool.poolId), after };
      },
    }),
    route({
      method: "get",
      path: "/v1/burst-pools/{id}/decisions",
      operationId: "listBurstDecisions",
      tag,
      summary: "What a pool decided and why, also where it did nothing; the newest first",
      permission: "bursts:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      query: burstPageQuery,
      responses: { 200: { description: "One page", schema: burstDecisionListSchema } },
      async handle({ params: { id }, query: { limit = defaultPageSize, ...query }, access }): Promise<Answer> {
        const { poolId } = await reached(access, id);
        return { status: 200, body: await store.burstPools.decisions(poolId, { ...query, limit }) };
      },
    }),
    route({
      method: "get",
      path: "/v1/burst-pools/{id}/leases",
      operationId: "listBurstLeases",
      tag,
      summary: "A pool's VMs from their order to their end, the youngest first",
      permission: "bursts:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      query: burstPageQuery,
      responses: { 200: { description: "One page", schema: burstLeaseListSchema } },
      async handle({ params: { id }, query: { limit = defaultPageSize, ...query }, access }): Promise<Answer> {
        const { poolId } = await reached(access, id);
        return { status: 200, body: await store.burstLeases.list(poolId, { ...query, limit }) };
      },
    }),
    route({
      method: "post",
      path: "/v1/burst-pools/{id}/what-if",
      operationId: "replayBurstPool",
      tag,
      summary: "What other settings would have made of the load that was",
      permission: "bursts:read",
      actor: "signed-in",
      audit: "burst-pool.what-if",
      idempotent: true,
      duringFreeze: true,
      params: idParams,
      body: burstWhatIfBody,
      responses: { 200: { description: "Both, replayed", schema: burstWhatIfSchema } },
      async handle({ params: { id }, body, access }): Promise<Answer> {
        const pool = await reached(access, id);
        const { from: asked, to: until, ...change } = body;
        const to = until ?? new Date().toISOString();
        const from = asked ?? new Date(Date.parse(to) - monthMs).toISOString();
        const signal = replayedSignal(pool);
        if (!signal || Date.parse(from) >= Date.parse(to)) {
          throw new ProblemError("InvalidInput", {
            detail: signal
              ? "The time has no length"
              : "The pool watches no utilisation; a queue's length can't be replayed",
            action: signal ? "Let `from` be before `to`." : "Let it watch the CPU as well.",
            resource: `burst-pool/${pool.poolId}`,
          });
        }
        const { metric, resourceId } = signal;
        const of = { site: pool.site, metric, from, to, stepSeconds };
        const series = await store.metrics.range({ ...of, ...(resourceId === undefined ? {} : { resourceId }) });
        const leases = await store.burstLeases.of(pool.poolId, from);
        const load = loadOf(pool, { from, to }, series, leases);
        const hourly = leases.find((lease) => lease.hourly)?.hourly;
        const replayed = whatIf(pool, signal, fromWire<BurstChange>(change), { load, hourly });
        return { status: 200, body: { metric, from, to, ...replayed } };
      },
    }),
  ];

  async function reached(access: Access, nameOrId: string): Promise<BurstPoolView> {
    const pool = await store.burstPools.find(nameOrId);
    if (pool && access.covers(poolSubject(pool))) return pool;
    throw notFound("burst-pool", nameOrId, "GET /v1/burst-pools lists those that you reach.");
  }

  async function active(access: Access, nameOrId: string): Promise<BurstPoolView> {
    const pool = await reached(access, nameOrId);
    if (pool.state === "active") return pool;
    throw new ProblemError("Conflict", {
      detail: `The pool ${pool.name} is ${pool.state}`,
      action: "Make another one.",
      resource: `burst-pool/${pool.poolId}`,
    });
  }

  function readSettings(body: unknown, access: Access, caller: string) {
    const settings = resolveBurst(fromWire<BurstRequest>(body as never), caller);
    const { site, sites, balancer, tags } = settings;
    const all = [...new Set([site, ...sites, ...(balancer ? [balancer.site] : [])])];
    requireReach(
      access,
      all.map((each) => ({ site: each, tags })),
    );
    for (const each of all) configuredSite(context, access, each);
    const detail = burstFault(settings);
    if (detail === undefined) return settings;
    throw new ProblemError("InvalidInput", { detail, action: "Change that, and ask again.", resource: "burst-pool" });
  }
}

type Series = Awaited<ReturnType<ApiContext["store"]["metrics"]["range"]>>;
type Leases = Awaited<ReturnType<ApiContext["store"]["burstLeases"]["of"]>>;

/** The work there was, a minute each: what was measured, on what was serving then. */
function loadOf({ ownVms }: BurstPoolView, { from, to }: { from: string; to: string }, series: Series, leases: Leases) {
  const startMs = Math.floor(Date.parse(from) / 60_000) * 60_000;
  const minutes = Math.floor((Date.parse(to) - startMs) / 60_000);
  const steps = Map.groupBy(
    series.flatMap(({ points }) => points),
    ({ at }) => Math.floor(Date.parse(at) / (stepSeconds * 1000)),
  );
  const perMinute = Array.from({ length: minutes }, (_, minute) => {
    const atMs = startMs + minute * 60_000;
    const points = steps.get(Math.floor(atMs / (stepSeconds * 1000)));
    if (!points) return undefined;
    const serving = leases.filter(
      ({ servingAt, endedAt }) =>
        servingAt !== undefined &&
        Date.parse(servingAt) <= atMs &&
        (endedAt === undefined || Date.parse(endedAt) > atMs),
    ).length;
    return (points.reduce((sum, { value }) => sum + value, 0) / points.length) * (ownVms + serving);
  });
  return { startMs, perMinute };
}
