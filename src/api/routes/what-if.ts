import { type PriceTerms, priceTerms } from "../../domain/prices.ts";
import { allOf } from "../../domain/search/query.ts";
import { type EstateVm, priceEstate, type WhatIfRow } from "../../domain/what-if.ts";
import type { InventoryResource } from "../../store/index.ts";
import { type Answer, route } from "../route.ts";
import { whatIfQuery, whatIfSchema } from "../schemas/what-if.ts";
import { readSearch } from "../search-text.ts";
import type { ApiContext } from "./context.ts";

const isVm = { type: "match", field: "kind", pattern: { type: "exact", value: "vm" } } as const;

/** The estate, priced elsewhere. */
export function whatIfRoutes({ store }: ApiContext) {
  return [
    route({
      method: "get",
      path: "/v1/costs/what-if",
      operationId: "priceElsewhere",
      tag: "costs",
      summary: "What the VMs would cost a month on other providers, regions and commitments, in one table",
      description:
        "Each VM on the cheapest size that has its CPUs and memory, at list price. What moving costs, and what software allows, is for a plan: this compares prices.",
      permission: "inventory:read",
      actor: "signed-in",
      audit: undefined,
      query: whatIfQuery,
      responses: { 200: { description: "A row a provider, region and terms", schema: whatIfSchema } },
      async handle({ query, access }): Promise<Answer> {
        const now = Date.now();
        const { where, sort } = readSearch(query.q ?? "", undefined, now);
        const vms: EstateVm[] = [];
        for await (const page of store.resources.all({ where: allOf(where, isVm), sort, scopes: access.scopes })) {
          vms.push(...page.map(toEstateVm));
        }
        const wanted = query.providers?.split(",");
        const items: WhatIfRow[] = [];
        for (const { provider, region } of await store.prices.markets()) {
          if (wanted && !wanted.includes(provider)) continue;
          if (query.region !== undefined && query.region !== region) continue;
          const book = await store.prices.book(provider, region);
          const terms: readonly PriceTerms[] = query.terms ? [query.terms] : priceTerms;
          items.push(...terms.map((each) => priceEstate(vms, { book, terms: each }, now)));
        }
        const known = vms.filter(({ monthlyCostMicros: cost }) => cost !== undefined);
        const today = {
          micros: known.reduce((sum, { monthlyCostMicros: cost = 0 }) => sum + cost, 0),
          unknown: vms.length - known.length,
        };
        const asked = items.filter((row) => row.priced > 0 || query.terms !== undefined);
        return { status: 200, body: { vms: vms.length, today, items: asked.toSorted(inOrder) } };
      },
    }),
  ];
}

/** Those that price most VMs first, then the cheapest; a row without the price of disks comes behind those that have it. */
function inOrder(a: WhatIfRow, b: WhatIfRow): number {
  const whole = (row: WhatIfRow) => (row.disksMicros === undefined ? 1 : 0);
  const total = (row: WhatIfRow) => (row.machinesMicros ?? Number.POSITIVE_INFINITY) + (row.disksMicros ?? 0);
  return b.priced - a.priced || whole(a) - whole(b) || total(a) - total(b);
}

function toEstateVm(resource: InventoryResource): EstateVm {
  const { site, resourceId: vmId, name, state, cpus = 0, memoryBytes = 0, sizeBytes = 0, document } = resource;
  const { monthlyCostMicros } = resource;
  return {
    ...{ site, vmId, name, running: state === "running", cpus, memoryBytes, diskBytes: sizeBytes },
    architecture: typeof document.architecture === "string" ? document.architecture : "x86_64",
    ...(monthlyCostMicros === undefined ? {} : { monthlyCostMicros }),
  };
}
