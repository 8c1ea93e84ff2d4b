import assert from "node:assert/strict";
import { test } from "node:test";
import { isTimeZone, isWithin, nextChange, parseHours } from "../../src/domain/hours.ts";
import { allowance, bandwidthAt, nextStart, secondsAtLimits } from "../../src/domain/move-hours.ts";

const berlin = "Europe/Berlin";
const at = (text: string): number => Date.parse(text);

function within(text: string, time: string, zone = "UTC"): boolean {
  const hours = parseHours(text);
  assert.ok(hours, text);
  return isWithin([hours], at(time), zone);
}

function changeAfter(text: string, time: string, zone = "UTC"): string | undefined {
  const hours = parseHours(text);
  assert.ok(hours, text);
  const change = nextChange([hours], at(time), zone);
  return change === undefined ? undefined : new Date(change).toISOString();
}

test("hours of the week are read, and nothing else is", () => {
  assert.deepEqual(parseHours("mon-fri 22:00-06:00"), { days: [1, 2, 3, 4, 5], from: 1320, to: 360 });
  assert.deepEqual(parseHours("Sat,Sun"), { days: [0, 6], from: 0, to: 1440 });
  assert.deepEqual(parseHours("fri-mon 8:00-24:00"), { days: [0, 1, 5, 6], from: 480, to: 1440 });
  for (const wrong of ["", "mon 25:00-26:00", "work", "mon-fri x", "22:00-22:00", "mon-tue-wed", "mon tue", "8-9"]) {
    assert.equal(parseHours(wrong), undefined, wrong);
  }
  assert.ok(isTimeZone(berlin));
  assert.ok(!isTimeZone("Europe/Nowhere"));
});

test("hours past midnight belong to the day they begin on", () => {
  assert.ok(within("fri 22:00-06:00", "2026-11-27T23:00:00Z"));
  assert.ok(within("fri 22:00-06:00", "2026-11-28T05:59:00Z"));
  assert.ok(!within("fri 22:00-06:00", "2026-11-28T06:00:00Z"));
  assert.ok(!within("fri 22:00-06:00", "2026-11-28T22:30:00Z"));
  assert.ok(!within("fri 22:00-06:00", "2026-11-27T03:00:00Z"));
});

test("hours are those of their zone, also where its clocks are set", () => {
  assert.ok(within("22:00-23:00", "2026-11-28T21:30:00Z", berlin));
  assert.equal(changeAfter("mon-fri 22:00-06:00", "2026-11-28T16:00:00Z", berlin), "2026-11-30T21:00:00.000Z");
  // Clocks go from 01:59 UTC+1 to 03:00 UTC+2 on 2026-03-29.
  assert.equal(changeAfter("03:00-05:00", "2026-03-28T23:00:00Z", berlin), "2026-03-29T01:00:00.000Z");
  assert.equal(changeAfter("02:30-03:30", "2026-03-28T23:00:00Z", berlin), "2026-03-29T01:00:00.000Z");
  assert.equal(changeAfter("02:30-03:30", "2026-03-29T01:10:00Z", berlin), "2026-03-29T01:30:00.000Z");
});

test("hours that never end have no change, and neighbours are one", () => {
  assert.equal(changeAfter("mon-sun", "2026-11-28T16:00:00Z"), undefined);
  assert.deepEqual(allowance({}, at("2026-11-28T16:00:00Z")), { open: true });
  const hours = { allowedHours: ["16:00-17:00", "17:00-18:00"] };
  assert.deepEqual(allowance(hours, at("2026-11-28T16:10:00Z")), { open: true, changes: at("2026-11-28T18:00:00Z") });
});

test("a move that takes longer than what is left of the hours begins in the next that last", () => {
  const hours = { allowedHours: ["sat 12:00-17:00", "mon 10:00-14:00"] };
  const now = at("2026-11-28T16:00:00Z");
  assert.deepEqual(nextStart(hours, now, 1800), { at: now, fits: true });
  assert.deepEqual(nextStart(hours, now, 7200), { at: at("2026-11-30T10:00:00Z"), fits: true });
  assert.deepEqual(nextStart(hours, now, 20 * 3600), { at: now, fits: false });
  assert.deepEqual(nextStart(hours, at("2026-11-28T18:00:00Z"), 20 * 3600), {
    at: at("2026-11-30T10:00:00Z"),
    fits: false,
  });
});

test("the lowest limit of the hour holds, and the time bytes need follows it", () => {
  const hours = { bandwidthHours: [{ hours: "16:00-17:00", bytesPerSecond: 10 }] };
  const now = at("2026-11-28T16:00:00Z");
  assert.equal(bandwidthAt(hours, 100, now), 10);
  assert.equal(bandwidthAt(hours, 5, now), 5);
  assert.equal(bandwidthAt(hours, undefined, at("2026-11-28T17:00:00Z")), undefined);
  // An hour at 10 a second, then 100 a second.
  assert.equal(secondsAtLimits(hours, 100, 3600 * 10 + 100_000, now), 3600 + 1000);
  assert.equal(secondsAtLimits(hours, undefined, 1e9, now), 3600);
  assert.equal(secondsAtLimits({}, undefined, 1e9, now), 0);
});
