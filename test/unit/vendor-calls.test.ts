import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorCode, isProviderError, ProviderError } from "../../src/domain/errors.ts";
import { CallBudgets, callVendor, type VendorCall } from "../../src/providers/vendor-calls.ts";

const { signal } = new AbortController();

function failure(code: ErrorCode, retryAfterMs?: number): ProviderError {
  const said = { operation: "look", resource: "site/vm/1", reason: "it is so", action: "Wait." };
  return new ProviderError(code, { ...said, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

/** A call that fails so often, with what was told of it and how long the budget was held back. */
async function calling(failures: readonly ProviderError[], more: Partial<VendorCall> = {}) {
  const told: string[] = [];
  const throttled: (number | undefined)[] = [];
  const logged: string[] = [];
  const left = [...failures];
  const call: VendorCall = {
    ...{ call: "core:GetVm", attempts: 3, firstRetryMs: 1 },
    budget: { take: async () => undefined, throttled: async (ms) => void throttled.push(ms) },
    failureOf: (error) => error as ProviderError,
    isHarmless: () => true,
    ...more,
  };
  const context = {
    log: (_level: string, message: string) => void logged.push(message),
    onCall: ({ code, attempt }: { code: string; attempt: number }) => void told.push(`${attempt} ${code}`),
  };
  const answer = await callVendor(call, context, signal, async () => {
    const next = left.shift();
    if (next) throw next;
    return "answer";
  }).catch((error: unknown) => error);
  return { answer, told, throttled, logged };
}

test("a passing failure is overcome, each try is told, and a refusal for its rate holds the budget back", async () => {
  const { answer, told, throttled } = await calling([failure("RateLimited", 2), failure("Unavailable")]);
  assert.equal(answer, "answer");
  assert.deepEqual(told, ["1 RateLimited", "2 Unavailable", "3 ok"]);
  assert.deepEqual(throttled, [2]);
});

test("what a repeat could make twice, what lasts, and what is to wait for long is passed on at once", async () => {
  const lasting = failure("QuotaExceeded");
  for (const [first, more] of [
    [failure("Timeout"), { isHarmless: () => false }],
    [lasting, {}],
    [failure("RateLimited", 60_000), {}],
  ] as const) {
    const { answer, told } = await calling([first], more);
    assert.ok(isProviderError(answer, first.code), String(answer));
    assert.deepEqual(told, [`1 ${first.code}`]);
    assert.deepEqual(answer.details.facts, { operation: "core:GetVm", attempt: 1 });
  }
});

test("the last try's failure is the call's, and one that nobody knows is logged", async () => {
  const away = [1, 2, 3].map(() => failure("Unavailable"));
  const { answer } = await calling(away, { operation: "GetVm" });
  assert.ok(isProviderError(answer, "Unavailable"));
  assert.deepEqual(answer.details.facts, { operation: "GetVm", attempt: 3 });
  const { logged } = await calling([failure("Unknown")]);
  assert.equal(logged.length, 1);
});

test("a family of calls has one budget", () => {
  let made = 0;
  const budgets = new CallBudgets({
    budget: () => {
      made += 1;
      return { take: async () => undefined };
    },
  });
  const rate = { perSecond: 1, burst: 1 };
  assert.equal(budgets.of("read", rate), budgets.of("read", rate));
  budgets.of("write", rate);
  assert.equal(made, 2);
});
