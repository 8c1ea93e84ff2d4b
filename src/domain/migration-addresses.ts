import { overlap, readRange } from "./address-range.ts";
import type { MigrationObservations, TargetNetwork } from "./migration-parts.ts";
import type { PlanCheck } from "./plan.ts";
import type { VmNic } from "./vm.ts";

export interface PlannedAddress {
  /** What is asked for; absent takes what the target gives. */
  readonly address?: string;
  readonly checks: readonly PlanCheck[];
}

/** Whether a NIC keeps its address: it has to be one of the target's network, and free. */
export function planPrivateAddress(
  { request, target }: MigrationObservations,
  { nicId, address }: VmNic,
  network: TargetNetwork | undefined,
): PlannedAddress {
  if (request.addresses !== "keep" || !network) return { checks: [] };
  const check = "target-address";
  const why = target.capabilityGaps["network.fixed-address"] ?? whyNot(target, network, address);
  if (why !== undefined) {
    const detail = `${nicId} gets another address at ${request.to}: ${why}`;
    const remedy =
      "See to it that nobody needs the old one (names, peers, licences), or map it to a network that has it.";
    return { checks: [{ check, result: "warn", detail, remedy }] };
  }
  return {
    ...(address === undefined ? {} : { address }),
    checks: [{ check, result: "pass", detail: `${nicId} keeps ${address} in ${network.name}` }],
  };
}

function whyNot(
  target: MigrationObservations["target"],
  { networkId, name, cidr, reserved = { first: 1, last: 1 } }: TargetNetwork,
  address: string | undefined,
): string | undefined {
  if (address === undefined) return "the source does not tell the one that it has";
  const [range, wanted] = [readRange(cidr ?? ""), readRange(address)];
  if (!range || !wanted) return `the range of ${name} is not known`;
  if (!overlap(range, wanted)) return `${address} is not in the range ${cidr} of ${name}`;
  const { first, last } = range;
  if (wanted.first < first + BigInt(reserved.first) || wanted.first > last - BigInt(reserved.last)) {
    return `${address} is one that the site keeps to itself in ${name}`;
  }
  return target.addresses?.[networkId]?.includes(address) ? `${address} is taken in ${name}` : undefined;
}
