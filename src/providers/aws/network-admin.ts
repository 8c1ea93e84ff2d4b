// Long because each kind of network resource has its own way to be made once and to be removed.
import type { SecurityGroup as AwsGroup, Filter, IpPermission, SecurityGroupRule } from "@aws-sdk/client-ec2";
import { isProviderError } from "../../domain/errors.ts";
import type { Address, NetworkAdminFacet, SecurityGroup, SecurityRule, VirtualNetwork } from "../cloud-facets.ts";
import { conflict, notFound, type Subject } from "../failures.ts";
import type { Network } from "../provider.ts";
import type { Aws } from "./client.ts";
import { type Ec2View, goneIsUndefined, items } from "./describe.ts";
import { toNetwork } from "./network.ts";
import { byKey, createdTags, fromWire, managedOnly, tagSpecification } from "./tags.ts";

type Keyed = { readonly key: string; readonly tags: Readonly<Record<string, string>>; readonly name: string };

/**
 * VPCs, subnets, security groups and Elastic IPs. None of these creates has a client token: each looks for its key first,
 * and afterwards removes what a lost answer has made twice.
 */
export class AwsNetworkAdmin implements NetworkAdminFacet {
  readonly #aws: Aws;
  readonly #view: Ec2View;

  constructor(aws: Aws, view: Ec2View) {
    this.#aws = aws;
    this.#view = view;
  }

  async *listVirtualNetworks(signal: AbortSignal): AsyncGenerator<VirtualNetwork> {
    yield* await this.#vpcs([], this.#subject("list VPCs", "all"), signal);
  }

  async createVirtualNetwork(
    input: Keyed & { cidr: string; internet: boolean },
    signal: AbortSignal,
  ): Promise<VirtualNetwork> {
    const subject = this.#subject("create VPC", input.name);
    const vpc = await this.#once(
      {
        find: () => this.#vpcs([byKey(input.key)], subject, signal),
        create: async () => {
          await this.#aws.ec2.send(
            (sdk) =>
              new sdk.CreateVpcCommand({ CidrBlock: input.cidr, TagSpecifications: [specification("vpc", input)] }),
            subject,
            signal,
          );
        },
        remove: ({ virtualNetworkId }) => this.deleteVirtualNetwork(virtualNetworkId, signal),
        idOf: ({ virtualNetworkId }) => virtualNetworkId,
      },
      signal,
    );
    if (input.internet) await this.#openToInternet(vpc.virtualNetworkId, input, subject, signal);
    return vpc;
  }

  async deleteVirtualNetwork(virtualNetworkId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete VPC", virtualNetworkId);
    // Asked first: its gateway must not be gone when it then can't be deleted.
    const inIt = { Name: "vpc-id", Values: [virtualNetworkId] };
    for await (const { SubnetId } of this.#view.subnets([inIt], subject, signal)) {
      throw conflict(subject, `subnet ${SubnetId} lies in it`, "Delete its subnets first.");
    }
    const ours = managedOnly;
    const gateways = await this.#gateways(
      [{ Name: "attachment.vpc-id", Values: [virtualNetworkId] }, ours],
      subject,
      signal,
    );
    for (const InternetGatewayId of gateways) {
      await goneIsUndefined(
        this.#aws.ec2.send(
          (sdk) => new sdk.DetachInternetGatewayCommand({ InternetGatewayId, VpcId: virtualNetworkId }),
          subject,
          signal,
        ),
      ).catch(notAttachedIsFine);
      await this.#deleteGateway(InternetGatewayId, subject, signal);
    }
    await this.#view.removed(
      () => this.#aws.ec2.send((sdk) => new sdk.DeleteVpcCommand({ VpcId: virtualNetworkId }), subject, signal),
      async () => (await this.#vpcs([inIt], subject, signal)).length > 0,
      subject,
      signal,
    );
  }

  async createSubnet(
    input: Keyed & { virtualNetworkId: string; cidr: string; zone?: string },
    signal: AbortSignal,
  ): Promise<Network> {
    const subject = this.#subject("create subnet", input.name);
    return this.#once(
      {
        find: async () =>
          (await Array.fromAsync(this.#view.subnets([byKey(input.key)], subject, signal))).map((subnet) =>
            toNetwork(subnet),
          ),
        create: async () => {
          await this.#aws.ec2.send(
            (sdk) =>
              new sdk.CreateSubnetCommand({
                VpcId: input.virtualNetworkId,
                CidrBlock: input.cidr,
                ...(input.zone !== undefined && { AvailabilityZone: input.zone }),
                TagSpecifications: [specification("subnet", input)],
              }),
            subject,
            signal,
          );
        },
        remove: ({ networkId }) => this.deleteSubnet(networkId, signal),
        idOf: ({ networkId }) => networkId,
      },
      signal,
    );
  }

  async deleteSubnet(networkId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete subnet", networkId);
    const itself = [{ Name: "subnet-id", Values: [networkId] }];
    await this.#view.removed(
      () => this.#aws.ec2.send((sdk) => new sdk.DeleteSubnetCommand({ SubnetId: networkId }), subject, signal),
      async () => (await Array.fromAsync(this.#view.subnets(itself, subject, signal))).length > 0,
      subject,
      signal,
    );
  }

  async *listSecurityGroups(signal: AbortSignal): AsyncGenerator<SecurityGroup> {
    const subject = this.#subject("list security groups", "all");
    for await (const group of this.#groups([], subject, signal)) {
      yield this.#toGroup(group, await this.#rules(group.GroupId ?? "", subject, signal));
    }
  }

  async createSecurityGroup(
    input: Keyed & { description: string; virtualNetworkId: string; rules: readonly SecurityRule[] },
    signal: AbortSignal,
  ): Promise<SecurityGroup> {
    const subject = this.#subject("create security group", input.name);
    const group = await this.#once(
      {
        find: () => Array.fromAsync(this.#groups([byKey(input.key)], subject, signal)),
        create: async () => {
          await this.#aws.ec2.send(
            (sdk) =>
              new sdk.CreateSecurityGroupCommand({
                GroupName: input.name,
                Description: input.description,
                VpcId: input.virtualNetworkId,
                TagSpecifications: [specification("security-group", input)],
              }),
            subject,
            signal,
          );
        },
        remove: ({ GroupId = "" }) => this.deleteSecurityGroup(GroupId, signal),
        idOf: ({ GroupId = "" }) => GroupId,
      },
      signal,
    );
    return this.setSecurityRules(group.GroupId ?? "", input.rules, signal);
  }

  async setSecurityRules(
    securityGroupId: string,
    rules: readonly SecurityRule[],
    signal: AbortSignal,
  ): Promise<SecurityGroup> {
    const subject = this.#subject("set security rules", securityGroupId);
    const group = await this.#view.onceShown(() => this.#group(securityGroupId, subject, signal), signal);
    const seen = await this.#rules(securityGroupId, subject, signal);
    const wanted = new Map(rules.map((rule) => [ruleKey(rule), rule]));
    const there = new Map(seen.map((rule) => [ruleKey(toRule(rule)), rule]));
    for (const [key, rule] of wanted) if (!there.has(key)) await this.#addRule(securityGroupId, rule, subject, signal);
    const extra = [...there].filter(([key]) => !wanted.has(key)).map(([, rule]) => rule);
    await this.#removeRules(securityGroupId, extra, subject, signal);
    const settled = await this.#view.shown(async () => {
      const now = await this.#rules(securityGroupId, subject, signal);
      const same = now.length === wanted.size && now.every((rule) => wanted.has(ruleKey(toRule(rule))));
      return same ? now : undefined;
    }, signal);
    return this.#toGroup(group, settled ?? (await this.#rules(securityGroupId, subject, signal)));
  }

  async deleteSecurityGroup(securityGroupId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete security group", securityGroupId);
    const itself = [{ Name: "group-id", Values: [securityGroupId] }];
    await this.#view.removed(
      () =>
        this.#aws.ec2.send((sdk) => new sdk.DeleteSecurityGroupCommand({ GroupId: securityGroupId }), subject, signal),
      async () => (await Array.fromAsync(this.#groups(itself, subject, signal))).length > 0,
      subject,
      signal,
    );
  }

  async *listAddresses(signal: AbortSignal): AsyncGenerator<Address> {
    yield* await this.#addresses([], this.#subject("list addresses", "all"), signal);
  }

  async allocateAddress(input: Keyed, signal: AbortSignal): Promise<Address> {
    const subject = this.#subject("allocate address", input.name);
    return this.#once(
      {
        find: () => this.#addresses([byKey(input.key)], subject, signal),
        create: async () => {
          await this.#aws.ec2.send(
            (sdk) =>
              new sdk.AllocateAddressCommand({
                Domain: "vpc",
                TagSpecifications: [specification("elastic-ip", input)],
              }),
            subject,
            signal,
          );
        },
        remove: ({ addressId }) => this.releaseAddress(addressId, signal),
        idOf: ({ addressId }) => addressId,
      },
      signal,
    );
  }

  async associateAddress(addressId: string, vmId: string | undefined, signal: AbortSignal): Promise<Address> {
    const subject = this.#subject("associate address", addressId);
    const before = await this.#address(addressId, subject, signal);
    if (before.vmId === vmId) return before;
    if (vmId === undefined) await this.#disassociate(addressId, subject, signal);
    else {
      await this.#aws.ec2.send(
        (sdk) =>
          new sdk.AssociateAddressCommand({ AllocationId: addressId, InstanceId: vmId, AllowReassociation: true }),
        subject,
        signal,
      );
    }
    const after = await this.#view.shown(async () => {
      const seen = await this.#address(addressId, subject, signal);
      return seen.vmId === vmId ? seen : undefined;
    }, signal);
    return after ?? before;
  }

  async releaseAddress(addressId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("release address", addressId);
    const itself = [{ Name: "allocation-id", Values: [addressId] }];
    await this.#view.removed(
      () => this.#aws.ec2.send((sdk) => new sdk.ReleaseAddressCommand({ AllocationId: addressId }), subject, signal),
      async () => (await this.#addresses(itself, subject, signal)).length > 0,
      subject,
      signal,
    );
  }

  /** Makes a thing unless it is there, and keeps one of several, the same for whoever looks. */
  async #once<T>(
    thing: {
      find: () => Promise<T[]>;
      create: () => Promise<void>;
      remove: (extra: T) => Promise<void>;
      idOf: (found: T) => string;
    },
    signal: AbortSignal,
  ): Promise<T> {
    if ((await thing.find()).length === 0) await thing.create();
    const found = await this.#view.shown(async () => {
      const all = await thing.find();
      return all.length > 0 ? all : undefined;
    }, signal);
    const [first, ...extra] = (found ?? []).toSorted((a, b) => (thing.idOf(a) < thing.idOf(b) ? -1 : 1));
    for (const other of extra) await thing.remove(other);
    if (first === undefined) throw notFound(this.#subject("create", "network"), "AWS does not show what it has made");
    return first;
  }

  async #openToInternet(vpcId: string, input: Keyed, subject: Subject, signal: AbortSignal): Promise<void> {
    const gateway = await this.#once(
      {
        find: () => this.#gateways([byKey(input.key)], subject, signal),
        create: async () => {
          await this.#aws.ec2.send(
            (sdk) =>
              new sdk.CreateInternetGatewayCommand({ TagSpecifications: [specification("internet-gateway", input)] }),
            subject,
            signal,
          );
        },
        remove: (extra) => this.#deleteGateway(extra, subject, signal),
        idOf: (id) => id,
      },
      signal,
    );
    await this.#aws.ec2
      .send(
        (sdk) => new sdk.AttachInternetGatewayCommand({ InternetGatewayId: gateway, VpcId: vpcId }),
        subject,
        signal,
      )
      .catch((error: unknown) => {
        // It was attached by an earlier call.
        if (!isProviderError(error, "Conflict")) throw error;
      });
    const { RouteTables = [] } = await this.#aws.ec2.send(
      (sdk) =>
        new sdk.DescribeRouteTablesCommand({
          Filters: [
            { Name: "vpc-id", Values: [vpcId] },
            { Name: "association.main", Values: ["true"] },
          ],
        }),
      subject,
      signal,
    );
    const table = RouteTables[0];
    if (!table || table.Routes?.some(({ DestinationCidrBlock }) => DestinationCidrBlock === "0.0.0.0/0")) return;
    const RouteTableId = table.RouteTableId;
    await this.#aws.ec2.send(
      (sdk) => new sdk.CreateRouteCommand({ RouteTableId, DestinationCidrBlock: "0.0.0.0/0", GatewayId: gateway }),
      subject,
      signal,
    );
  }

  async #deleteGateway(InternetGatewayId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const itself = [{ Name: "internet-gateway-id", Values: [InternetGatewayId] }];
    await this.#view.removed(
      () => this.#aws.ec2.send((sdk) => new sdk.DeleteInternetGatewayCommand({ InternetGatewayId }), subject, signal),
      async () => (await this.#gateways(itself, subject, signal)).length > 0,
      subject,
      signal,
    );
  }

  async #vpcs(filters: readonly Filter[], subject: Subject, signal: AbortSignal): Promise<VirtualNetwork[]> {
    const found = items(
      (NextToken) =>
        this.#aws.ec2.send(
          (sdk) => new sdk.DescribeVpcsCommand({ Filters: [...filters], MaxResults: 1_000, NextToken }),
          subject,
          signal,
        ),
      ({ Vpcs = [] }) => Vpcs,
    );
    return Array.fromAsync(found, ({ VpcId = "", Tags, IsDefault, CidrBlock, CidrBlockAssociationSet = [] }) => {
      const { tags, notes } = fromWire(Tags);
      const cidrs = new Set([CidrBlock, ...CidrBlockAssociationSet.map((other) => other.CidrBlock)]);
      return {
        virtualNetworkId: VpcId,
        name: notes.name ?? VpcId,
        cidrs: [...cidrs].filter((cidr) => cidr !== undefined),
        isDefault: IsDefault ?? false,
        tags,
      };
    });
  }

  async #gateways(filters: readonly Filter[], subject: Subject, signal: AbortSignal): Promise<string[]> {
    const { InternetGateways = [] } = await this.#aws.ec2.send(
      (sdk) => new sdk.DescribeInternetGatewaysCommand({ Filters: [...filters] }),
      subject,
      signal,
    );
    return InternetGateways.flatMap(({ InternetGatewayId }) => InternetGatewayId ?? []);
  }

  #groups(filters: readonly Filter[], subject: Subject, signal: AbortSignal): AsyncGenerator<AwsGroup> {
    return items(
      (NextToken) =>
        this.#aws.ec2.send(
          (sdk) => new sdk.DescribeSecurityGroupsCommand({ Filters: [...filters], MaxResults: 1_000, NextToken }),
          subject,
          signal,
        ),
      ({ SecurityGroups = [] }) => SecurityGroups,
    );
  }

  async #group(id: string, subject: Subject, signal: AbortSignal): Promise<AwsGroup> {
    for await (const group of this.#groups([{ Name: "group-id", Values: [id] }], subject, signal)) return group;
    throw notFound(subject, "there is no such security group");
  }

  #rules(groupId: string, subject: Subject, signal: AbortSignal): Promise<SecurityGroupRule[]> {
    return Array.fromAsync(
      items(
        (NextToken) =>
          this.#aws.ec2.send(
            (sdk) =>
              new sdk.DescribeSecurityGroupRulesCommand({
                Filters: [{ Name: "group-id", Values: [groupId] }],
                MaxResults: 1_000,
                NextToken,
              }),
            subject,
            signal,
          ),
        ({ SecurityGroupRules = [] }) => SecurityGroupRules,
      ),
    );
  }

  async #addRule(GroupId: string, rule: SecurityRule, subject: Subject, signal: AbortSignal): Promise<void> {
    const IpPermissions = [toPermission(rule)];
    await this.#aws.ec2
      .send(
        (sdk) =>
          rule.direction === "ingress"
            ? new sdk.AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions })
            : new sdk.AuthorizeSecurityGroupEgressCommand({ GroupId, IpPermissions }),
        subject,
        signal,
      )
      .catch((error: unknown) => {
        // Another call has added it.
        if (!isProviderError(error, "Conflict")) throw error;
      });
  }

  async #removeRules(
    GroupId: string,
    rules: readonly SecurityGroupRule[],
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    for (const egress of [false, true]) {
      const SecurityGroupRuleIds = rules
        .filter(({ IsEgress }) => (IsEgress ?? false) === egress)
        .flatMap(({ SecurityGroupRuleId }) => SecurityGroupRuleId ?? []);
      if (SecurityGroupRuleIds.length === 0) continue;
      await goneIsUndefined(
        this.#aws.ec2.send(
          (sdk) =>
            egress
              ? new sdk.RevokeSecurityGroupEgressCommand({ GroupId, SecurityGroupRuleIds })
              : new sdk.RevokeSecurityGroupIngressCommand({ GroupId, SecurityGroupRuleIds }),
          subject,
          signal,
        ),
      );
    }
  }

  #toGroup(group: AwsGroup, rules: readonly SecurityGroupRule[]): SecurityGroup {
    const { GroupId = "", GroupName = "", VpcId = "", Tags } = group;
    return {
      securityGroupId: GroupId,
      name: GroupName,
      virtualNetworkId: VpcId,
      rules: rules.map(toRule),
      tags: fromWire(Tags).tags,
    };
  }

  async #addresses(filters: readonly Filter[], subject: Subject, signal: AbortSignal): Promise<Address[]> {
    const { Addresses = [] } = await this.#aws.ec2.send(
      (sdk) => new sdk.DescribeAddressesCommand({ Filters: [...filters] }),
      subject,
      signal,
    );
    return Addresses.map(({ AllocationId = "", PublicIp = "", InstanceId, Tags }) => ({
      addressId: AllocationId,
      address: PublicIp,
      ...(InstanceId && { vmId: InstanceId }),
      tags: fromWire(Tags).tags,
    }));
  }

  async #address(addressId: string, subject: Subject, signal: AbortSignal): Promise<Address> {
    const [found] = await this.#addresses([{ Name: "allocation-id", Values: [addressId] }], subject, signal);
    if (found) return found;
    throw notFound(subject, "there is no such address");
  }

  async #disassociate(addressId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const { Addresses = [] } = await this.#aws.ec2.send(
      (sdk) => new sdk.DescribeAddressesCommand({ AllocationIds: [addressId] }),
      subject,
      signal,
    );
    const AssociationId = Addresses[0]?.AssociationId;
    if (AssociationId === undefined) return;
    await goneIsUndefined(
      this.#aws.ec2.send((sdk) => new sdk.DisassociateAddressCommand({ AssociationId }), subject, signal),
    );
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#aws.resource("network", id) };
  }
}

function specification(type: Parameters<typeof tagSpecification>[0], { key, tags, name }: Keyed) {
  return tagSpecification(type, createdTags(tags, key), { name });
}

function notAttachedIsFine(error: unknown): void {
  if (!isProviderError(error, "NotFound", "Conflict")) throw error;
}

function toPermission({ protocol, fromPort, toPort, peer, description }: SecurityRule): IpPermission {
  const Description = description;
  // ICMP's "ports" are its type and code; -1 is all of them.
  const [from, to] = protocol === "icmp" ? [fromPort ?? -1, toPort ?? -1] : [fromPort ?? 0, toPort ?? 65_535];
  const target = peer.startsWith("sg-")
    ? { UserIdGroupPairs: [{ GroupId: peer, Description }] }
    : peer.includes(":")
      ? { Ipv6Ranges: [{ CidrIpv6: peer, Description }] }
      : { IpRanges: [{ CidrIp: peer, Description }] };
  return {
    IpProtocol: protocol === "all" ? "-1" : protocol,
    ...(protocol !== "all" && { FromPort: from, ToPort: to }),
    ...target,
  };
}

function toRule(rule: SecurityGroupRule): SecurityRule {
  const { IsEgress, IpProtocol, FromPort, ToPort, CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupInfo } = rule;
  const protocol = protocolOf(IpProtocol ?? "-1");
  const all = protocol === "all" || FromPort === undefined || FromPort === -1 || (FromPort === 0 && ToPort === 65_535);
  return {
    direction: IsEgress ? "egress" : "ingress",
    protocol,
    ...(!all && { fromPort: FromPort, ...(ToPort !== undefined && { toPort: ToPort }) }),
    peer: CidrIpv4 ?? CidrIpv6 ?? ReferencedGroupInfo?.GroupId ?? PrefixListId ?? "",
    ...(rule.Description && { description: rule.Description }),
  };
}

function protocolOf(name: string): SecurityRule["protocol"] {
  const known: Readonly<Record<string, SecurityRule["protocol"]>> = {
    "6": "tcp",
    tcp: "tcp",
    "17": "udp",
    udp: "udp",
    "1": "icmp",
    icmp: "icmp",
    icmpv6: "icmp",
  };
  return known[name] ?? "all";
}

/** Two rules that let the same through are one to AWS, whatever they say of themselves. */
function ruleKey({ direction, protocol, fromPort, toPort, peer }: SecurityRule): string {
  return [direction, protocol, fromPort ?? "all", toPort ?? fromPort ?? "all", peer].join(" ");
}
