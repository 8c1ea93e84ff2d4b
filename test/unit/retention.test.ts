import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type AgedPoint, defaultRetention, pointsToRemove, type Retention } from "../../src/domain/retention.ts";

const now = Date.parse("2026-03-01T00:00:00Z");
const hour = 3_600;
const everything: Retention = { count: 1000, maxAgeSeconds: 365 * 24 * hour, thinning: [] };

function point(ageSeconds: number, more: Partial<AgedPoint> = {}): AgedPoint {
  return { pointId: `p${ageSeconds}`, takenAt: new Date(now - ageSeconds * 1000).toISOString(), ...more };
}

function removed(points: readonly AgedPoint[], retention: Retention): string[] {
  return pointsToRemove(points, retention, now).map(({ pointId }) => pointId);
}

const suspicion = { reason: "ten times as much changed" };

describe("a retention", () => {
  test("keeps so many, and none for longer than it says", () => {
    const points = [1, 2, 3, 4].map((age) => point(age * hour));
    assert.deepEqual(removed(points, { ...everything, count: 2 }), [`p${3 * hour}`, `p${4 * hour}`]);
    assert.deepEqual(removed(points, { ...everything, maxAgeSeconds: 2.5 * hour }), [`p${3 * hour}`, `p${4 * hour}`]);
    assert.deepEqual(removed(points, everything), []);
  });

  test("thins what is older, and leaves one for each stretch of time", () => {
    const points = Array.from({ length: 48 }, (_, index) => point(index * 600 + 1));
    const thinning = [{ afterSeconds: hour, everySeconds: hour }];
    const gone = new Set(removed(points, { ...everything, thinning }));
    const left = points.filter(({ pointId }) => !gone.has(pointId));
    // Six of the first hour, and one for each of the seven hours before.
    assert.equal(left.length, 13);
    // What is kept stays kept: looking again removes nothing more.
    assert.deepEqual(removed(left, { ...everything, thinning }), []);
  });

  test("never removes the newest, which the next round is built on, nor what is held", () => {
    const old = [point(10 * hour), point(20 * hour, { heldBecause: "an audit" })];
    assert.deepEqual(removed(old, { ...everything, maxAgeSeconds: hour }), []);
  });

  test("keeps suspect points, and all clean ones from before the first of them", () => {
    const points = [point(1), point(hour), point(2 * hour, { suspicion }), point(3 * hour), point(9 * hour)];
    const strict = { ...everything, count: 1, maxAgeSeconds: 60 };
    assert.deepEqual(removed(points, strict), [`p${hour}`]);
    // Once a person has looked, they age as all others do.
    assert.deepEqual(
      removed(
        points.map(({ suspicion: _looked, ...rest }) => rest),
        strict,
      ),
      [hour, 2 * hour, 3 * hour, 9 * hour].map((age) => `p${age}`),
    );
  });

  test("keeps the newest clean point while newer ones are suspect", () => {
    const points = [point(1, { suspicion }), point(hour, { suspicion }), point(2 * hour)];
    assert.deepEqual(removed(points, { ...everything, count: 1, maxAgeSeconds: 60 }), []);
  });

  test("by default keeps the last hours whole, and thins days and weeks", () => {
    const retention = defaultRetention(hour);
    const points = Array.from({ length: 30 * 24 * 4 }, (_, index) => point(index * 900 + 1));
    const gone = new Set(removed(points, retention));
    const ages = points.flatMap(({ pointId }, index) => (gone.has(pointId) ? [] : [index * 900 + 1]));
    const within = (from: number, to: number) => ages.filter((age) => age > from && age <= to).length;
    assert.equal(within(0, 2 * hour), 8);
    assert.equal(within(2 * hour, 24 * hour), 22);
    assert.equal(within(24 * hour, 7 * 24 * hour), 36);
    assert.equal(within(7 * 24 * hour, 30 * 24 * hour), 23);
    assert.deepEqual(
      defaultRetention(48 * hour).thinning.map(({ everySeconds }) => everySeconds),
      [48 * hour, 48 * hour],
    );
  });

  test("whatever the points, keeps the newest one and all that are suspect or held", () => {
    const anyPoint = fc.record({ age: fc.integer({ min: 0, max: 10_000_000 }), mark: fc.constantFrom("", "s", "h") });
    fc.assert(
      fc.property(fc.array(anyPoint, { maxLength: 40 }), fc.integer({ min: 1, max: 20 }), (given, count) => {
        const points = given.map(({ age, mark }, index) => ({
          ...point(age, mark === "s" ? { suspicion } : mark === "h" ? { heldBecause: "so" } : {}),
          pointId: `p${index}`,
        }));
        const gone = new Set(removed(points, { ...defaultRetention(hour), count }));
        const left = points.filter(({ pointId }) => !gone.has(pointId));
        const newest = Math.max(...points.map(({ takenAt }) => Date.parse(takenAt)));
        assert.ok(points.length === 0 || left.some(({ takenAt }) => Date.parse(takenAt) === newest));
        assert.ok(points.every((each) => left.includes(each) || (!each.suspicion && each.heldBecause === undefined)));
      }),
    );
  });
});
