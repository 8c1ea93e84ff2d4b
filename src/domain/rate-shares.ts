/** Of a limit, what each holder keeps whatever the others need; of many holders half of the limit goes by order. */
const floorShare = 1 / 16;

/**
 * Shares of a limit for its holders in their order, which add up to it: the first gets what it needs (all, where it does not
 * say), the next what is left. Equal shares would keep copies that began together in step, and the link would idle whenever
 * all of them do something else at once. A floor keeps anybody from standing still; what nobody needs is divided equally, so
 * that a need which grows is met at once.
 */
export function sharesInOrder(limit: number, needs: readonly (number | undefined)[]): number[] {
  const floor = limit * Math.min(floorShare, 1 / (2 * needs.length));
  let left = limit - floor * needs.length;
  const shares = needs.map((need = limit) => {
    const beyond = Math.min(left, Math.max(0, need - floor));
    left -= beyond;
    return floor + beyond;
  });
  return shares.map((share) => share + left / shares.length);
}

/** Whose bytes they are: of a guest that waits for each of its writes, of a source that stands still, or of one that runs on. */
export type MoveKind = "live" | "stopped" | "running";

const behindAllStopped = 2 ** 60;

/** A holder's place in the order: the lowest goes first. Those whose source is off have it off the shortest in all when the one
 *  with the least left goes first. */
export function rankOf(kind: MoveKind, leftBytes: number): number {
  if (kind === "live") return 0;
  return 1 + Math.max(0, leftBytes) + (kind === "running" ? behindAllStopped : 0);
}
