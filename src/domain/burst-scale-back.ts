import { type BurstLease, isLeaseOpen } from "./burst.ts";

/**
 * The VMs that go where so many are to: those that do not serve yet before those that do, then the dearest to keep, then the
 * youngest. One that is paid for anyway for another while stays until that is over.
 */
export function leasesToRelease(
  leases: readonly BurstLease[],
  count: number,
  { nowMs, leastBilledSeconds }: { readonly nowMs: number; readonly leastBilledSeconds: number },
): readonly BurstLease[] {
  const open = leases.filter(
    (lease) => isLeaseOpen(lease) && lease.state !== "leaving" && lease.leaveReason === undefined,
  );
  const billed = ({ state, orderedAt }: BurstLease) =>
    state !== "ordered" && nowMs - Date.parse(orderedAt) < leastBilledSeconds * 1000;
  return open
    .filter((lease) => !billed(lease))
    .toSorted(
      (a, b) =>
        Number(a.state === "serving") - Number(b.state === "serving") ||
        // What an hour of it costs is not known: it may be the dearest.
        keep(b) - keep(a) ||
        (a.orderedAt > b.orderedAt ? -1 : 1),
    )
    .slice(0, Math.max(0, count));
}

function keep({ hourly }: BurstLease): number {
  return hourly?.micros ?? Number.MAX_SAFE_INTEGER;
}
