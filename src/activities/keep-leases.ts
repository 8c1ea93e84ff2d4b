import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "@temporalio/activity";
import { carry } from "../domain/carried-error.ts";
import { ProviderError } from "../domain/errors.ts";
import { established, renewed } from "../domain/lease.ts";
import type { ActivityDeps } from "./deps.ts";
import { GroupLeases } from "./group-leases.ts";

const lookEveryMs = 250;
const lookAfterMs = 10_000;
/** Shorter than who asked waits. */
const answerWithinMs = 4_000;

type Ask = Awaited<ReturnType<ActivityDeps["store"]["leaseAsks"]["open"]>>[number];

/** Renewing leases for watchdogs, which reach the API and not the recovery site: one long activity, rows in the store. */
export function keepLeaseActivities({ registry, store, leaseTerms, ensureSiteHealth, log }: ActivityDeps) {
  const leases = new GroupLeases({ registry });
  return {
    /** For `forMs`; then the next round takes over. Sees to it, too, that somebody looks at each site where a group is served.
     *  Any number of workers may do it at once. */
    async keepLeases({ forMs }: { forMs: number }): Promise<void> {
      const { cancellationSignal } = Context.current();
      const until = AbortSignal.any([cancellationSignal, AbortSignal.timeout(forMs)]);
      const busy = new Set<string>();
      let looked = Number.NEGATIVE_INFINITY;
      while (!until.aborted) {
        if (performance.now() - looked > lookAfterMs) {
          looked = performance.now();
          await haveSitesLookedAt().catch((error: unknown) => log.warn("Sites of groups are not looked at", error));
        }
        for (const ask of await store.leaseAsks.open()) {
          if (busy.has(ask.askId)) continue;
          busy.add(ask.askId);
          // One recovery site that doesn't answer keeps the others waiting for nothing.
          void answer(ask).finally(() => busy.delete(ask.askId));
        }
        await sleep(lookEveryMs, undefined, { signal: until }).catch(() => undefined);
      }
      cancellationSignal.throwIfAborted();
    },
  };

  async function haveSitesLookedAt(): Promise<void> {
    const groups = (await store.protection.all()).filter(({ replicatesTo }) => replicatesTo !== undefined);
    const sites = new Set(groups.flatMap(({ writableSite }) => writableSite ?? []));
    for (const site of sites) await ensureSiteHealth(site);
  }

  async function answer(ask: Ask): Promise<void> {
    try {
      await store.leaseAsks.put(ask.askId, await renew(ask).catch((error: unknown) => ({ error: carry(error) })));
    } catch {
      // A store that is away: whoever asked asks again.
    }
  }

  async function renew({ askId, groupId, site, epoch, watched }: Ask) {
    const group = await store.protection.get(groupId);
    if (!group || group.writableSite !== site || group.epoch !== epoch) {
      throw new ProviderError("Conflict", {
        operation: "renew the lease",
        resource: `protection-group/${groupId}`,
        reason: `${site} may not write as it (epoch ${epoch})`,
        action: "See novacron protection show.",
      });
    }
    const at = group.replicatesTo ?? group.currentSite;
    const now = new Date().toISOString();
    const wanted = { groupId, holder: site, epoch, at: now, ...leaseTerms };
    const claim = { groupId, site, epoch, watched, at: now };
    const signal = AbortSignal.timeout(answerWithinMs);
    const lease = await leases.change(
      { at, groupId, key: askId },
      (before) => renewed(established(before, wanted), claim),
      signal,
    );
    return { durationMs: lease.durationMs, marginMs: lease.marginMs };
  }
}
