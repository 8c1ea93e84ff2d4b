import type { Resource } from "../state.ts";

export interface Vcn extends Resource {
  readonly cidrs: readonly string[];
  readonly dnsLabel?: string | undefined;
  readonly routeTableId: string;
  readonly securityListId: string;
  readonly dhcpOptionsId: string;
}

export interface Subnet extends Resource {
  readonly vcnId: string;
  readonly cidr: string;
  readonly availabilityDomain?: string | undefined;
  readonly dnsLabel?: string | undefined;
  readonly routeTableId: string;
  readonly securityListIds: readonly string[];
  readonly prohibitsPublicIps: boolean;
  readonly routerMac: string;
}

export interface InternetGateway extends Resource {
  readonly vcnId: string;
  readonly enabled: boolean;
}

export interface RouteRule {
  readonly destination: string;
  readonly destinationType: string;
  readonly networkEntityId: string;
  readonly description?: string | undefined;
}

export interface RouteTable extends Resource {
  readonly vcnId: string;
  readonly rules: readonly RouteRule[];
}

export interface Ports {
  readonly min: number;
  readonly max: number;
}

/** A rule of a security list or of a network security group. */
export interface Rule {
  readonly id: string;
  readonly direction: "INGRESS" | "EGRESS";
  /** `all`, or an IANA number. */
  readonly protocol: string;
  /** The other side: a CIDR, or a group's OCID. */
  readonly peer: string;
  readonly peerType: string;
  readonly stateless: boolean;
  readonly ports?: Ports | undefined;
  readonly sourcePorts?: Ports | undefined;
  readonly icmp?: { readonly type: number; readonly code?: number } | undefined;
  readonly description?: string | undefined;
  readonly createdAt: number;
}

export interface SecurityList extends Resource {
  readonly vcnId: string;
  readonly rules: readonly Rule[];
}

export interface SecurityGroup extends Resource {
  readonly vcnId: string;
  readonly rules: readonly Rule[];
}

/** A network card with its attachment and its private address, which live and end together here. */
export interface Vnic extends Resource {
  readonly attachmentId: string;
  readonly privateIpId: string;
  readonly instanceId: string;
  readonly availabilityDomain: string;
  readonly subnetId: string;
  readonly primary: boolean;
  readonly privateIp: string;
  readonly mac: string;
  readonly hostnameLabel?: string | undefined;
  readonly groupIds: readonly string[];
  readonly skipsSourceDestCheck: boolean;
}

export interface PublicIp extends Resource {
  readonly address: string;
  readonly lifetime: "EPHEMERAL" | "RESERVED";
  readonly privateIpId?: string | undefined;
  readonly availabilityDomain?: string | undefined;
}
