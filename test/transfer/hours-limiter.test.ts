import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { BandwidthLimiter } from "../../src/transfer/bandwidth.ts";
import { createHoursLimiter } from "../../src/transfer/hours-limiter.ts";

/** Notes what passes which limit. */
class Limits {
  readonly passed: string[] = [];
  readonly open = new Set<number>();

  readonly limiterFor = (rate: number): BandwidthLimiter => {
    this.open.add(rate);
    return {
      take: async (bytes) => void this.passed.push(`${bytes} at ${rate}`),
      close: async () => void this.open.delete(rate),
    };
  };
}

describe("a limit that follows the hours", () => {
  test("is another one in other hours, and gives its share back in those without one", async () => {
    const limits = new Limits();
    let rate: number | undefined = 5;
    const limiter = createHoursLimiter({
      openAt: () => true,
      rateAt: () => rate,
      limiterFor: limits.limiterFor,
      onClosed: async () => assert.fail("it was never closed"),
      onOpen: async () => assert.fail("it was never closed"),
    });
    await limiter.take(1);
    rate = 7;
    await limiter.take(2);
    assert.deepEqual([...limits.open], [7]);
    rate = undefined;
    await limiter.take(3);
    assert.deepEqual([...limits.open], []);
    rate = 5;
    await limiter.take(4);
    await limiter.close();
    assert.deepEqual(limits.passed, ["1 at 5", "2 at 7", "4 at 5"]);
    assert.deepEqual([...limits.open], []);
  });

  test("lets nothing pass while it is closed, holds no share then, and goes on by itself", async () => {
    const limits = new Limits();
    let open = true;
    let asked = 0;
    const told: string[] = [];
    const limiter = createHoursLimiter({
      openAt: () => open,
      rateAt: () => 5,
      limiterFor: limits.limiterFor,
      onClosed: async () => {
        assert.deepEqual([...limits.open], []);
        open = ++asked === 2;
        return false;
      },
      onOpen: async () => void told.push(`open, nothing of ${limits.passed.length} more`),
    });
    await limiter.take(1);
    open = false;
    await Promise.all([limiter.take(2), limiter.take(3)]);
    assert.equal(asked, 2);
    assert.deepEqual(told, ["open, nothing of 1 more"]);
    assert.deepEqual(limits.passed, ["1 at 5", "2 at 5", "3 at 5"]);
    await limiter.close();
  });

  test("goes on at the hour's limit when somebody overrules it", async () => {
    const limits = new Limits();
    let asked = 0;
    const limiter = createHoursLimiter({
      openAt: () => false,
      rateAt: () => 5,
      limiterFor: limits.limiterFor,
      onClosed: async () => ++asked === 1,
      onOpen: async () => undefined,
    });
    await limiter.take(1);
    await limiter.take(2);
    assert.equal(asked, 1);
    assert.deepEqual(limits.passed, ["1 at 5", "2 at 5"]);
  });

  test("ends its waiting with the signal's reason, and others still pass", async () => {
    const limits = new Limits();
    const abort = new AbortController();
    let open = false;
    const limiter = createHoursLimiter({
      openAt: () => open,
      rateAt: () => 5,
      limiterFor: limits.limiterFor,
      onClosed: async () => {
        abort.abort(new Error("no longer wanted"));
        return false;
      },
      onOpen: async () => undefined,
    });
    await assert.rejects(limiter.take(1, abort.signal), /no longer wanted|aborted/);
    open = true;
    await limiter.take(2);
    assert.deepEqual(limits.passed, ["2 at 5"]);
  });
});
