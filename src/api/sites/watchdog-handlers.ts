import { setTimeout as sleep } from "node:timers/promises";
import { uncarry } from "../../domain/carried-error.ts";
import { ProviderError } from "../../domain/errors.ts";
import type { LeaseTerms } from "../../domain/lease.ts";
import type { ProtectionGroup } from "../../domain/protection.ts";
import type { SiteInput, SiteOutput } from "../../site/contract.ts";
import type { SiteWorker, Store } from "../../store/index.ts";

type Order = SiteOutput<"watchdogOrders">["orders"][number];
interface Caller {
  readonly worker: SiteWorker;
}

const answerEveryMs = 100;
/** Shorter than who asks waits. */
const answerWithinMs = 4_500;

/** What watchdogs of sites ask. Their leases lie at other sites: a worker that reaches those answers through the store. */
export function watchdogHandlers(store: Pick<Store, "protection" | "leaseAsks">, terms: LeaseTerms) {
  return {
    async watchdogOrders(
      { groupIds }: SiteInput<"watchdogOrders">,
      { worker: { site } }: Caller,
    ): Promise<SiteOutput<"watchdogOrders">> {
      const groups = await store.protection.all();
      const own = groups.filter(({ writableSite, policy }) => writableSite === site && policy.watchdog);
      const ids = new Set([...groupIds, ...own.map(({ groupId }) => groupId)]);
      return { orders: [...ids].map((groupId) => orderOf(site, groupId, groups, terms)) };
    },

    async renewGroupLease(
      { groupId, epoch, watched, askId }: SiteInput<"renewGroupLease">,
      { worker: { site } }: Caller,
    ): Promise<SiteOutput<"renewGroupLease">> {
      await store.leaseAsks.ask({ askId, groupId, site, epoch, watched });
      for (const deadline = performance.now() + answerWithinMs; performance.now() < deadline; ) {
        const answer = await store.leaseAsks.answer(askId);
        if (answer && "error" in answer) throw uncarry(answer.error);
        if (answer) return answer;
        await sleep(answerEveryMs);
      }
      throw new ProviderError("Timeout", {
        operation: "renew the lease",
        resource: `protection-group/${groupId}`,
        reason: "no worker that reaches the recovery site has answered",
        action: "It is tried again; see that a worker runs.",
      });
    },
  };
}

function orderOf(site: string, groupId: string, groups: readonly ProtectionGroup[], terms: LeaseTerms): Order {
  const group = groups.find((each) => each.groupId === groupId);
  // Deleted: nobody else writes as it either.
  if (!group) return { do: "forget", groupId };
  const { writableSite, policy, epoch, members } = group;
  if (writableSite === undefined) return { do: "wait", groupId };
  if (writableSite !== site) return { do: "cut-off", groupId };
  if (!policy.watchdog) return { do: "forget", groupId };
  return { do: "renew", groupId, epoch, vmIds: members.map(({ vmId }) => vmId), ...terms };
}
