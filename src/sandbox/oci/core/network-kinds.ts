import type * as core from "oci-core";
import { type Cidr, formatAddress, parseCidr } from "../../cloud/ipv4.ts";
import { common, type Kind, provisioned, type Registry } from "../registry.ts";
import type { Resource } from "../state.ts";
import type { Wire } from "../wire.ts";
import type {
  InternetGateway,
  PublicIp,
  RouteTable,
  Rule,
  SecurityGroup,
  SecurityList,
  Subnet,
  Vcn,
  Vnic,
} from "./network-state.ts";

export interface NetworkKinds {
  readonly vcn: Kind<Vcn>;
  readonly subnet: Kind<Subnet>;
  readonly gateway: Kind<InternetGateway>;
  readonly routeTable: Kind<RouteTable>;
  readonly securityList: Kind<SecurityList>;
  readonly group: Kind<SecurityGroup>;
  readonly vnic: Kind<Vnic>;
  readonly publicIp: Kind<PublicIp>;
}

/** How the parts of a network are described. */
export function networkKinds(registry: Registry): NetworkKinds {
  const { tables } = registry.cloud;
  const stateOf = (resource: Resource) => registry.timed(resource, provisioned);
  /** The models' enumerations of states have these four words in common. */
  const lifecycleState = (resource: Resource) =>
    stateOf(resource) as "PROVISIONING" | "AVAILABLE" | "TERMINATING" | "TERMINATED";
  return {
    vcn: registry.add({
      type: "vcn",
      table: tables.vcns,
      stateOf,
      describe: (vcn: Vcn): Wire<core.models.Vcn> => ({
        ...common(vcn),
        lifecycleState: lifecycleState(vcn),
        cidrBlock: vcn.cidrs[0] ?? "",
        cidrBlocks: [...vcn.cidrs],
        defaultRouteTableId: vcn.routeTableId,
        defaultSecurityListId: vcn.securityListId,
        defaultDhcpOptionsId: vcn.dhcpOptionsId,
        ...(vcn.dnsLabel && { dnsLabel: vcn.dnsLabel, vcnDomainName: `${vcn.dnsLabel}.oraclevcn.com` }),
      }),
    }),
    subnet: registry.add({
      type: "subnet",
      table: tables.subnets,
      stateOf,
      describe: (subnet: Subnet): Wire<core.models.Subnet> => ({
        ...common(subnet),
        lifecycleState: lifecycleState(subnet),
        vcnId: subnet.vcnId,
        cidrBlock: subnet.cidr,
        ipv4CidrBlocks: [subnet.cidr],
        routeTableId: subnet.routeTableId,
        securityListIds: [...subnet.securityListIds],
        prohibitInternetIngress: subnet.prohibitsPublicIps,
        prohibitPublicIpOnVnic: subnet.prohibitsPublicIps,
        virtualRouterIp: formatAddress((parseCidr(subnet.cidr) as Cidr).base + 1),
        virtualRouterMac: subnet.routerMac,
        ...(subnet.availabilityDomain && { availabilityDomain: subnet.availabilityDomain }),
        ...(subnet.dnsLabel && { dnsLabel: subnet.dnsLabel }),
      }),
    }),
    gateway: registry.add({
      type: "internetgateway",
      table: tables.gateways,
      stateOf,
      describe: (gateway: InternetGateway): Wire<core.models.InternetGateway> => ({
        ...common(gateway),
        lifecycleState: lifecycleState(gateway),
        vcnId: gateway.vcnId,
        isEnabled: gateway.enabled,
      }),
    }),
    routeTable: registry.add({
      type: "routetable",
      table: tables.routeTables,
      stateOf,
      describe: (table: RouteTable): Wire<core.models.RouteTable> => ({
        ...common(table),
        lifecycleState: lifecycleState(table),
        vcnId: table.vcnId,
        routeRules: table.rules.map(
          ({ destination, destinationType, networkEntityId, description }): Wire<core.models.RouteRule> => ({
            destination,
            destinationType: destinationType as `${core.models.RouteRule.DestinationType}`,
            networkEntityId,
            routeType: "STATIC",
            ...(description && { description }),
          }),
        ),
      }),
    }),
    securityList: registry.add({
      type: "securitylist",
      table: tables.securityLists,
      stateOf,
      describe: (list: SecurityList): Wire<core.models.SecurityList> => ({
        ...common(list),
        lifecycleState: lifecycleState(list),
        vcnId: list.vcnId,
        ingressSecurityRules: list.rules
          .filter(({ direction }) => direction === "INGRESS")
          .map((rule) => ({ ...traffic(rule), source: rule.peer, sourceType: "CIDR_BLOCK" as const })),
        egressSecurityRules: list.rules
          .filter(({ direction }) => direction === "EGRESS")
          .map((rule) => ({ ...traffic(rule), destination: rule.peer, destinationType: "CIDR_BLOCK" as const })),
      }),
    }),
    group: registry.add({
      type: "networksecuritygroup",
      table: tables.groups,
      stateOf,
      describe: (group: SecurityGroup): Wire<core.models.NetworkSecurityGroup> => ({
        ...common(group),
        lifecycleState: lifecycleState(group),
        vcnId: group.vcnId,
      }),
    }),
    vnic: registry.add({
      type: "vnic",
      table: tables.vnics,
      stateOf,
      describe: (vnic: Vnic): Wire<core.models.Vnic> => {
        const publicIp = publicIpOf(registry, vnic)?.address;
        return {
          ...common(vnic),
          lifecycleState: lifecycleState(vnic),
          availabilityDomain: vnic.availabilityDomain,
          isPrimary: vnic.primary,
          macAddress: vnic.mac,
          nsgIds: [...vnic.groupIds],
          privateIp: vnic.privateIp,
          skipSourceDestCheck: vnic.skipsSourceDestCheck,
          subnetId: vnic.subnetId,
          ...(publicIp && { publicIp }),
          ...(vnic.hostnameLabel && { hostnameLabel: vnic.hostnameLabel }),
        };
      },
    }),
    publicIp: registry.add({
      type: "publicip",
      table: tables.publicIps,
      stateOf: (ip: PublicIp) => (ip.deletedAt !== undefined ? stateOf(ip) : ip.privateIpId ? "ASSIGNED" : "AVAILABLE"),
      describe: (ip: PublicIp): Wire<core.models.PublicIp> => ({
        ...common(ip),
        ipAddress: ip.address,
        lifetime: ip.lifetime,
        scope: ip.lifetime === "RESERVED" ? "REGION" : "AVAILABILITY_DOMAIN",
        lifecycleState: ip.deletedAt !== undefined ? lifecycleState(ip) : ip.privateIpId ? "ASSIGNED" : "AVAILABLE",
        ...(ip.privateIpId && {
          privateIpId: ip.privateIpId,
          assignedEntityId: ip.privateIpId,
          assignedEntityType: "PRIVATE_IP" as const,
        }),
        ...(ip.availabilityDomain && { availabilityDomain: ip.availabilityDomain }),
      }),
    }),
  };
}

/** What a rule says of the traffic itself, without its other side. */
export function traffic({ protocol, stateless, ports, sourcePorts, icmp, description }: Rule) {
  const options = {
    ...(ports && { destinationPortRange: { ...ports } }),
    ...(sourcePorts && { sourcePortRange: { ...sourcePorts } }),
  };
  const some = ports !== undefined || sourcePorts !== undefined;
  return {
    protocol,
    isStateless: stateless,
    ...(some && protocol === "6" && { tcpOptions: options }),
    ...(some && protocol === "17" && { udpOptions: options }),
    ...(icmp && { icmpOptions: { ...icmp } }),
    ...(description && { description }),
  };
}

export function publicIpOf({ cloud }: Registry, { privateIpId }: Vnic): PublicIp | undefined {
  return cloud.tables.publicIps.find((ip) => ip.privateIpId === privateIpId && ip.deletedAt === undefined);
}
