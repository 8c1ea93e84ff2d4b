import { ApplicationFailure, isCancellation } from "@temporalio/workflow";
import { describeFailure } from "../lib/failure.ts";
import type { LeftBehind } from "../lib/saga.ts";

/** What a migration says to an order that does not fit to how it stands. */
export function refusal(migrationId: string, reason: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(reason, "Conflict", { resource: `migration/${migrationId}` });
}

export function afterSwitch(migrationId: string): ApplicationFailure {
  return refusal(
    migrationId,
    "It moved while it ran: going back to the source as it was would lose what it did since. Move it back, or bring it home with undo where its plan has a window for that",
  );
}

/** How a run ends that came to nothing. */
export function runFailure(migrationId: string, error: unknown): Error {
  if (isCancellation(error)) return error as Error;
  const { code, message, facts } = describeFailure(error);
  return ApplicationFailure.create({
    type: code,
    message,
    nonRetryable: true,
    details: [{ resource: `migration/${migrationId}`, facts }],
  });
}

/** @throws ApplicationFailure Unavailable for the first of what could not be undone. */
export function refuseLeft(migrationId: string, [left]: readonly LeftBehind[]): void {
  if (!left) return;
  throw ApplicationFailure.nonRetryable(`${left.resource}: ${left.reason}`, "Unavailable", {
    resource: `migration/${migrationId}`,
  });
}

export function withoutReason(left: readonly LeftBehind[]): { resource: string; remove: string }[] {
  return left.map(({ resource, remove, reason }) => ({ resource: `${resource} (${reason})`, remove }));
}
