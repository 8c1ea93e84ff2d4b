import assert from "node:assert/strict";
import { test } from "node:test";
import { listers } from "../../src/activities/resource-kinds.ts";
import type { PriceBook } from "../../src/domain/prices.ts";
import { shippedPriceList } from "../../src/store/price-catalogue.ts";
import { startOciLab } from "../sandbox/oci/support.ts";
import { addressOf, connectOci } from "./support/oci.ts";

const region = "us-ashburn-1";

test("a load balancer costs what the shipped list has for its type and bandwidth; what no list has is unknown", async () => {
  const lab = await startOciLab();
  const provider = connectOci(addressOf(lab));
  try {
    const { prices } = await (await shippedPriceList()).read();
    const own = prices.filter((price) => price.provider === "oci" && price.region === region);
    const book: PriceBook = { provider: "oci", region, prices: own.map((price) => ({ ...price, source: "shipped" })) };
    const place = { site: "oci", provider: "oci", region };
    const reading = { place, provider, prices: book, signal: AbortSignal.timeout(60_000) };
    lab.oci.admin.makeSample({ kind: "load-balancer", name: "shop" });
    lab.oci.admin.makeSample({ kind: "tunnel", name: "home" });
    const [shop] = await Array.fromAsync(listers["load-balancer"](reading) ?? []);
    // 730 hours of 0.0113, and of 10 Mbps at 0.0001.
    assert.equal(shop?.monthlyCostMicros, 730 * (11_300 + 10 * 100));
    const [home] = await Array.fromAsync(listers.tunnel(reading) ?? []);
    assert.ok(home && home.monthlyCostMicros === undefined);
    const withoutBandwidth = { ...book, prices: book.prices.filter(({ unit }) => unit !== "mbps-hour") };
    const [unknown] = await Array.fromAsync(listers["load-balancer"]({ ...reading, prices: withoutBandwidth }) ?? []);
    assert.equal(unknown?.monthlyCostMicros, undefined);
  } finally {
    await provider.close();
    await lab.close();
  }
});
