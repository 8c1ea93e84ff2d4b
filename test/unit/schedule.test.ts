import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { planMigration } from "../../src/domain/migration-plan.ts";
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

test("the end of a copy is expected by its rate so far, and not before there is one", () => {
  assert.equal(expectedEnd({ bytes: 0, sinceMs: 1_000 }, 500, 2_000), undefined);
  assert.equal(expectedEnd({ bytes: 100, sinceMs: 1_000 }, 500, 2_000), 7_000);
});
