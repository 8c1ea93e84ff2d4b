import type { Address, NetworkAdminFacet, SecurityGroup, SecurityRule, VirtualNetwork } from "../cloud-facets.ts";
import type { Network } from "../provider.ts";
import { Addresses } from "./addresses.ts";
import type { Aws } from "./client.ts";
import type { Ec2View } from "./describe.ts";
import type { Keyed } from "./made-once.ts";
import { SecurityGroups } from "./security-groups.ts";
import { Subnets } from "./subnets.ts";
import { VirtualNetworks } from "./virtual-networks.ts";

/**
 * VPCs, subnets, security groups and Elastic IPs. None of these creates has a client token: each looks for its key first,
 * and afterwards removes what a lost answer has made twice.
 */
export class AwsNetworkAdmin implements NetworkAdminFacet {
  readonly #virtualNetworks: VirtualNetworks;
  readonly #subnets: Subnets;
  readonly #securityGroups: SecurityGroups;
  readonly #addresses: Addresses;

  constructor(aws: Aws, view: Ec2View) {
    this.#virtualNetworks = new VirtualNetworks(aws, view);
    this.#subnets = new Subnets(aws, view);
    this.#securityGroups = new SecurityGroups(aws, view);
    this.#addresses = new Addresses(aws, view);
  }

  listVirtualNetworks(signal: AbortSignal): AsyncGenerator<VirtualNetwork> {
    return this.#virtualNetworks.list(signal);
  }

  createVirtualNetwork(
    input: Keyed & { cidr: string; internet: boolean },
    signal: AbortSignal,
  ): Promise<VirtualNetwork> {
    return this.#virtualNetworks.create(input, signal);
  }

  deleteVirtualNetwork(virtualNetworkId: string, signal: AbortSignal): Promise<void> {
    return this.#virtualNetworks.delete(virtualNetworkId, signal);
  }

  createSubnet(
    input: Keyed & { virtualNetworkId: string; cidr: string; zone?: string },
    signal: AbortSignal,
  ): Promise<Network> {
    return this.#subnets.create(input, signal);
  }

  deleteSubnet(networkId: string, signal: AbortSignal): Promise<void> {
    return this.#subnets.delete(networkId, signal);
  }

  listSecurityGroups(signal: AbortSignal): AsyncGenerator<SecurityGroup> {
    return this.#securityGroups.list(signal);
  }

  createSecurityGroup(
    input: Keyed & { description: string; virtualNetworkId: string; rules: readonly SecurityRule[] },
    signal: AbortSignal,
  ): Promise<SecurityGroup> {
    return this.#securityGroups.create(input, signal);
  }

  setSecurityRules(
    securityGroupId: string,
    rules: readonly SecurityRule[],
    signal: AbortSignal,
  ): Promise<SecurityGroup> {
    return this.#securityGroups.setRules(securityGroupId, rules, signal);
  }

  deleteSecurityGroup(securityGroupId: string, signal: AbortSignal): Promise<void> {
    return this.#securityGroups.delete(securityGroupId, signal);
  }

  listAddresses(signal: AbortSignal): AsyncGenerator<Address> {
    return this.#addresses.list(signal);
  }

  allocateAddress(input: Keyed, signal: AbortSignal): Promise<Address> {
    return this.#addresses.allocate(input, signal);
  }

  associateAddress(addressId: string, vmId: string | undefined, signal: AbortSignal): Promise<Address> {
    return this.#addresses.associate(addressId, vmId, signal);
  }

  releaseAddress(addressId: string, signal: AbortSignal): Promise<void> {
    return this.#addresses.release(addressId, signal);
  }
}
