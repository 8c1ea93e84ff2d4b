import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type PlacementWish, place } from "../../src/domain/placement.ts";
import type { Quota } from "../../src/domain/quota.ts";
import { bookOf, cloud, gib, priceOf, sizeOf } from "./support/observations.ts";

const wish: PlacementWish = {
  cpus: 1,
  memoryBytes: gib / 4,
  architecture: "x86_64",
  firmware: "bios",
  disks: 1,
  nics: 1,
  gpus: 0,
  capacityType: "on-demand",
  burstable: false,
};
const types = cloud.instanceTypes ?? [];
const book = cloud.prices ?? bookOf();
const names = (over: Partial<PlacementWish>, quotas: readonly Quota[] = []) =>
  place({ ...wish, ...over }, types, book, quotas).offerings.map(({ type }) => type.name);

describe("the size that a VM gets", () => {
  test("is the cheapest that fits, with the next ones behind it, and says what was left out", () => {
    const { offerings, why } = place(wish, types, book, []);
    assert.deepEqual(
      offerings.map(({ type }) => type.name),
      ["c6.large", "m6.large", "m6.xlarge", "n1.large"],
    );
    assert.match(why, /cheapest of 4 that fit, 0\.085 USD an hour \(list of 2026-07-20\)/);
    assert.match(why, /next m6\.large \(0\.096 USD\), m6\.xlarge \(0\.192 USD\)/);
    assert.match(why, /1 of them have no known price/);
    for (const reason of ["are bare metal", "are burstable", "have GPUs", "are for aarch64"]) {
      assert.ok(why.includes(reason), why);
    }
  });

  test("never takes a size of unknown price for cheap, and without any price takes the smallest", () => {
    const unpriced = place(wish, types, bookOf(), []);
    assert.equal(unpriced.offerings[0]?.type.name, "c6.large");
    assert.match(unpriced.why, /smallest of 4 that fit; no price is known of any of them/);
    // There is one spot price only.
    assert.equal(names({ capacityType: "spot" })[0], "c6.large");
    assert.deepEqual(names({ memoryBytes: 6 * gib, capacityType: "spot" }), ["m6.large", "n1.large", "m6.xlarge"]);
  });

  test("is burstable, has GPUs or is for other processors only when that is asked for", () => {
    assert.ok(names({ burstable: true }).includes("t3.micro"));
    assert.deepEqual(names({ gpus: 1 }), ["g5.xlarge"]);
    assert.deepEqual(names({ architecture: "aarch64" }), ["m7g.large"]);
  });

  test("that was named is taken at its word, except where it can't start", () => {
    assert.deepEqual(names({ instanceType: "t3.micro", memoryBytes: 2 * gib }), ["t3.micro"]);
    assert.deepEqual(names({ instanceType: "m6.metal" }), ["m6.metal"]);
    const wrong = place({ ...wish, instanceType: "m7g.large" }, types, book, []);
    assert.deepEqual(wrong.offerings, []);
    assert.match(wrong.why, /m7g\.large was asked for; such sizes are for aarch64/);
    assert.match(place({ ...wish, instanceType: "m6.huge" }, types, book, []).why, /there are m6\.large, m6\.xlarge/);
  });

  test("is one that the zone offers, the firmware starts, the disks fit and the guest can drive", () => {
    const zoned = [sizeOf("a.large", 2, 8, { zones: ["mars-1b"] }), sizeOf("b.large", 2, 8)];
    const of = (over: Partial<PlacementWish>) => place({ ...wish, ...over }, zoned, bookOf(), []);
    assert.equal(of({ zone: "mars-1a" }).offerings[0]?.type.name, "b.large");
    assert.equal(of({ disks: 40 }).offerings.length, 0);
    assert.match(of({ nics: 4 }).why, /2 take fewer than 4 network interfaces/);
    const nvme = of({
      unusable: ({ diskBus }) => (diskBus === "nvme" ? "need a driver that the guest lacks" : undefined),
    });
    assert.match(nvme.why, /none of 2 sizes will do: 2 need a driver that the guest lacks/);
    const bios = place(
      { ...wish, firmware: "uefi" },
      [sizeOf("old.large", 2, 8, { firmwares: ["bios"] })],
      bookOf(),
      [],
    );
    assert.match(bios.why, /don't start with UEFI/);
  });

  test("stays within the quotas of its family", () => {
    const quota: Quota = {
      quota: "vcpus",
      title: "Running C instances",
      limit: 4,
      used: 3,
      unit: "vCPUs",
      instanceFamilies: ["c6"],
    };
    const { offerings, why } = place(wish, types, book, [quota]);
    assert.equal(offerings[0]?.type.name, "m6.large");
    assert.match(why, /1 exceed the quota Running C instances \(3 of 4 vCPUs used\)/);
    assert.equal(names({}, [{ ...quota, capacityType: "spot" }])[0], "c6.large");
  });

  test("is the same whatever the order of the list, fits, and none that fits is cheaper", () => {
    const anyType = fc
      .record({
        cpus: fc.integer({ min: 1, max: 8 }),
        memoryGib: fc.integer({ min: 1, max: 32 }),
        burstable: fc.boolean(),
        bareMetal: fc.boolean(),
        uefi: fc.boolean(),
        micros: fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }),
      })
      .map((row) => row);
    const wishes = fc.record({
      cpus: fc.integer({ min: 1, max: 8 }),
      memoryBytes: fc.integer({ min: 1, max: 32 }).map((count) => count * gib),
      firmware: fc.constantFrom("bios" as const, "uefi" as const),
    });
    fc.assert(
      fc.property(fc.array(anyType, { maxLength: 20 }), wishes, fc.integer(), (rows, over, turn) => {
        const list = rows.map((row, index) =>
          sizeOf(`x${index}.any`, row.cpus, row.memoryGib, {
            burstable: row.burstable,
            bareMetal: row.bareMetal,
            firmwares: row.uefi ? ["uefi"] : ["bios"],
          }),
        );
        const prices = bookOf(
          ...rows.flatMap(({ micros }, index) =>
            micros === undefined ? [] : [priceOf({ item: `x${index}.any`, price: { micros, currency: "USD" } })],
          ),
        );
        const asked = { ...wish, ...over };
        const { offerings } = place(asked, list, prices, []);
        const at = Math.abs(turn) % Math.max(1, list.length);
        assert.deepEqual(
          place(asked, [...list.slice(at), ...list.slice(0, at)].reverse(), prices, []).offerings,
          offerings,
        );
        const fitting = list.filter(
          (type) =>
            type.cpus >= asked.cpus &&
            type.memoryBytes >= asked.memoryBytes &&
            type.firmwares.includes(asked.firmware) &&
            !type.burstable &&
            !type.bareMetal,
        );
        assert.equal(offerings.length, Math.min(5, fitting.length));
        const [best] = offerings;
        const priceAt = (name: string) => prices.prices.find(({ item }) => item === name)?.price.micros;
        const cheapest = Math.min(...fitting.map(({ name }) => priceAt(name) ?? Number.POSITIVE_INFINITY));
        if (best) assert.equal(best.price?.price.micros ?? Number.POSITIVE_INFINITY, cheapest);
        for (const { type } of offerings) assert.ok(fitting.includes(type));
      }),
    );
  });
});
