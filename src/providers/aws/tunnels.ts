import type { CustomerGateway, VgwTelemetry, VpnConnection, VpnGateway } from "@aws-sdk/client-ec2";
import type { Tunnel, TunnelsFacet } from "../cloud-facets.ts";
import type { Aws } from "./client.ts";
import { fromWire } from "./tags.ts";

/** Site-to-Site VPN connections, with the gateways at both of their ends. EC2 gives none of the lists in pages. */
export class AwsTunnels implements TunnelsFacet {
  readonly #aws: Aws;

  constructor(aws: Aws) {
    this.#aws = aws;
  }

  async *listTunnels(signal: AbortSignal): AsyncGenerator<Tunnel> {
    const subject = { operation: "list VPN connections", resource: this.#aws.site };
    const { ec2 } = this.#aws;
    const { VpnConnections = [] } = await ec2.send((sdk) => new sdk.DescribeVpnConnectionsCommand({}), subject, signal);
    const there = VpnConnections.filter(({ State }) => State !== "deleted");
    if (there.length === 0) return;
    const [{ CustomerGateways = [] }, { VpnGateways = [] }] = await Promise.all([
      ec2.send((sdk) => new sdk.DescribeCustomerGatewaysCommand({}), subject, signal),
      ec2.send((sdk) => new sdk.DescribeVpnGatewaysCommand({}), subject, signal),
    ]);
    for (const connection of there) yield toTunnel(connection, CustomerGateways, VpnGateways);
  }
}

/** Only what is named here: the connection also holds its pre-shared keys, twice. */
function toTunnel(
  connection: VpnConnection,
  peers: readonly CustomerGateway[],
  gateways: readonly VpnGateway[],
): Tunnel {
  const { VpnConnectionId = "", Type = "ipsec.1", State = "unknown", CustomerGatewayId, VpnGatewayId } = connection;
  const { tags, notes } = fromWire(connection.Tags);
  const peerAddress = peers.find((peer) => peer.CustomerGatewayId === CustomerGatewayId)?.IpAddress;
  const gateway = gateways.find((candidate) => candidate.VpnGatewayId === VpnGatewayId);
  const virtualNetworkId = gateway?.VpcAttachments?.find((attachment) => attachment.State === "attached")?.VpcId;
  return {
    tunnelId: VpnConnectionId,
    ...(notes.name === undefined ? {} : { name: notes.name }),
    type: Type,
    state: State,
    ...(peerAddress === undefined ? {} : { peerAddress }),
    ...(virtualNetworkId === undefined ? {} : { virtualNetworkId }),
    ends: (connection.VgwTelemetry ?? []).map(toEnd),
    tags,
  };
}

function toEnd({ OutsideIpAddress, Status, LastStatusChange }: VgwTelemetry): Tunnel["ends"][number] {
  return {
    ...(OutsideIpAddress === undefined ? {} : { address: OutsideIpAddress }),
    up: Status === "UP",
    ...(LastStatusChange === undefined ? {} : { since: LastStatusChange.toISOString() }),
  };
}
