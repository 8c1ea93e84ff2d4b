import { randomUUID } from "node:crypto";
import { planAddresses } from "../../domain/address-plan.ts";
import { lengthOf, widthOf } from "../../domain/address-pool.ts";
import { readRange } from "../../domain/address-range.ts";
import { networkRanges } from "../network-ranges.ts";
import { ProblemError } from "../problem.ts";
import { type Answer, route } from "../route.ts";
import {
  addressPlanQuery,
  addressPlanSchema,
  allocationBody,
  allocationListQuery,
  allocationListSchema,
  allocationSchema,
  poolBody,
  poolListSchema,
  poolSchema,
} from "../schemas/address.ts";
import { type ApiContext, configuredSite, defaultPageSize, idParams, notFound, requireReach } from "./context.ts";

/** The networks of all sites as one plan, and the pools that new ones come out of. */
export function addressRoutes(context: ApiContext) {
  const { store } = context;
  return [
    route({
      method: "get",
      path: "/v1/address-plan",
      operationId: "getAddressPlan",
      tag: "networks",
      summary: "The ranges of all sites' networks: where they overlap, and what could be done",
      permission: "networks:read",
      actor: "signed-in",
      audit: undefined,
      query: addressPlanQuery,
      responses: { 200: { description: "The plan, of the networks that you reach", schema: addressPlanSchema } },
      async handle({ query: { site }, access }): Promise<Answer> {
        if (site !== undefined) configuredSite(context, access, site);
        const [ranges, pools, taken] = await Promise.all([
          networkRanges(store, access.scopes),
          store.addresses.pools(),
          store.addresses.taken(),
        ]);
        const plan = planAddresses(ranges, pools, taken);
        if (site === undefined) return { status: 200, body: plan };
        const isHere = (range: { readonly site: string }) => range.site === site;
        return {
          status: 200,
          body: {
            ranges: plan.ranges.filter(isHere),
            overlaps: plan.overlaps.filter(({ first, second }) => isHere(first) || isHere(second)),
            proposals: plan.proposals.filter(({ range, clashesWith }) => isHere(range) || clashesWith.some(isHere)),
            unusable: plan.unusable.filter(({ range }) => isHere(range)),
          },
        };
      },
    }),
    route({
      method: "get",
      path: "/v1/address-pools",
      operationId: "listAddressPools",
      tag: "networks",
      summary: "The pools of addresses",
      permission: "networks:read",
      actor: "signed-in",
      audit: undefined,
      responses: { 200: { description: "All of them", schema: poolListSchema } },
      async handle(): Promise<Answer> {
        return { status: 200, body: { items: await store.addresses.pools() } };
      },
    }),
    route({
      method: "post",
      path: "/v1/address-pools/{id}",
      operationId: "setAddressPool",
      tag: "networks",
      summary: "Make a pool of addresses, or change it",
      permission: "networks:write",
      actor: "signed-in",
      audit: "address-pool.set",
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      body: poolBody,
      responses: { 200: { description: "The pool as it is now", schema: poolSchema } },
      async handle({ params: { id }, body: { cidr, excluded = [] }, access, actor }): Promise<Answer> {
        requireReach(access, {});
        const before = await store.addresses.pool(id);
        const createdBy = actor?.responsible ?? "";
        const after = await store.addresses.setPool({ name: id, cidr, excluded, createdBy });
        return { status: 200, body: after, ...(before ? { before } : {}), after };
      },
    }),
    route({
      method: "delete",
      path: "/v1/address-pools/{id}",
      operationId: "removeAddressPool",
      tag: "networks",
      summary: "Remove a pool that nothing is given out of",
      permission: "networks:write",
      actor: "signed-in",
      audit: "address-pool.remove",
      stepUp: true,
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      responses: { 200: { description: "The pool that was removed", schema: poolSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        requireReach(access, {});
        const before = await store.addresses.pool(id);
        if (!before) throw notFound("address pool", id, "GET /v1/address-pools lists those that there are.");
        await store.addresses.removePool(id);
        return { status: 200, body: before, before };
      },
    }),
    route({
      method: "post",
      path: "/v1/address-pools/{id}/allocations",
      operationId: "allocateAddresses",
      tag: "networks",
      summary: "Give a site the next free range of a pool",
      description: "Free means: no network of any site overlaps it, nor anything that was given out.",
      permission: "networks:write",
      actor: "signed-in",
      audit: "addresses.allocate",
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      body: allocationBody,
      responses: { 201: { description: "The range", schema: allocationSchema } },
      async handle({ params: { id }, body, access, actor }): Promise<Answer> {
        const { site, prefix_length: prefixLength, name } = body;
        requireReach(access, { site });
        configuredSite(context, access, site, "whole");
        const range = readRange((await store.addresses.pool(id))?.cidr ?? "");
        if (range && (prefixLength < lengthOf(range) || prefixLength > widthOf(range.family))) {
          throw new ProblemError("InvalidInput", {
            detail: `A /${prefixLength} is no part of the pool, which is a /${lengthOf(range)} of IPv${range.family}`,
            action: `Ask for a prefix length from ${lengthOf(range)} to ${widthOf(range.family)}.`,
          });
        }
        // Also of networks that the caller doesn't see: they are in use all the same.
        const taken = (await networkRanges(store)).map(({ cidr }) => cidr);
        const createdBy = actor?.responsible ?? "";
        const wanted = { allocationId: randomUUID(), pool: id, site, name, createdBy, prefixLength };
        const after = await store.addresses.allocate(wanted, taken);
        return { status: 201, body: after, after };
      },
    }),
    route({
      method: "get",
      path: "/v1/address-allocations",
      operationId: "listAddressAllocations",
      tag: "networks",
      summary: "Ranges that are given out",
      permission: "networks:read",
      actor: "signed-in",
      audit: undefined,
      query: allocationListQuery,
      responses: { 200: { description: "One page", schema: allocationListSchema } },
      async handle({ query: { limit = defaultPageSize, ...query }, access: { scopes } }): Promise<Answer> {
        return { status: 200, body: await store.addresses.allocations({ ...query, limit, scopes }) };
      },
    }),
    route({
      method: "delete",
      path: "/v1/address-allocations/{id}",
      operationId: "releaseAddresses",
      tag: "networks",
      summary: "Give a range back to its pool",
      permission: "networks:write",
      actor: "signed-in",
      audit: "addresses.release",
      stepUp: true,
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      responses: { 200: { description: "The range that is free again", schema: allocationSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        const before = await store.addresses.allocation(id);
        if (!before || !access.covers({ site: before.site })) {
          throw notFound("address allocation", id, "GET /v1/address-allocations lists those that you reach.");
        }
        await store.addresses.release(id);
        return { status: 200, body: before, before };
      },
    }),
  ];
}
