import type { Subnet } from "@aws-sdk/client-ec2";
import type { VmFirewall } from "../../domain/firewall.ts";
import type { Network, NetworkFacet } from "../provider.ts";
import type { Aws } from "./client.ts";
import type { Ec2View } from "./describe.ts";
import { firewallOf } from "./firewall.ts";
import { fromWire } from "./tags.ts";

/** A network is a subnet here. */
export class AwsNetwork implements NetworkFacet {
  readonly #aws: Aws;
  readonly #view: Ec2View;

  constructor(aws: Aws, view: Ec2View) {
    this.#aws = aws;
    this.#view = view;
  }

  async *listNetworks(signal: AbortSignal): AsyncGenerator<Network> {
    const subject = { operation: "list subnets", resource: this.#aws.site };
    const subnets = await Array.fromAsync(this.#view.subnets([], subject, signal));
    const zones = subnets.flatMap(({ DefaultForAz, AvailabilityZone }) =>
      DefaultForAz ? (AvailabilityZone ?? []) : [],
    );
    const firstZone = zones.sort()[0];
    for (const subnet of subnets) {
      const isDefault = subnet.DefaultForAz === true && subnet.AvailabilityZone === firstZone;
      yield toNetwork(subnet, isDefault);
    }
  }

  firewallOf(vmId: string, signal: AbortSignal): Promise<VmFirewall> {
    return firewallOf(this.#aws, this.#view, vmId, signal);
  }
}

export function toNetwork(subnet: Subnet, isDefault = false): Network {
  const { SubnetId = "", CidrBlock, VpcId, AvailabilityZone, State, Tags } = subnet;
  return {
    networkId: SubnetId,
    name: fromWire(Tags).notes.name ?? SubnetId,
    kind: "subnet",
    active: State === undefined || State === "available",
    ...(isDefault && { isDefault }),
    ...(CidrBlock && { cidr: CidrBlock }),
    // "Subnet CIDR reservations", Amazon VPC user guide: the first four and the last one.
    reserved: { first: 4, last: 1 },
    ...(VpcId && { virtualNetworkId: VpcId }),
    ...(AvailabilityZone && { zone: AvailabilityZone }),
  };
}
