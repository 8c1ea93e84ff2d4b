import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { planMigration } from "../../src/domain/migration-plan.ts";
import type { MoveHours } from "../../src/domain/move-hours.ts";
import { expectedEnd, type MigrationSchedule } from "../../src/domain/schedule.ts";
import { observed } from "./support/observations.ts";

const at = "2030-01-31T22:00:00.000Z";
const later = (seconds: number) => new Date(Date.parse(at) + seconds * 1000).toISOString();

function check(schedule: MigrationSchedule) {
  const base = observed({ at });
  const plan = planMigration({ ...base, request: { ...base.request, schedule } });
  return { plan, found: plan.checks.find((each) => each.check === "deadline") };
}

describe("the schedule of a plan", () => {
  test("is held against the predicted time, from when it may begin", () => {
    const seconds = check({}).plan.estimates.seconds ?? 0;
    assert.ok(seconds > 0);
    assert.equal(check({ startAt: later(60) }).found, undefined);
    assert.equal(check({ deadline: later(seconds) }).found?.result, "pass");
    assert.equal(check({ deadline: later(seconds - 0.5) }).found?.result, "warn");
    assert.equal(check({ startAt: later(60), deadline: later(60 + seconds) }).found?.result, "pass");
    assert.equal(check({ startAt: later(60), deadline: later(59 + seconds) }).found?.result, "warn");
    // A time that has passed lets it begin now.
    assert.equal(check({ startAt: later(-600), deadline: later(seconds) }).found?.result, "pass");
  });

  test("that can't be kept in any case makes the plan fail", () => {
    const { plan, found } = check({ startAt: later(60), deadline: later(60) });
    assert.equal(found?.result, "fail");
    assert.equal(plan.executable, false);
  });

  test("is part of what is pinned", () => {
    assert.deepEqual(check({ startAt: later(60) }).plan.inputs.schedule, { startAt: later(60) });
  });
});

describe("the hours of a plan", () => {
  // A Thursday, 22:00.
  const hoursOf = (schedule: MigrationSchedule, mode: "cold" | "warm" = "cold", hours?: MoveHours) => {
    const base = observed({ at });
    const defaults = { ...base.defaults, ...(hours ? { hours } : {}) };
    const plan = planMigration({ ...base, defaults, request: { ...base.request, mode, schedule } });
    const copy = plan.actions.find(({ action }) => action === "copy-disk");
    return { plan, copy, found: plan.checks.find((each) => each.check === "allowed-hours") };
  };

  test("say when a cold move begins: in the next that last long enough", () => {
    assert.match(hoursOf({ allowedHours: ["22:00-06:00"] }).found?.detail ?? "", /begins at 2030-01-31T22:00:00/);
    assert.match(hoursOf({ allowedHours: ["sat 10:00-12:00"] }).found?.detail ?? "", /begins at 2030-02-02T10:00:00/);
    const startAt = "2030-02-01T03:00:00.000Z";
    const later = hoursOf({ startAt, allowedHours: ["thu 22:00-23:00", "04:00-05:00"] }).found?.detail ?? "";
    assert.match(later, /begins at 2030-02-01T04:00:00/);
  });

  test("that are too short for a cold move are warned of, and are no matter for a warm one", () => {
    const hours = ["22:00-22:01"];
    const limit = [{ hours: "mon-sun", bytesPerSecond: 1024 }];
    const cold = hoursOf({ allowedHours: hours, bandwidthHours: limit });
    assert.equal(cold.found?.result, "warn");
    assert.match(cold.found?.remedy ?? "", /warm/);
    assert.equal(hoursOf({ allowedHours: hours, bandwidthHours: limit }, "warm").found?.result, "pass");
  });

  test("are those of the configuration where the request has none, in their zone, and are pinned", () => {
    const hours = { timeZone: "Europe/Berlin", allowedHours: ["sat,sun"] };
    const pinned = hoursOf({}, "cold", hours);
    assert.deepEqual(pinned.plan.inputs.schedule, hours);
    assert.deepEqual(pinned.copy?.parameters.hours, hours);
    assert.match(pinned.found?.detail ?? "", /begins at 2030-02-01T23:00:00/);
    const own = hoursOf({ allowedHours: [] }, "cold", hours);
    assert.deepEqual(own.plan.inputs.schedule, { timeZone: "Europe/Berlin", allowedHours: [] });
    assert.equal(own.found, undefined);
  });

  test("are taken from the configuration one kind by one, unless that is of another zone", () => {
    const limit = [{ hours: "mon-fri", bytesPerSecond: 1_000_000 }];
    const hours = { timeZone: "Europe/Berlin", allowedHours: ["sat,sun"] };
    assert.deepEqual(hoursOf({ bandwidthHours: limit }, "cold", hours).plan.inputs.schedule, {
      ...hours,
      bandwidthHours: limit,
    });
    const zone = (schedule: MigrationSchedule) =>
      hoursOf(schedule, "cold", hours).plan.checks.find(({ check }) => check === "time-zone")?.result;
    assert.equal(zone({ timeZone: "UTC", bandwidthHours: limit }), "fail");
    assert.equal(zone({ timeZone: "UTC", allowedHours: ["mon"] }), undefined);
    assert.equal(zone({ timeZone: "Europe/Berlin" }), undefined);
  });

  test("of a limit lengthen what is predicted", () => {
    const free = hoursOf({}).plan.estimates.seconds ?? 0;
    const slow = hoursOf({ bandwidthHours: [{ hours: "22:00-23:00", bytesPerSecond: 1024 }] }).plan.estimates.seconds;
    assert.ok((slow ?? 0) > free + 3000, `${slow} s instead of ${free} s`);
    const other = hoursOf({ bandwidthHours: [{ hours: "fri", bytesPerSecond: 1024 }] }).plan.estimates.seconds;
    assert.equal(other, free);
  });
});

test("the end of a copy is expected by its rate so far, and not before there is one", () => {
  assert.equal(expectedEnd({ bytes: 0, sinceMs: 1_000 }, 500, 2_000), undefined);
  assert.equal(expectedEnd({ bytes: 100, sinceMs: 1_000 }, 500, 2_000), 7_000);
});
