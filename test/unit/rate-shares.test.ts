import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { rankOf, sharesInOrder } from "../../src/domain/rate-shares.ts";

const sum = (shares: readonly number[]) => shares.reduce((total, share) => total + share, 0);

describe("shares of a limit", () => {
  test("are all of it for one, whatever it needs", () => {
    assert.deepEqual(sharesInOrder(1600, [undefined]), [1600]);
    assert.deepEqual(sharesInOrder(1600, [10]), [1600]);
  });

  test("go by order, but for a floor", () => {
    assert.deepEqual(sharesInOrder(1600, [undefined, undefined, undefined]), [1400, 100, 100]);
    assert.deepEqual(sharesInOrder(1600, [500, 300, undefined]), [500, 300, 800]);
  });

  test("that nobody needs are divided equally", () => {
    assert.deepEqual(sharesInOrder(1600, [0, 0]), [800, 800]);
    assert.deepEqual(sharesInOrder(1600, [400, 200]), [900, 700]);
  });

  test("add up to the limit and leave nobody without any, however many there are", () => {
    for (const holders of [1, 2, 15, 16, 17, 200]) {
      const needs = Array.from({ length: holders }, (_, index) => (index % 3 === 0 ? undefined : index));
      const shares = sharesInOrder(1000, needs);
      assert.ok(Math.abs(sum(shares) - 1000) < 1e-6, `${sum(shares)} for ${holders}`);
      assert.ok(Math.min(...shares) >= 1000 / (2 * Math.max(16, holders)));
      assert.ok((shares[0] ?? 0) >= Math.max(...shares) - 1e-9);
    }
  });
});

test("the order is: who waits with each write, who stands still with the least left, who runs on", () => {
  const line = [rankOf("live", 9), rankOf("stopped", 0), rankOf("stopped", 2 ** 50), rankOf("running", 1)];
  assert.deepEqual(
    line.toSorted((one, other) => one - other),
    line,
  );
  assert.equal(new Set(line).size, 4);
});
