import { expectedEnd } from "../domain/schedule.ts";
import type { SiteDeps } from "./deps.ts";

/** Rates of less than this say little: connections open, a cloud's first calls are slow. */
const tellingMs = 2_000;

/** Told of a copy's progress, it puts a warning into the migration's story, once, when the deadline won't be met. */
export function deadlineWatch(
  { store }: Pick<SiteDeps, "store">,
  migrationId: string,
  deadline: string | undefined,
  bytesAfter: number,
): (progress: { bytesCopied: number; bytesToMove: number }) => void {
  if (deadline === undefined) return () => undefined;
  const limit = Date.parse(deadline);
  let first: { bytes: number; at: number } | undefined;
  let warned = false;
  return ({ bytesCopied, bytesToMove }) => {
    const now = Date.now();
    // What an earlier attempt has copied is no part of this one's rate.
    first ??= { bytes: bytesCopied, at: now };
    if (warned || now - first.at < tellingMs) return;
    const left = bytesToMove - bytesCopied + bytesAfter;
    const end = expectedEnd({ bytes: bytesCopied - first.bytes, sinceMs: first.at }, left, now);
    if (end === undefined || end <= limit) return;
    warned = true;
    const expected = new Date(end).toISOString();
    // For whoever watches: never waited for, and its loss changes nothing.
    store.migrations
      .appendEvent(migrationId, {
        at: new Date(now).toISOString(),
        type: "note",
        message: `At this rate the copy alone takes until ${expected}, beyond the deadline ${deadline}`,
        data: { deadline, expected },
        dedupeKey: "deadline",
      })
      .catch(() => undefined);
  };
}
