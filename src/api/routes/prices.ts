import { priceAgeDays } from "../../domain/prices.ts";
import { type Answer, route } from "../route.ts";
import { priceListQuery, priceListSchema } from "../schemas/price.ts";
import { type ApiContext, defaultPageSize } from "./context.ts";

export function priceRoutes({ store }: ApiContext) {
  return [
    route({
      method: "get",
      path: "/v1/prices",
      operationId: "listPrices",
      tag: "prices",
      summary: "List prices of clouds: capacity, disks, traffic",
      description: "Each with its day and source. A price that is not listed is unknown, not zero.",
      permission: "prices:read",
      actor: "signed-in",
      audit: undefined,
      query: priceListQuery,
      responses: { 200: { description: "One page", schema: priceListSchema } },
      async handle({ query }): Promise<Answer> {
        const { limit = defaultPageSize, min_cpus: minCpus, min_memory_bytes: minMemoryBytes, ...rest } = query;
        const page = await store.prices.list({ ...rest, minCpus, minMemoryBytes, limit });
        const now = Date.now();
        const items = page.items.map((price) => ({ ...price, ageDays: priceAgeDays(price, now) }));
        return { status: 200, body: { ...page, items } };
      },
    }),
  ];
}
