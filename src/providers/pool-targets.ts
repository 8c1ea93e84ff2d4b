import { invalid, notFound, type Subject } from "./failures.ts";
import { type Pauses, waitUntil } from "./poll.ts";
import { fullWeight, type NewTarget, type PoolShare, type PoolTarget, type TargetWait } from "./traffic-facets.ts";

/** Looks at a target until it is as wanted, it is gone, or the time is over; gives what was seen last. */
export async function watchTarget(
  see: () => Promise<PoolTarget | undefined>,
  isReached: (target: PoolTarget) => boolean,
  wait: TargetWait,
  pauses: Pauses,
  signal: AbortSignal,
): Promise<PoolTarget | undefined> {
  let seen: PoolTarget | undefined;
  const isSo = async (): Promise<boolean> => {
    seen = await see();
    return seen === undefined || isReached(seen);
  };
  await waitUntil(isSo, wait, pauses, signal);
  return seen;
}

/** What all shares weigh once those that are named are changed.
 *  @throws InvalidInput for a number that is no weight, or if nothing is left with any; NotFound for a share. */
export function weighed(
  shares: readonly PoolShare[],
  weights: Readonly<Record<string, number>>,
  subject: Subject,
): ReadonlyMap<string, number> {
  const all = new Map(shares.map(({ shareId, weight }) => [shareId, weight ?? 0]));
  for (const [shareId, weight] of Object.entries(weights)) {
    if (!all.has(shareId)) throw notFound(subject, `there is no share ${shareId}`);
    checkWeight(weight, subject);
    all.set(shareId, weight);
  }
  if ([...all.values()].every((weight) => weight === 0))
    throw invalid(subject, "no share would get anything", "Leave at least one share a weight above 0.");
  return all;
}

/** @throws InvalidInput */
export function checkWeight(weight: number, subject: Subject): void {
  if (Number.isInteger(weight) && weight >= 0 && weight <= fullWeight) return;
  throw invalid(subject, `${weight} is no weight`, `Use whole numbers from 0 to ${fullWeight}.`);
}

/** The one share of groups that takes a target. @throws InvalidInput, NotFound. */
export function shareFor(
  shares: readonly PoolShare[],
  { shareId, vmId, address }: NewTarget,
  subject: Subject,
): string {
  if ((vmId === undefined) === (address === undefined)) {
    throw invalid(subject, "a target is a VM or an address", "Name one of both.");
  }
  if (shareId !== undefined && !shares.some((share) => share.shareId === shareId)) {
    throw notFound(subject, `the pool has no share ${shareId}`);
  }
  const accepted = vmId === undefined ? "address" : "vm";
  const fitting = shares.filter(
    (share) => share.accepts === accepted && (shareId === undefined || share.shareId === shareId),
  );
  const [only, ...more] = fitting;
  if (only && more.length === 0) return only.shareId;
  const list = shares.map((share) => `${share.shareId} (of ${share.accepts}s)`).join(", ") || "none";
  throw invalid(
    subject,
    `${fitting.length === 0 ? "no share takes" : "more than one share could take"} ${vmId ?? address}`,
    `Name a share that does: ${list}.`,
  );
}
