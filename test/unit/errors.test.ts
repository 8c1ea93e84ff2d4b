import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { errorCodes, errorMeanings, isProviderError, ProviderError } from "../../src/domain/errors.ts";

describe("the error union", () => {
  test("gives every code one meaning, and no meaning without a code", () => {
    assert.deepEqual(Object.keys(errorMeanings).sort(), [...errorCodes].sort());
    assert.equal(new Set(errorCodes).size, errorCodes.length);
  });

  test("never blames the caller for what a site refuses us", () => {
    for (const code of ["CloudUnauthenticated", "CloudPermissionDenied"] as const) {
      assert.equal(errorMeanings[code].httpStatus, 502);
    }
  });

  test("does not retry what a repeat cannot mend", () => {
    for (const code of ["InvalidInput", "NotFound", "Conflict", "PolicyBlocked", "IntegrityFailure"] as const) {
      assert.equal(errorMeanings[code].retry, "never");
    }
  });
});

describe("a provider error", () => {
  const cause = new Error("ECONNREFUSED");
  const error = new ProviderError("Unavailable", {
    operation: "start VM",
    resource: "onprem-b/vm/7f3c",
    reason: "the host does not answer",
    action: "Check that libvirtd runs.",
    retryAfterMs: 500,
    cause,
  });

  test("says what failed, on which resource, why, and what to do", () => {
    const text = "Could not start VM (onprem-b/vm/7f3c): the host does not answer. Check that libvirtd runs.";
    assert.equal(error.message, text);
    assert.equal(error.cause, cause);
    assert.equal(error.retryAfterMs, 500);
  });

  test("is told from other errors, and by its code", () => {
    assert.ok(isProviderError(error));
    assert.ok(isProviderError(error, "Timeout", "Unavailable"));
    assert.ok(!isProviderError(error, "Timeout"));
    assert.ok(!isProviderError(cause));
    assert.ok(!isProviderError(undefined));
  });
});
