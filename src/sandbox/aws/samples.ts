import { randomUUID } from "node:crypto";
import * as z from "zod";
import { autoScalingOperations } from "./autoscaling/operations.ts";
import type { AwsCloud, Call } from "./cloud.ts";
import { ensureDefaultNetwork } from "./ec2/default-network.ts";
import type { Registry } from "./ec2/registry.ts";
import { vpnOperations } from "./ec2/vpn.ts";
import { balancerOperations } from "./elb/operations.ts";
import { regions } from "./regions.ts";

const order = z.strictObject({
  kind: z.enum(["load-balancer", "scaling-group", "tunnel"]),
  name: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?$/),
  region: z.enum(Object.keys(regions)).default("us-east-1"),
  tags: z.record(z.string(), z.string()).default({}),
});

/** Makes one of what NovaCron lists and doesn't make, as its owner would with AWS's own tools, in the default network.
 *  @throws ZodError for what is no such order, AwsError as the calls do. */
export function makeSample(cloud: AwsCloud, registry: Registry, input: unknown): object {
  const { kind, name, region, tags } = order.parse(input);
  const call: Call = { service: kind, operation: "sample", region, requestId: randomUUID(), caller: owner };
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const { id: vpcId } = ensureDefaultNetwork(cloud, region);
  const subnetIds = cloud.tables.subnets.where((subnet) => subnet.vpcId === vpcId).map(({ id }) => id);
  switch (kind) {
    case "load-balancer":
      return balancerOperations(cloud).CreateLoadBalancer(call, { Name: name, Subnets: subnetIds, Tags });
    case "scaling-group":
      autoScalingOperations(cloud).CreateAutoScalingGroup(call, {
        AutoScalingGroupName: name,
        LaunchTemplate: { LaunchTemplateName: name },
        MinSize: 0,
        MaxSize: 4,
        VPCZoneIdentifier: subnetIds.join(","),
        Tags,
      });
      return { AutoScalingGroupName: name };
    case "tunnel": {
      const vpn = vpnOperations(registry);
      const { CustomerGateway } = vpn.CreateCustomerGateway(call, { Type: "ipsec.1", IpAddress: "198.51.100.1" });
      const attached = cloud.tables.vpnGateways.find((gateway) => gateway.vpcId === vpcId);
      const gatewayId = attached?.id ?? vpn.CreateVpnGateway(call, { Type: "ipsec.1" }).VpnGateway?.VpnGatewayId;
      if (!attached) vpn.AttachVpnGateway(call, { VpnGatewayId: gatewayId, VpcId: vpcId });
      const { VpnConnection } = vpn.CreateVpnConnection(call, {
        Type: "ipsec.1",
        CustomerGatewayId: CustomerGateway?.CustomerGatewayId,
        VpnGatewayId: gatewayId,
        TagSpecifications: [{ ResourceType: "vpn-connection", Tags: [{ Key: "Name", Value: name }, ...Tags] }],
      });
      return { VpnConnectionId: VpnConnection?.VpnConnectionId };
    }
  }
}

const owner: Call["caller"] = {
  accessKeyId: "",
  arn: "the sandbox's owner",
  userId: "owner",
  principal: { kind: "user", name: "" },
};
