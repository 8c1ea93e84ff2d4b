import { allPages, answerOf, connectApi, type Schemas } from "../client.ts";
import { show, table } from "../output.ts";
import { formatBytes, formatPrice, readCount, readSize } from "../units.ts";
import type { CommonOptions } from "./options.ts";

type Price = Schemas["Price"];

export interface PriceOptions extends CommonOptions {
  readonly provider?: string;
  readonly region?: string;
  readonly kind?: Price["kind"];
  readonly terms?: Price["terms"];
  readonly item?: string;
  readonly cpus?: string;
  readonly memory?: string;
  readonly architecture?: "x86_64" | "aarch64";
  readonly cheapest?: boolean;
  readonly limit?: string;
}

export async function listPrices(options: PriceOptions): Promise<void> {
  const { api } = connectApi(options);
  const wanted = readCount(options.limit ?? "100");
  const { provider, region, kind, terms, item, cpus, memory, architecture } = options;
  const filters = {
    ...(provider ? { provider } : {}),
    ...(region ? { region } : {}),
    ...(kind ? { kind } : {}),
    ...(terms ? { terms } : {}),
    ...(item ? { item } : {}),
    ...(cpus ? { min_cpus: readCount(cpus) } : {}),
    ...(memory ? { min_memory_bytes: readSize(memory) } : {}),
    ...(architecture ? { architecture } : {}),
    ...(options.cheapest ? { order: "price" as const } : {}),
  };
  let left = wanted;
  let more = false;
  const items = await allPages(async (cursor) => {
    const query = { ...filters, limit: Math.min(200, left), ...(cursor ? { cursor } : {}) };
    const page = await answerOf(api.GET("/v1/prices", { params: { query } }));
    left -= page.items.length;
    more = page.next_cursor !== undefined;
    return left > 0 ? page : { items: page.items };
  });
  await show({ items, more }, options.output, async (shown) => {
    const rows = await table(
      shown.items,
      [
        { head: "PROVIDER", value: (price) => price.provider },
        { head: "REGION", value: (price) => price.region },
        { head: "ITEM", value: (price) => (price.kind === "instance" ? price.item : `${price.kind} ${price.item}`) },
        { head: "CPU", align: "right", value: (price) => price.size?.cpus },
        { head: "MEMORY", align: "right", value: (price) => price.size && formatBytes(price.size.memory_bytes) },
        { head: "TERMS", value: (price) => price.terms },
        { head: "PRICE", align: "right", value: (price) => formatPrice(price.price) },
        { head: "PER", value: describeUnit },
        { head: "AS OF", value: (price) => `${price.priced_on}${price.derived ? " (derived)" : ""}` },
      ],
      "No price is known for this. That doesn't make it free: docs/prices.md says what the lists have.",
    );
    return shown.more ? `${rows}\n\nThere are more: raise --limit, or narrow the search.` : rows;
  });
}

function describeUnit({ unit, above }: Price): string {
  return above > 0 ? `${unit}, above ${above}` : unit;
}
