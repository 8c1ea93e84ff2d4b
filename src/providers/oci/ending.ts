import { isProviderError } from "../../domain/errors.ts";
import { type Subject, unavailable } from "../failures.ts";
import type { Oci } from "./client.ts";

/**
 * For who asks for an end again and again until it is over: Oracle says "not found" of what may not be ended, too. What it
 * still shows then has not gone, and is waited for only as long as a list may be late.
 */
export function askToEnd(oci: Oci, subject: Subject): (end: Promise<unknown>) => Promise<void> {
  let unknownSince: number | undefined;
  return async (end) => {
    try {
      await end;
    } catch (error) {
      if (!isProviderError(error, "NotFound")) throw error;
      unknownSince ??= performance.now();
      if (performance.now() - unknownSince < oci.patience.consistencyMs) return;
      throw unavailable(
        subject,
        "Oracle Cloud shows it and does not find it when it is to end: the policies may forbid it",
      );
    }
  };
}
