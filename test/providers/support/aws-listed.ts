import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { AutoScalingClient, CreateAutoScalingGroupCommand } from "@aws-sdk/client-auto-scaling";
import {
  AttachVpnGatewayCommand,
  CreateCustomerGatewayCommand,
  CreateLaunchTemplateCommand,
  CreateVpnConnectionCommand,
  CreateVpnGatewayCommand,
  DeleteVpnConnectionCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import {
  CreateLoadBalancerCommand,
  DeleteLoadBalancerCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { Provider } from "../../../src/providers/provider.ts";
import { type AwsAddress, connectAws } from "./aws.ts";

/** What the adapter only lists, made behind its back with the vendor's SDK: the same at whatever plays AWS. */
export function runListed(
  title: string,
  open: () => Promise<{ readonly address: AwsAddress; close(): Promise<void> }>,
  skip?: string,
): void {
  describe(`the AWS adapter lists at ${title}`, { skip: skip ?? false }, () => {
    let place: Awaited<ReturnType<typeof open>>;
    let provider: Provider;
    let ec2: EC2Client;
    let network: { vpcId: string; subnetIds: string[] };
    const signal = AbortSignal.timeout(60_000);
    const config = () => {
      const { region, endpoint, keys } = place.address;
      const credentials = { accessKeyId: keys?.id ?? "AKIDEXAMPLE", secretAccessKey: keys?.secret ?? "only-for-tests" };
      return { region, endpoint, credentials, maxAttempts: 1 };
    };

    before(async () => {
      place = await open();
      provider = connectAws(place.address);
      ec2 = new EC2Client(config());
      const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({}));
      const vpcId = Vpcs.find(({ IsDefault }) => IsDefault)?.VpcId ?? "";
      const Filters = [{ Name: "vpc-id", Values: [vpcId] }];
      const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ Filters }));
      network = { vpcId, subnetIds: Subnets.map(({ SubnetId = "" }) => SubnetId).slice(0, 2) };
    });
    after(async () => {
      ec2?.destroy();
      await provider?.close();
      await place?.close();
    });

    test("load balancers, over pages of tags, and no longer those that are gone", async () => {
      const elb = new ElasticLoadBalancingV2Client(config());
      const names = Array.from({ length: 21 }, (_, index) => `shop-${index}`);
      for (const Name of names) {
        const Tags = [{ Key: "team", Value: Name }];
        await elb.send(new CreateLoadBalancerCommand({ Name, Subnets: network.subnetIds, Scheme: "internal", Tags }));
      }
      const list = async () => Array.fromAsync(provider.loadBalancers?.listLoadBalancers(signal) ?? []);
      const found = await list();
      assert.deepEqual(
        found.map(({ name, tags }) => `${name} of ${tags.team}`).sort(),
        names.map((name) => `${name} of ${name}`).sort(),
      );
      const [first] = found;
      assert.deepEqual(
        [first?.type, first?.internetFacing, first?.virtualNetworkId, [...(first?.networkIds ?? [])].sort()],
        ["application", false, network.vpcId, [...network.subnetIds].sort()],
      );
      assert.match(first?.loadBalancerId ?? "", /^arn:aws:elasticloadbalancing:/);
      await elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: first?.loadBalancerId }));
      assert.ok(!(await list()).some(({ loadBalancerId }) => loadBalancerId === first?.loadBalancerId));
      elb.destroy();
    });

    test("scaling groups with their bounds and tags", async () => {
      const client = new AutoScalingClient(config());
      const data = { ImageId: "ami-12c6146b", InstanceType: "t3.micro" as const };
      // The sandbox looks no template up, and has none to make.
      await ec2
        .send(new CreateLaunchTemplateCommand({ LaunchTemplateName: "web", LaunchTemplateData: data }))
        .catch((error: Error) => assert.equal(error.name, "UnsupportedOperation"));
      await client.send(
        new CreateAutoScalingGroupCommand({
          AutoScalingGroupName: "web",
          LaunchTemplate: { LaunchTemplateName: "web" },
          MinSize: 0,
          MaxSize: 3,
          VPCZoneIdentifier: network.subnetIds.join(","),
          Tags: [{ Key: "env", Value: "prod", PropagateAtLaunch: false }],
        }),
      );
      const [group, ...more] = await Array.fromAsync(provider.scalingGroups?.listScalingGroups(signal) ?? []);
      assert.deepEqual(
        [group?.name, group?.minVms, group?.maxVms, group?.wantedVms, group?.vmIds, group?.tags, more],
        ["web", 0, 3, 0, [], { env: "prod" }, []],
      );
      client.destroy();
    });

    test("tunnels with both of their sides, without their keys, until they are deleted", async () => {
      const { CustomerGateway } = await ec2.send(
        new CreateCustomerGatewayCommand({ Type: "ipsec.1", IpAddress: "198.51.100.7", BgpAsn: 65_010 }),
      );
      const { VpnGateway } = await ec2.send(new CreateVpnGatewayCommand({ Type: "ipsec.1" }));
      const { VpnGatewayId } = VpnGateway ?? {};
      await ec2.send(new AttachVpnGatewayCommand({ VpnGatewayId, VpcId: network.vpcId }));
      const secret = "a-secret-of-both-sides";
      const { VpnConnection } = await ec2.send(
        new CreateVpnConnectionCommand({
          Type: "ipsec.1",
          CustomerGatewayId: CustomerGateway?.CustomerGatewayId,
          VpnGatewayId,
          Options: { StaticRoutesOnly: true, TunnelOptions: [{ PreSharedKey: secret }] },
          TagSpecifications: [{ ResourceType: "vpn-connection", Tags: [{ Key: "Name", Value: "to the office" }] }],
        }),
      );
      const list = async () => Array.fromAsync(provider.tunnels?.listTunnels(signal) ?? []);
      const [tunnel] = await list();
      assert.deepEqual(
        [tunnel?.tunnelId, tunnel?.name, tunnel?.peerAddress, tunnel?.virtualNetworkId],
        [VpnConnection?.VpnConnectionId, "to the office", "198.51.100.7", network.vpcId],
      );
      // As AWS shows them to whoever lists connections.
      const configuration = VpnConnection?.CustomerGatewayConfiguration ?? "";
      const keys = [...configuration.matchAll(/<pre_shared_key>([^<]+)</g)].map(([, key = ""]) => key);
      assert.equal(keys.length, 2);
      assert.deepEqual(
        [secret, ...keys].filter((key) => JSON.stringify(tunnel).includes(key)),
        [],
      );
      await ec2.send(new DeleteVpnConnectionCommand({ VpnConnectionId: tunnel?.tunnelId }));
      assert.deepEqual(await list(), []);
    });

    test("what a queue of EventBridge's tells, each message until it was taken", async () => {
      const sqs = new SQSClient(config());
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "novacron-events" }));
      const vmId = "i-0123456789abcdef0";
      const event = { "detail-type": "EC2 Instance State-change Notification", source: "aws.ec2" };
      const body = JSON.stringify({ ...event, detail: { "instance-id": vmId, state: "running" } });
      for (const MessageBody of [body, "of somebody else", body])
        await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
      const heard: string[] = [];
      let batches = 0;
      for await (const changes of provider.events?.watch(signal) ?? []) {
        for (const { kind, resourceId = "" } of changes) heard.push(`${kind} ${resourceId}`);
        // What the third one brings is left to whoever listens next.
        if (++batches === 3) break;
        if (batches === 2) await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
      }
      assert.ok(heard.includes(`vm ${vmId}`) && heard.includes("volume "));
      const AttributeNames = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const;
      const asked = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] });
      const { Attributes = {} } = await sqs.send(asked);
      const left = AttributeNames.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
      assert.equal(left, 1);
      sqs.destroy();
    });
  });
}
