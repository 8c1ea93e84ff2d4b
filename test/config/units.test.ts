import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatDuration, parseDuration, parseRate, parseShare, parseSize } from "../../src/config/units.ts";

const whole = fc.integer({ min: 0, max: 100_000 });
const hasNoUnit = (text: string) => !/^\d/.test(text) || /^[\d.\s]*$/.test(text);

test("a duration is the sum of its parts", () => {
  const parts = fc.array(fc.tuple(whole, fc.constantFrom("ms", "s", "m", "h", "d")), { minLength: 1, maxLength: 4 });
  const length = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 };
  fc.assert(
    fc.property(parts, (list) => {
      const text = list.map(([value, unit]) => `${value}${unit}`).join("");
      assert.equal(
        parseDuration(text),
        list.reduce((sum, [value, unit]) => sum + value * length[unit], 0),
      );
    }),
  );
  assert.equal(parseDuration("1.5h"), 5_400_000);
  assert.equal(parseDuration("50ms"), 50);
});

test("a duration that is formatted is read as the same", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 1e12 }), (ms) => parseDuration(formatDuration(ms)) === ms));
});

test("a size is its number in its unit", () => {
  const units = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4000 }),
      fc.constantFrom(...Object.entries(units)),
      (value, [unit, bytes]) => {
        assert.equal(parseSize(`${value}${unit}`), value * bytes);
        assert.equal(parseSize(`${value} ${unit}`), value * bytes);
      },
    ),
  );
  assert.equal(parseSize("1.5GiB"), 1.5 * 2 ** 30);
});

test("a rate is Mbps unless it says otherwise", () => {
  fc.assert(
    fc.property(whole, (value) => {
      assert.equal(parseRate(value), value * 125_000);
      assert.equal(parseRate(`${value}Mbps`), parseRate(value));
      assert.equal(parseRate(`${value}Gbps`), value * 125_000_000);
    }),
  );
});

test("a share is a fraction or a percentage", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100 }), (percent) => {
      assert.equal(parseShare(`${percent}%`), percent / 100);
      assert.equal(parseShare(percent / 100), percent / 100);
    }),
  );
  for (const bad of [1.01, -0.1, 90, "101%", "0.5", "many%"]) assert.equal(parseShare(bad), undefined, String(bad));
});

test("what has no number or no unit is nothing", () => {
  fc.assert(
    fc.property(fc.string().filter(hasNoUnit), (text) => {
      assert.equal(parseDuration(text), undefined);
      assert.equal(parseSize(text), undefined);
      assert.equal(parseRate(text), undefined);
    }),
  );
  for (const bad of ["5x", "-5s", "5 s", "s", "5m3", "1e3s", "99999999999999d", ""])
    assert.equal(parseDuration(bad), undefined, bad);
  for (const bad of ["5", "5Gib", "5gb", "-1GiB", "GiB", "99999999TiB"]) assert.equal(parseSize(bad), undefined, bad);
});
