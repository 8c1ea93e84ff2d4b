import assert from "node:assert/strict";
import { test } from "node:test";
import type { Price } from "../../src/domain/prices.ts";
import { openStore, type PriceList } from "../../src/store/index.ts";
import { useStore } from "../support/store.ts";

const lab = useStore();

const page = { limit: 1_000 } as const;
const line = (item: string, micros: number, pricedOn: string, region = "mars-1") => ({
  provider: "acme",
  region,
  kind: "instance" as const,
  item,
  terms: "on-demand" as const,
  above: 0,
  price: { micros, currency: "EUR" },
  unit: "hour" as const,
  pricedOn,
  sourceId: "tariff",
  size: { cpus: 2, memoryBytes: 2 ** 32, architecture: "x86_64" as const, gpus: 0, burstable: false },
});
const list = (listId: string, contentHash: string, prices: ReturnType<typeof line>[]): PriceList => ({
  listId,
  contentHash,
  read: async () => ({ sources: [{ sourceId: "tariff", source: "the tariff of acme" }], prices }),
});
const asked = async (item: string): Promise<Price | undefined> =>
  (await lab.store.prices.list({ ...page, provider: "acme", item })).items[0];

test("the catalogue is loaded once, by whichever process comes first", async () => {
  const other = await openStore({ databaseUrl: lab.postgres.databaseUrl });
  try {
    const loaded = await Promise.all([lab.store.seedPrices(), other.seedPrices()]);
    assert.equal(loaded.filter(Boolean).length, 1);
    assert.equal(await lab.store.seedPrices(), false);
  } finally {
    await other.close();
  }
});

test("a price of the catalogue comes with its size, its day and where it is from", async () => {
  const { prices } = await lab.store.prices.book("aws", "us-east-1");
  const [onDemand, reserved, spot] = prices
    .filter(({ item }) => item === "m6i.large")
    .sort((a, b) => (a.terms < b.terms ? -1 : 1));
  assert.deepEqual(onDemand?.price, { micros: 96_000, currency: "USD" });
  assert.equal(onDemand.pricedOn, "2026-07-20");
  assert.match(onDemand.source, /^AWS price list/);
  assert.equal(onDemand.derived, undefined);
  assert.equal(onDemand.size?.memoryBytes, 8 * 2 ** 30);
  assert.match(spot?.derived ?? "", /less the advisor's saving of 2025-06-28/);
  assert.equal(spot?.size?.interruptionBand, 2);
  assert.equal(reserved?.pricedOn, "2023-08-30");
  // What a list doesn't have is no row, never a price of nothing.
  assert.deepEqual((await lab.store.prices.list({ ...page, provider: "aws", kind: "disk" })).items, []);
});

test("a search finds the cheapest that is big enough, over all clouds, page by page", async () => {
  const query = { kind: "instance", terms: "on-demand", minCpus: 4, minMemoryBytes: 2 ** 34, order: "price" } as const;
  const seen: Price[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < 3; pages++) {
    const { items, nextCursor } = await lab.store.prices.list({ ...query, limit: 40, ...(cursor ? { cursor } : {}) });
    seen.push(...items);
    cursor = nextCursor;
  }
  assert.equal(seen.length, 120);
  assert.equal(new Set(seen.map(({ provider, region, item }) => `${provider}/${region}/${item}`)).size, 120);
  for (const [index, { price, size }] of seen.entries()) {
    assert.ok(size && size.cpus >= 4 && size.memoryBytes >= 2 ** 34);
    assert.ok(price.micros >= (seen[index - 1]?.price.micros ?? 0));
  }
  const families = await lab.store.prices.list({ ...page, provider: "aws", item: "m6i.*", terms: "spot" });
  assert.ok(families.items.length > 3 && families.items.every(({ item }) => item.startsWith("m6i.")));
});

test("a newer list takes prices over, an older one doesn't, and what a list dropped is gone", async () => {
  const { prices } = lab.store;
  await prices.load(list("acme", "1", [line("small", 100, "2026-01-01"), line("big", 900, "2026-01-01")]));
  await prices.load(list("live", "1", [line("small", 80, "2026-06-01")]));
  assert.equal((await asked("small"))?.price.micros, 80);
  await prices.load(list("acme", "2", [line("small", 110, "2026-02-01")]));
  assert.equal((await asked("small"))?.price.micros, 80);
  assert.equal(await asked("big"), undefined);
  await prices.load(list("live", "2", [line("small", 70, "2026-07-01")]));
  assert.equal((await asked("small"))?.price.micros, 70);
});

test("a price without a source is refused, and nothing of its list is loaded", async () => {
  const { prices } = lab.store;
  const stray = { ...line("stray", 1, "2026-01-01"), sourceId: "hearsay" };
  await assert.rejects(prices.load(list("stray", "1", [line("fine", 1, "2026-01-01"), stray])), /hearsay/);
  assert.equal(await asked("fine"), undefined);
});
