import { ProviderError } from "./errors.ts";

/** Why nobody else can still write when the lease goes to another site. */
export type LeaseProof =
  /** The holder's watchdog had to cut itself off before the lease was taken. */
  | "expired"
  /** The holder's own site answered, and says that the group's VMs are stopped and held. */
  | "fenced"
  /** The holder gave it away itself, after it had stopped. */
  | "handed-over"
  /** A person has made sure. */
  | "confirmed";

/**
 * Which site may write as the protected group: the holder, and nobody else. Each change of the holder is another epoch. It lies
 * at the group's recovery site as a document that is changed by compare-and-swap only, so that the site which goes on after an
 * outage never has to ask the one that is lost.
 */
export interface Lease {
  readonly groupId: string;
  /** A site. */
  readonly holder: string;
  /** As the group's own. */
  readonly epoch: number;
  /** After so long without a renewal the holder's watchdog cuts the group off; by the watchdog's own clock, from the moment at
   *  which it began to ask for its last renewal. */
  readonly durationMs: number;
  /** So much longer has whoever takes it to wait: what two clocks may drift apart in that time, and what cutting off takes. */
  readonly marginMs: number;
  /** Its last renewal came from a watchdog that cuts off; else its age says nothing about the holder. */
  readonly watched: boolean;
  /** Counts renewals, so that each of them is another document. */
  readonly renewals: number;
  /** By the clock of whoever renewed it: for people. Nothing is decided by it. */
  readonly renewedAt: string;
  readonly takenAt: string;
  /** Of the last change of holder; absent of the first one. */
  readonly proof?: LeaseProof;
  /** Who confirmed, and what they made sure of. */
  readonly confirmedBy?: string;
}

export interface LeaseTerms {
  readonly durationMs: number;
  readonly marginMs: number;
}

/** Where a group's lease lies among the documents of its recovery site. */
export function leaseName(groupId: string): string {
  return `groups/${groupId}/lease`;
}

/**
 * For a group whose lease shall lie here from now on, held by the site that may write in this epoch. What lies here already
 * stays if it says the same, and gives way if it is of an earlier epoch: the group has been elsewhere since.
 * @throws ProviderError Conflict when it says otherwise of this epoch, or is of a later one.
 */
export function established(
  before: Lease | undefined,
  input: { groupId: string; holder: string; epoch: number; at: string } & LeaseTerms,
): Lease {
  const { groupId, holder, epoch } = input;
  if (before === undefined || before.epoch < epoch) return firstLease(input);
  if (before.epoch === epoch && before.holder === holder) return before;
  const reason = `${before.holder} holds the lease (epoch ${before.epoch}), and not ${holder} (epoch ${epoch})`;
  throw refusal("Conflict", groupId, reason, "Look at the group and at its lease; one of them is out of date.");
}

export function firstLease(input: { groupId: string; holder: string; epoch?: number; at: string } & LeaseTerms): Lease {
  const { groupId, holder, epoch = 1, at, durationMs, marginMs } = input;
  if (!(durationMs > 0) || !(marginMs > 0)) {
    throw refusal("InvalidInput", groupId, "a lease and its margin last longer than nothing", "Give both a length.");
  }
  const times = { renewedAt: at, takenAt: at };
  return { groupId, holder, epoch, durationMs, marginMs, watched: false, renewals: 0, ...times };
}

/** @throws ProviderError Conflict for a site that is not the holder in this epoch: it has to stop what writes. */
export function requireHolder(
  lease: Lease | undefined,
  claim: { groupId: string; site: string; epoch?: number },
): Lease {
  const { groupId, site, epoch } = claim;
  if (!lease) throw refusal("Conflict", groupId, "there is no lease", "Protect the group again.");
  if (lease.holder !== site || (epoch !== undefined && lease.epoch !== epoch)) {
    const was = epoch === undefined ? "" : ` (epoch ${epoch})`;
    const reason = `${lease.holder} holds the lease (epoch ${lease.epoch}), and not ${site}${was}`;
    throw refusal("Conflict", groupId, reason, "Stop the group's VMs there; what they wrote since is not taken.");
  }
  return lease;
}

/** @throws ProviderError Conflict for a site that is not the holder. */
export function renewed(
  lease: Lease | undefined,
  claim: { groupId: string; site: string; epoch?: number; watched: boolean; at: string },
): Lease {
  const held = requireHolder(lease, claim);
  return { ...held, watched: claim.watched, renewals: held.renewals + 1, renewedAt: claim.at };
}

/** To another site, after the holder has stopped. @throws ProviderError Conflict when `from` does not hold it. */
export function handedOver(
  lease: Lease | undefined,
  input: { groupId: string; from: string; to: string; epoch?: number; at: string },
): Lease {
  const { groupId, from, to, epoch, at } = input;
  const held = requireHolder(lease, { groupId, site: from, ...(epoch === undefined ? {} : { epoch }) });
  return passed(held, to, "handed-over", at);
}

/** A document version that somebody sees unchanged, by their own clock that only goes forward. */
export interface Sighting {
  readonly version: string;
  readonly sinceMs: number;
}

/** What is known after another look: a version that is new begins anew. */
export function sight(before: Sighting | undefined, version: string, nowMs: number): Sighting {
  return before?.version === version ? before : { version, sinceMs: nowMs };
}

/**
 * Milliseconds until its holder must have cut itself off; undefined where its age proves nothing. Whoever waits counts from
 * when they saw this version first, which is no earlier than it was written: only the pace of clocks has to agree, and that
 * for as long as the margin allows.
 */
export function expiresInMs(lease: Lease, seen: Sighting, nowMs: number): number | undefined {
  if (!lease.watched) return undefined;
  return Math.max(0, seen.sinceMs + lease.durationMs + lease.marginMs - nowMs);
}

/** Taken from a holder that doesn't give it. @throws ProviderError Conflict, PolicyBlocked when the proof doesn't hold. */
export function taken(
  lease: Lease | undefined,
  input: {
    readonly groupId: string;
    readonly from: string;
    readonly to: string;
    readonly epoch: number;
    readonly at: string;
    readonly proof:
      | { readonly kind: "expired"; readonly seen: Sighting; readonly nowMs: number }
      | { readonly kind: "fenced" }
      | { readonly kind: "confirmed"; readonly by: string };
  },
): Lease {
  const { groupId, from, to, epoch, at, proof } = input;
  const held = requireHolder(lease, { groupId, site: from, epoch });
  if (proof.kind === "expired") {
    const leftMs = expiresInMs(held, proof.seen, proof.nowMs);
    const action = "Let its site's own API stop the VMs, or make sure of it and confirm.";
    if (leftMs === undefined) throw refusal("PolicyBlocked", groupId, `no watchdog stands behind ${from}`, action);
    if (leftMs > 0) throw refusal("PolicyBlocked", groupId, `it may be held for ${leftMs} ms more`, "Wait for that.");
  }
  const passedOn = passed(held, to, proof.kind, at);
  return proof.kind === "confirmed" ? { ...passedOn, confirmedBy: proof.by } : passedOn;
}

/** A document of the store, or whatever lies there. @throws ProviderError InvalidInput for what is no lease. */
export function readLease(value: unknown, groupId: string): Lease {
  const lease = value as Partial<Lease> | null;
  const isLease =
    typeof lease === "object" &&
    lease !== null &&
    lease.groupId === groupId &&
    typeof lease.holder === "string" &&
    Number.isInteger(lease.epoch) &&
    Number(lease.durationMs) > 0 &&
    Number(lease.marginMs) > 0;
  if (isLease) return lease as Lease;
  throw refusal("InvalidInput", groupId, "what lies at its recovery site is no lease", "Look at it, and remove it.");
}

function passed(lease: Lease, to: string, proof: LeaseProof, at: string): Lease {
  const { confirmedBy: _, ...rest } = lease;
  return {
    ...rest,
    holder: to,
    epoch: lease.epoch + 1,
    watched: false,
    renewals: 0,
    renewedAt: at,
    takenAt: at,
    proof,
  };
}

function refusal(
  code: "Conflict" | "InvalidInput" | "PolicyBlocked",
  groupId: string,
  reason: string,
  action: string,
): ProviderError {
  const resource = `protection-group/${groupId}`;
  return new ProviderError(code, { operation: "write as the group", resource, reason, action });
}
