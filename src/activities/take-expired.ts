import { setTimeout as sleep } from "node:timers/promises";
import { ProviderError } from "../domain/errors.ts";
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

/** Waits until the holder's watchdog must have cut it off, and takes its lease then. Undefined where none stands behind it.
 *  @throws ProviderError Conflict when the holder renews it. */
export async function takeExpired(
  leases: GroupLeases,
  input: TakeExpiredInput,
  signal: AbortSignal,
): Promise<Lease | undefined> {
  const { groupId, at, from, to, epoch, key, lookEveryMs } = input;
  let seen: Sighting | undefined;
  for (;;) {
    const found = await leases.look(at, groupId, signal);
    // An earlier attempt has taken it, and died before it could say so.
    if (found?.lease.holder === to && found.lease.epoch === epoch + 1) return found.lease;
    const lease = requireHolder(found?.lease, { groupId, site: from, epoch });
    const version = found?.version ?? "";
    if (seen !== undefined && seen.version !== version) throw alive(groupId, from);
    seen = sight(seen, version, performance.now());
    const leftMs = expiresInMs(lease, seen, performance.now());
    if (leftMs === undefined) return undefined;
    if (leftMs > 0) {
      await sleep(Math.min(leftMs, lookEveryMs), undefined, { signal });
      continue;
    }
    const sighting = seen;
    return leases.change(
      { at, groupId, key },
      (current, currentVersion) => {
        if (currentVersion !== sighting.version) throw alive(groupId, from);
        const proof = { kind: "expired", seen: sighting, nowMs: performance.now() } as const;
        return taken(current, { groupId, from, to, epoch, proof, at: new Date().toISOString() });
      },
      signal,
    );
  }
}

function alive(groupId: string, holder: string): ProviderError {
  return new ProviderError("Conflict", {
    operation: "take the lease",
    resource: `protection-group/${groupId}`,
    reason: `${holder} has just renewed it: it is there, and somebody there can reach the recovery site`,
    action: "Look at the site again; a planned failover loses nothing.",
  });
}
