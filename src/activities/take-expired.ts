import { setTimeout as sleep } from "node:timers/promises";
import { renewedLease } from "../domain/fencing.ts";
import { expiresInMs, type Lease, requireHolder, type Sighting, sight, taken } from "../domain/lease.ts";
import type { GroupLeases } from "./group-leases.ts";

export interface TakeExpiredInput {
  readonly groupId: string;
  /** The site that the lease lies at. */
  readonly at: string;
  readonly from: string;
  readonly to: string;
  /** Of the lease as `from` holds it. */
  readonly epoch: number;
  /** Of this one change of holder. */
  readonly key: string;
  readonly lookEveryMs: number;
}

/** How waiting for a lease to expire has ended. */
export type Outwaited =
  | { readonly outcome: "taken"; readonly lease: Lease }
  /** The holder has renewed it: it lives. */
  | { readonly outcome: "renewed" }
  /** No watchdog stands behind it, so that its age proves nothing. */
  | { readonly outcome: "unwatched" };

/** Waits until the holder's watchdog must have cut it off, and takes its lease then. Undefined where none stands behind it.
 *  @throws ProviderError Conflict when the holder renews it. */
export async function takeExpired(
  leases: GroupLeases,
  input: TakeExpiredInput,
  signal: AbortSignal,
): Promise<Lease | undefined> {
  const outwaited = await outwait(leases, input, signal);
  if (outwaited.outcome === "renewed") throw renewedLease(input.groupId, input.from);
  return outwaited.outcome === "taken" ? outwaited.lease : undefined;
}

/** As {@link takeExpired}, for who has something else to do when the holder renews it. */
export async function outwait(
  leases: GroupLeases,
  { groupId, at, from, to, epoch, key, lookEveryMs }: TakeExpiredInput,
  signal: AbortSignal,
): Promise<Outwaited> {
  let seen: Sighting | undefined;
  for (;;) {
    const found = await leases.look(at, groupId, signal);
    // An earlier attempt has taken it, and died before it could say so.
    if (found?.lease.holder === to && found.lease.epoch === epoch + 1) return { outcome: "taken", lease: found.lease };
    const lease = requireHolder(found?.lease, { groupId, site: from, epoch });
    const version = found?.version ?? "";
    if (seen !== undefined && seen.version !== version) return { outcome: "renewed" };
    seen = sight(seen, version, performance.now());
    const leftMs = expiresInMs(lease, seen, performance.now());
    if (leftMs === undefined) return { outcome: "unwatched" };
    if (leftMs > 0) {
      await sleep(Math.min(leftMs, lookEveryMs), undefined, { signal });
      continue;
    }
    const sighting = seen;
    let isRenewed = false;
    const taking = leases.change(
      { at, groupId, key },
      (current, currentVersion) => {
        isRenewed = currentVersion !== sighting.version;
        if (isRenewed) throw renewedLease(groupId, from);
        const proof = { kind: "expired", seen: sighting, nowMs: performance.now() } as const;
        return taken(current, { groupId, from, to, epoch, proof, at: new Date().toISOString() });
      },
      signal,
    );
    return taking.then(
      (changed): Outwaited => ({ outcome: "taken", lease: changed }),
      (error: unknown): Outwaited => {
        if (isRenewed) return { outcome: "renewed" };
        throw error;
      },
    );
  }
}
