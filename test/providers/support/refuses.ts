import assert from "node:assert/strict";
import { type ErrorCode, isProviderError } from "../../../src/domain/errors.ts";

/** The call fails with that code of the union. */
export async function refuses(code: ErrorCode, call: Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(isProviderError(error), `not a ProviderError: ${String(error)}`);
    assert.equal(error.code, code, error.message);
    return true;
  });
}

/** Refused as not to be had, with the reason of the capability table. */
export async function lacks(reason: string, call: Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(isProviderError(error, "UnsupportedCapability"), String(error));
    assert.ok(error.message.includes(reason), error.message);
    return true;
  });
}
