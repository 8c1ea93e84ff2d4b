import { type ErrorCode, ProviderError } from "../domain/errors.ts";

/** What a proxy says to an order that it does not carry out. */
export function refusal(
  code: ErrorCode,
  operation: string,
  listener: string,
  reason: string,
  action: string,
): ProviderError {
  return new ProviderError(code, { operation, resource: `proxy/${listener}`, reason, action });
}
