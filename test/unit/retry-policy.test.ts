import assert from "node:assert/strict";
import { test } from "node:test";
import { msToNumber } from "@temporalio/common/lib/time.js";
import { bulkCall, recordCall, siteCall, undoCall } from "../../src/workflows/lib/activity-options.ts";

const promisedMs = 10 * 60 * 1000;
const ms = (duration: string | number | undefined): number =>
  duration === undefined ? Number.NaN : msToNumber(duration);

/** Pauses between attempts that all fail at once, until they add up to `untilMs`. */
function pauses(retry: typeof siteCall.retry, untilMs: number): number[] {
  const all: number[] = [];
  const [first, most] = [ms(retry?.initialInterval), ms(retry?.maximumInterval)];
  for (let sum = 0; sum < untilMs; sum += all.at(-1) ?? 0) {
    all.push(Math.min(most, first * (retry?.backoffCoefficient ?? 2) ** all.length));
  }
  return all;
}

for (const [name, call] of Object.entries({ siteCall, bulkCall, undoCall, recordCall })) {
  test(`${name} outlives a link that is lost for ten minutes, and soon notices that it is back`, () => {
    const { retry } = call;
    assert.equal(retry?.maximumAttempts, undefined, "attempts are not counted");
    for (const code of ["Unavailable", "Timeout", "Unknown"]) {
      assert.ok(!retry?.nonRetryableErrorTypes?.includes(code), `${code} is tried again`);
    }
    const ladder = pauses(retry, promisedMs);
    const sum = ladder.reduce((total, pause) => total + pause, 0);
    assert.ok(sum >= promisedMs);
    // The last pause is the longest that the link's return goes unnoticed.
    assert.ok((ladder.at(-1) ?? Number.POSITIVE_INFINITY) <= 5_000, `${ladder.at(-1)} ms`);
    // The worst: one attempt begins with the loss and hangs for all it may, those after it fail at once until the link
    // is back, and one that takes all its time then succeeds.
    const budget = ms(call.scheduleToCloseTimeout);
    if (call !== bulkCall) assert.ok(budget >= 2 * ms(call.startToCloseTimeout) + sum, `${budget} ms`);
    else assert.ok(budget >= 100 * sum);
  });
}
