import { Context } from "@temporalio/activity";
import { established, handedOver, type Lease, taken } from "../domain/lease.ts";
import type { ActivityDeps } from "./deps.ts";
import { GroupLeases } from "./group-leases.ts";
import { type Outwaited, outwait, type TakeExpiredInput, takeExpired } from "./take-expired.ts";

interface Place {
  readonly groupId: string;
  /** The site that the lease lies at. */
  readonly at: string;
}

type Passing = Omit<TakeExpiredInput, "lookEveryMs">;

/** What is done to leases of protected groups. Each change is one compare-and-swap. */
export function leaseActivities({ registry, leaseTerms }: Pick<ActivityDeps, "registry" | "leaseTerms">) {
  const leases = new GroupLeases({ registry });
  const now = () => new Date().toISOString();
  return {
    /** That `site` may write as the group in this epoch; it gets the lease where there is none yet, or only one of an earlier
     *  epoch. `kept` is false where the site keeps no documents, and so no lease.
     *  @throws Conflict for a site that may not write: nothing of what it wrote is to be taken. */
    async holdLease(input: Place & { site: string; epoch: number; key: string }): Promise<{ kept: boolean }> {
      const { groupId, at, site, epoch, key } = input;
      if (!(await registry.provider(at)).documents) return { kept: false };
      const wanted = { groupId, holder: site, epoch, at: now(), ...leaseTerms };
      await leases.change({ at, groupId, key }, (before) => established(before, wanted), signalOf());
      return { kept: true };
    },

    async lookAtLease({ groupId, at }: Place): Promise<{ lease?: Lease }> {
      const seen = await leases.look(at, groupId, signalOf());
      return seen ? { lease: seen.lease } : {};
    },

    /** From a holder that has stopped. */
    async handOverLease({ groupId, at, from, to, epoch, key }: Passing): Promise<Lease> {
      const decide = (lease: Lease | undefined) => handedOver(lease, { groupId, from, to, epoch, at: now() });
      return leases.change({ at, groupId, key }, decide, signalOf());
    },

    /** On the word of the holder's site, or of a person. */
    async takeLease(
      input: Passing & { proof: { kind: "fenced" } | { kind: "confirmed"; by: string } },
    ): Promise<Lease> {
      const { groupId, at, from, to, epoch, key, proof } = input;
      const decide = (lease: Lease | undefined) => taken(lease, { groupId, from, to, epoch, proof, at: now() });
      return leases.change({ at, groupId, key }, decide, signalOf());
    },

    /** Watches the lease until the holder's watchdog must have cut it off, and takes it then. Undefined where no watchdog stands
     *  behind it, so that its age proves nothing. @throws Conflict when the holder renews it: it lives. */
    takeExpiredLease: (input: TakeExpiredInput): Promise<Lease | undefined> => takeExpired(leases, input, signalOf()),

    /** As `takeExpiredLease`, beside a site that is asked meanwhile: that the holder has renewed it is an answer, no failure. */
    outwaitLease: (input: TakeExpiredInput): Promise<Outwaited> => outwait(leases, input, signalOf()),
  };
}

function signalOf(): AbortSignal {
  return Context.current().cancellationSignal;
}
