import { randomUUID } from "node:crypto";
import { allPages, answerOf, connectApi, type Schemas } from "../client.ts";
import { confirm } from "../confirm.ts";
import { show, table } from "../output.ts";
import { readCount } from "../units.ts";
import type { CommonOptions } from "./options.ts";

type Plan = Schemas["AddressPlan"];
type Range = Schemas["PlannedRange"];

export async function showAddressPlan(options: CommonOptions & { site?: string }): Promise<void> {
  const { api } = connectApi(options);
  const query = options.site === undefined ? {} : { site: options.site };
  await show(await answerOf(api.GET("/v1/address-plan", { params: { query } })), options.output, describePlan);
}

export async function listPools(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const { items } = await answerOf(api.GET("/v1/address-pools"));
  await show(items, options.output, (pools) =>
    table(
      pools,
      [
        { head: "NAME", value: (pool) => pool.name },
        { head: "RANGE", value: (pool) => pool.cidr },
        { head: "LEFT OUT", value: (pool) => pool.excluded.join(", ") || "-" },
      ],
      "There are no pools of addresses.",
    ),
  );
}

export async function setPool(
  name: string,
  cidr: string,
  options: CommonOptions & { exclude?: string[] },
): Promise<void> {
  const { api } = connectApi(options);
  const params = { path: { id: name }, header: { "Idempotency-Key": randomUUID() } };
  const pool = await answerOf(
    api.POST("/v1/address-pools/{id}", {
      params,
      body: { cidr, ...(options.exclude ? { excluded: options.exclude } : {}) },
    }),
  );
  await show(pool, options.output, (set) => `The pool ${set.name} gives out ranges of ${set.cidr}.`);
}

export async function removePool(name: string, options: CommonOptions & { yes?: boolean }): Promise<void> {
  const { api } = connectApi(options);
  await confirm(`Remove the pool ${name}?`, options.yes ?? false);
  const params = { path: { id: name }, header: { "Idempotency-Key": randomUUID() } };
  const removed = await answerOf(api.DELETE("/v1/address-pools/{id}", { params }));
  await show(removed, options.output, (pool) => `The pool ${pool.name} is removed.`);
}

export async function allocate(
  pool: string,
  prefixLength: string,
  options: CommonOptions & { site: string; name: string },
): Promise<void> {
  const { api } = connectApi(options);
  const params = { path: { id: pool }, header: { "Idempotency-Key": randomUUID() } };
  const body = { site: options.site, name: options.name, prefix_length: readCount(prefixLength.replace(/^\//, "")) };
  const got = await answerOf(api.POST("/v1/address-pools/{id}/allocations", { params, body }));
  await show(got, options.output, ({ cidr, site, allocation_id: id }) => `${cidr} is kept for ${site} (${id}).`);
}

export async function listAllocations(options: CommonOptions & { pool?: string }): Promise<void> {
  const { api } = connectApi(options);
  const pool = options.pool === undefined ? {} : { pool: options.pool };
  const allocations = await allPages((cursor) =>
    answerOf(
      api.GET("/v1/address-allocations", { params: { query: { limit: 200, ...pool, ...(cursor ? { cursor } : {}) } } }),
    ),
  );
  await show(allocations, options.output, (items) =>
    table(
      items,
      [
        { head: "POOL", value: (one) => one.pool },
        { head: "RANGE", value: (one) => one.cidr },
        { head: "SITE", value: (one) => one.site },
        { head: "FOR", value: (one) => one.name },
        { head: "ID", value: (one) => one.allocation_id },
      ],
      "Nothing is given out.",
    ),
  );
}

export async function release(id: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const params = { path: { id }, header: { "Idempotency-Key": randomUUID() } };
  const freed = await answerOf(api.DELETE("/v1/address-allocations/{id}", { params }));
  await show(freed, options.output, ({ cidr, pool }) => `${cidr} is back in the pool ${pool}.`);
}

async function describePlan(plan: Plan): Promise<string> {
  const clashing = new Set(plan.overlaps.flatMap(({ first, second }) => [keyOf(first), keyOf(second)]));
  const reasons = new Map(plan.unusable.map(({ range, reason }) => [keyOf(range), reason]));
  const ranges = await table(
    plan.ranges,
    [
      { head: "RANGE", value: (range) => range.cidr },
      { head: "SITE", value: (range) => range.site },
      { head: "NETWORK", value: (range) => range.name },
      { head: "", value: (range) => reasons.get(keyOf(range)) ?? (clashing.has(keyOf(range)) ? "overlaps" : "") },
    ],
    "No site shows a network with a range.",
  );
  const proposals = plan.proposals.map((proposal) => {
    const { range, clashes_with: others, renumber_to: home, translate_to: seenAs } = proposal;
    const ways = [
      ...(home ? [`renumber it to ${home.cidr}${home.pool === undefined ? "" : ` (pool ${home.pool})`}`] : []),
      ...(seenAs ? [`or show it to the others as ${seenAs.cidr}`] : []),
    ];
    const clash = others.map((other) => `${other.cidr} of ${other.name} at ${other.site}`).join(", ");
    return `${range.cidr} of ${range.name} at ${range.site} overlaps ${clash}: ${ways.join(", ") || "no range is free for it"}.`;
  });
  return [ranges, ...(proposals.length > 0 ? ["", ...proposals] : [])].join("\n");
}

function keyOf({ site, network_id: network, cidr }: Range): string {
  return `${site} ${network} ${cidr}`;
}
