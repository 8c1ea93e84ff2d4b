import { randomBytes, randomInt } from "node:crypto";
import type * as ec2 from "@aws-sdk/client-ec2";
import type { Call } from "../cloud.ts";
import { AwsError, incorrectState, missingParameter } from "../errors.ts";
import type { CustomerGateway, VpnConnection, VpnGateway } from "../listed-state.ts";
import { resource } from "./default-network.ts";
import { matcher } from "./filters.ts";
import { type Registry, tagList } from "./registry.ts";
import { specifiedTags } from "./tags.ts";

const amazonAsn = "64512";
const defaultAsn = 65_000;

/** Site-to-Site VPN: the gateways of both sides and the connections between them. No packet passes: their ends stay down. */
export function vpnOperations(registry: Registry) {
  const { cloud, kinds } = registry;
  const { tables } = cloud;

  const describePeer = (peer: CustomerGateway): ec2.CustomerGateway => ({
    CustomerGatewayId: peer.id,
    BgpAsn: String(peer.asn),
    IpAddress: peer.address,
    State: "available",
    Type: "ipsec.1",
    Tags: tagList(peer.tags),
  });
  const describeGateway = (gateway: VpnGateway): ec2.VpnGateway => ({
    VpnGatewayId: gateway.id,
    AmazonSideAsn: Number(amazonAsn),
    State: "available",
    Type: "ipsec.1",
    VpcAttachments: gateway.vpcId === undefined ? [] : [{ VpcId: gateway.vpcId, State: "attached" }],
    Tags: tagList(gateway.tags),
  });
  const describeConnection = (connection: VpnConnection): ec2.VpnConnection => ({
    VpnConnectionId: connection.id,
    CustomerGatewayId: connection.customerGatewayId,
    VpnGatewayId: connection.vpnGatewayId,
    Type: "ipsec.1",
    Category: "VPN",
    State: Date.now() - connection.createdAt < cloud.settings.networkPendingMs ? "pending" : "available",
    CustomerGatewayConfiguration: configurationOf(connection),
    Options: {
      StaticRoutesOnly: connection.staticRoutesOnly,
      TunnelOptions: connection.ends.map(({ address, preSharedKey }) => ({
        OutsideIpAddress: address,
        PreSharedKey: preSharedKey,
      })),
    },
    VgwTelemetry: connection.ends.map(({ address }) => ({
      OutsideIpAddress: address,
      Status: "DOWN",
      StatusMessage: "IPSEC IS DOWN",
      AcceptedRouteCount: 0,
      LastStatusChange: new Date(connection.createdAt),
    })),
    Routes: [],
    Tags: tagList(connection.tags),
  });

  return {
    CreateCustomerGateway: (call: Call, input: ec2.CreateCustomerGatewayRequest): ec2.CreateCustomerGatewayResult => {
      const address = input.IpAddress ?? input.PublicIp;
      if (address === undefined) throw missingParameter("ipAddress");
      const tags = specifiedTags(input.TagSpecifications, "customer-gateway");
      const asn = input.BgpAsn ?? defaultAsn;
      const same = registry.all(call, kinds.customerGateway).find((one) => one.address === address && one.asn === asn);
      // "If you call this API action with the same values, it returns the existing one" (CreateCustomerGateway).
      const peer = same ?? tables.customerGateways.put({ ...resource("cgw", call.region, tags), address, asn });
      return { CustomerGateway: describePeer(peer) };
    },
    DescribeCustomerGateways: (
      call: Call,
      input: ec2.DescribeCustomerGatewaysRequest,
    ): ec2.DescribeCustomerGatewaysResult => {
      const matches = matcher<CustomerGateway>(input.Filters, {
        "customer-gateway-id": ({ id }) => id,
        "ip-address": ({ address }) => address,
        state: () => "available",
      });
      const wanted = input.CustomerGatewayIds?.length
        ? input.CustomerGatewayIds.map((id) => registry.find(call, kinds.customerGateway, id))
        : registry.all(call, kinds.customerGateway);
      return { CustomerGateways: wanted.filter(matches).map(describePeer) };
    },
    DeleteCustomerGateway: (call: Call, input: ec2.DeleteCustomerGatewayRequest): object => {
      const { id } = registry.find(call, kinds.customerGateway, input.CustomerGatewayId);
      refuseUsed(({ customerGatewayId }) => customerGatewayId === id, id);
      tables.customerGateways.delete(id);
      return {};
    },

    CreateVpnGateway: (call: Call, input: ec2.CreateVpnGatewayRequest): ec2.CreateVpnGatewayResult => {
      const tags = specifiedTags(input.TagSpecifications, "vpn-gateway");
      return { VpnGateway: describeGateway(tables.vpnGateways.put(resource("vgw", call.region, tags))) };
    },
    DescribeVpnGateways: (call: Call, input: ec2.DescribeVpnGatewaysRequest): ec2.DescribeVpnGatewaysResult => {
      const matches = matcher<VpnGateway>(input.Filters, {
        "vpn-gateway-id": ({ id }) => id,
        "attachment.vpc-id": ({ vpcId }) => vpcId,
        state: () => "available",
      });
      const wanted = input.VpnGatewayIds?.length
        ? input.VpnGatewayIds.map((id) => registry.find(call, kinds.vpnGateway, id))
        : registry.all(call, kinds.vpnGateway);
      return { VpnGateways: wanted.filter(matches).map(describeGateway) };
    },
    AttachVpnGateway: (call: Call, input: ec2.AttachVpnGatewayRequest): ec2.AttachVpnGatewayResult => {
      const gateway = registry.find(call, kinds.vpnGateway, input.VpnGatewayId);
      const vpc = registry.find(call, kinds.vpc, input.VpcId);
      const other = tables.vpnGateways.find(({ id, vpcId }) => id !== gateway.id && vpcId === vpc.id);
      if (other !== undefined || (gateway.vpcId !== undefined && gateway.vpcId !== vpc.id)) {
        throw new AwsError("VpnGatewayAttachmentLimitExceeded", "The maximum number of attachments has been reached.");
      }
      tables.vpnGateways.put({ ...gateway, vpcId: vpc.id });
      return { VpcAttachment: { VpcId: vpc.id, State: "attached" } };
    },
    DetachVpnGateway: (call: Call, input: ec2.DetachVpnGatewayRequest): object => {
      const { vpcId, ...detached } = registry.find(call, kinds.vpnGateway, input.VpnGatewayId);
      if (vpcId !== input.VpcId) {
        throw new AwsError("InvalidVpnGatewayAttachment.NotFound", `${detached.id} is not attached to ${input.VpcId}`);
      }
      tables.vpnGateways.put(detached);
      return {};
    },
    DeleteVpnGateway: (call: Call, input: ec2.DeleteVpnGatewayRequest): object => {
      const { id, vpcId } = registry.find(call, kinds.vpnGateway, input.VpnGatewayId);
      if (vpcId !== undefined) throw incorrectState("IncorrectState", `The VPN gateway ${id} is in use.`);
      refuseUsed(({ vpnGatewayId }) => vpnGatewayId === id, id);
      tables.vpnGateways.delete(id);
      return {};
    },

    CreateVpnConnection: (call: Call, input: ec2.CreateVpnConnectionRequest): ec2.CreateVpnConnectionResult => {
      if (input.TransitGatewayId !== undefined) {
        throw new AwsError("UnsupportedOperation", "Simulated: connections end at VPN gateways only");
      }
      const peer = registry.find(call, kinds.customerGateway, input.CustomerGatewayId);
      const gateway = registry.find(call, kinds.vpnGateway, input.VpnGatewayId);
      const given = input.Options?.TunnelOptions ?? [];
      const connection = tables.vpnConnections.put({
        ...resource("vpn", call.region, specifiedTags(input.TagSpecifications, "vpn-connection")),
        customerGatewayId: peer.id,
        vpnGatewayId: gateway.id,
        staticRoutesOnly: input.Options?.StaticRoutesOnly ?? false,
        ends: [0, 1].map((index) => ({
          address: outsideAddress(),
          preSharedKey: given[index]?.PreSharedKey ?? randomBytes(24).toString("base64url"),
        })),
      });
      return { VpnConnection: describeConnection(connection) };
    },
    DescribeVpnConnections: (
      call: Call,
      input: ec2.DescribeVpnConnectionsRequest,
    ): ec2.DescribeVpnConnectionsResult => {
      const matches = matcher<VpnConnection>(input.Filters, {
        "vpn-connection-id": ({ id }) => id,
        "customer-gateway-id": ({ customerGatewayId }) => customerGatewayId,
        "vpn-gateway-id": ({ vpnGatewayId }) => vpnGatewayId,
      });
      const wanted = input.VpnConnectionIds?.length
        ? input.VpnConnectionIds.map((id) => registry.find(call, kinds.vpnConnection, id))
        : registry.all(call, kinds.vpnConnection);
      return { VpnConnections: wanted.filter(matches).map(describeConnection) };
    },
    DeleteVpnConnection: (call: Call, input: ec2.DeleteVpnConnectionRequest): object => {
      tables.vpnConnections.delete(registry.find(call, kinds.vpnConnection, input.VpnConnectionId).id);
      return {};
    },
  };

  function refuseUsed(uses: (connection: VpnConnection) => boolean, id: string): void {
    const user = tables.vpnConnections.find(uses);
    if (user) throw incorrectState("IncorrectState", `${id} is in use by ${user.id}.`);
  }
}

/** Of a network that is set aside for documentation: there is nothing behind it. */
function outsideAddress(): string {
  return `203.0.113.${randomInt(1, 255)}`;
}

/** What an administrator loads into their router: with the keys, as at AWS. */
function configurationOf({ id, ends }: VpnConnection): string {
  const tunnels = ends.map(
    ({ address, preSharedKey }) =>
      `<ipsec_tunnel><vpn_gateway><tunnel_outside_address><ip_address>${address}</ip_address></tunnel_outside_address></vpn_gateway><ike><pre_shared_key>${preSharedKey}</pre_shared_key></ike></ipsec_tunnel>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?><vpn_connection id="${id}">${tunnels.join("")}</vpn_connection>`;
}
