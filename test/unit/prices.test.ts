import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { formatMoney, formatPrice } from "../../src/domain/money.ts";
import { addUp, diskMonth, egressCost, instanceMonth, type Price, type PriceBook } from "../../src/domain/prices.ts";

const price = (over: Partial<Price>): Price => ({
  provider: "acme",
  region: "mars-1",
  kind: "instance",
  item: "small",
  terms: "on-demand",
  above: 0,
  price: { micros: 96_000, currency: "USD" },
  unit: "hour",
  pricedOn: "2026-07-20",
  source: "the tariff",
  ...over,
});
const book = (...prices: Price[]): PriceBook => ({ provider: "acme", region: "mars-1", prices });
const dollars = (micros: number) => ({ micros, currency: "USD" });
const gib = 2 ** 30;

describe("a price list", () => {
  test("gives the month of an instance type with its day and source", () => {
    const month = instanceMonth(book(price({})), "small", "on-demand");
    assert.deepEqual(month.amount, dollars(730 * 96_000));
    assert.equal(month.pricedOn, "2026-07-20");
    assert.equal(month.unknown, undefined);
  });

  test("says what it would take to know a price it hasn't, and never calls it nothing", () => {
    const unknown = instanceMonth(book(price({})), "small", "spot");
    assert.equal(unknown.amount, undefined);
    assert.match(unknown.unknown ?? "", /acme's price list for mars-1 .* small \(spot\); .* newest of 2026-07-20/);
    assert.match(diskMonth(book(), "gp3", gib).unknown ?? "", /no price of that region is known here/);
    const cost = addUp([instanceMonth(book(price({})), "small", "on-demand"), unknown]);
    assert.deepEqual([cost.total, cost.complete], [dollars(70_080_000), false]);
    assert.deepEqual(addUp([unknown]), { complete: false, items: [unknown] });
  });

  test("knows that some things cost nothing", () => {
    const free = price({ kind: "egress", item: "internet", unit: "gib", price: dollars(0) });
    const paid = { ...free, above: 100, price: dollars(8_500) };
    assert.deepEqual(egressCost(book(free, paid), "internet", 40 * gib).amount, dollars(0));
    assert.deepEqual(egressCost(book(paid, free), "internet", 140 * gib).amount, dollars(40 * 8_500));
    // A list that begins above some use says nothing about what is below.
    assert.match(egressCost(book(paid), "internet", gib).unknown ?? "", /traffic to internet/);
  });

  test("charges each stretch of use at its own price: never less for more, and nothing twice", () => {
    const tier = fc.record({ width: fc.integer({ min: 1, max: 1_000 }), micros: fc.integer({ min: 0, max: 200_000 }) });
    fc.assert(
      fc.property(fc.array(tier, { minLength: 1, maxLength: 5 }), fc.nat(8_000), fc.nat(500), (tiers, used, more) => {
        let above = 0;
        const list = tiers.map(({ width, micros }) => {
          const row = price({ kind: "egress", item: "internet", unit: "gib", above, price: dollars(micros) });
          above += width;
          return row;
        });
        const cost = (units: number) => egressCost(book(...list), "internet", units * gib).amount?.micros ?? -1;
        const unitPrice = (unit: number) => list.findLast((row) => row.above <= unit)?.price.micros ?? -1;
        let expected = 0;
        for (let unit = 0; unit < used; unit++) expected += unitPrice(unit);
        assert.equal(cost(used), expected);
        assert.ok(cost(used + more) >= cost(used));
      }),
    );
  });

  test("never adds up different currencies", () => {
    const euros = instanceMonth(book(price({ price: { micros: 1, currency: "EUR" } })), "small", "on-demand");
    const cost = addUp([instanceMonth(book(price({})), "small", "on-demand"), euros]);
    assert.deepEqual([cost.total?.currency, cost.complete], ["USD", false]);
  });
});

test("amounts are shown with the digits they need", () => {
  assert.equal(formatMoney(dollars(70_080_000)), "70.08 USD");
  assert.equal(formatMoney(dollars(8_500)), "0.0085 USD");
  assert.equal(formatMoney(dollars(0)), "0.00 USD");
  assert.equal(formatPrice(dollars(384_000)), "0.384 USD");
  assert.equal(formatPrice(dollars(1)), "0.000001 USD");
});
