import { ProviderError } from "./errors.ts";

/** What a VM is held by whose group may be written elsewhere: the value of its tag `novacron:fenced-by`. */
export function groupFence(groupId: string, epoch?: number): string {
  return epoch === undefined ? `group/${groupId}/` : `group/${groupId}/${epoch}`;
}

/** What a person has to make sure of who lets a group be brought up elsewhere while nothing proves that it has ended. */
export function makeSureOf(input: { site: string; names: readonly string[]; fencingFailed?: string }): string[] {
  const { site, names, fencingFailed } = input;
  const vms = names.length > 0 ? names.join(", ") : "the group's VMs";
  return [
    `${vms} at ${site} are off, or cut from everything that reads and writes their data; not only from where you look`,
    `nobody there starts them again: ${site}'s own autostart, its administrators, and what restarts VMs there`,
    `clients can't reach ${site} any more by an address or a name that is not moved with the failover`,
    ...(fencingFailed === undefined ? [] : [`${site}'s API could not do it: ${fencingFailed}`]),
  ];
}

/** Of a holder that is no such one as its lease would be taken from. */
export function renewedLease(groupId: string, holder: string): ProviderError {
  return new ProviderError("Conflict", {
    operation: "take the lease",
    resource: `protection-group/${groupId}`,
    reason: `${holder} has just renewed it: it is there, and somebody there can reach the recovery site`,
    action: "Look at the site again; a planned failover loses nothing.",
  });
}
