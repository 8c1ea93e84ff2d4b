import { randomBytes } from "node:crypto";
import { DescribeSubnetsCommand, EC2Client } from "@aws-sdk/client-ec2";
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DeleteListenerCommand,
  DeleteLoadBalancerCommand,
  DeleteTargetGroupCommand,
  ElasticLoadBalancingV2Client,
  ModifyTargetGroupAttributesCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { CreateHostedZoneCommand, DeleteHostedZoneCommand, Route53Client } from "@aws-sdk/client-route-53";
import type { TrafficSite } from "../harness.ts";
import { answering } from "./answering.ts";
import type { AwsAddress } from "./aws.ts";

export interface AwsTraffic extends TrafficSite {
  readonly zone: NonNullable<TrafficSite["zone"]>;
  readonly pool: NonNullable<TrafficSite["pool"]> & { readonly shares: readonly [string, string] };
  readonly balancerArn: string;
  close(): Promise<void>;
}

/** A hosted zone, and a listener that forwards to two empty target groups: made with the vendor's SDK, the same at whatever
 *  plays AWS. */
export async function makeAwsTraffic(
  { region, endpoint, keys }: AwsAddress,
  { type = "application", delaySeconds = 1 }: { type?: "application" | "network"; delaySeconds?: number } = {},
): Promise<AwsTraffic> {
  const credentials = { accessKeyId: keys?.id ?? "AKIDEXAMPLE", secretAccessKey: keys?.secret ?? "only-for-tests" };
  const config = { region, ...(endpoint === undefined ? {} : { endpoint }), credentials, maxAttempts: 1 };
  const ec2 = new EC2Client(config);
  const elb = new ElasticLoadBalancingV2Client(config);
  const route53 = new Route53Client(config);
  const run = randomBytes(4).toString("hex");
  const name = `${run}.example.com`;
  const made = await route53.send(new CreateHostedZoneCommand({ Name: name, CallerReference: run }));
  const zoneId = (made.HostedZone?.Id ?? "").replace("/hostedzone/", "");
  const Filters = [{ Name: "default-for-az", Values: ["true"] }];
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ Filters }));
  const { VpcId } = Subnets[0] ?? {};
  const ids = Subnets.map(({ SubnetId = "" }) => SubnetId).slice(0, 2);
  const balancer = await elb.send(
    new CreateLoadBalancerCommand({ Name: `lb-${run}`, Subnets: ids, Type: type, Scheme: "internet-facing" }),
  );
  const balancerArn = balancer.LoadBalancers?.[0]?.LoadBalancerArn ?? "";
  const Protocol = type === "application" ? "HTTP" : "TCP";
  const groups: string[] = [];
  for (const side of ["old", "new"]) {
    const group = await elb.send(
      new CreateTargetGroupCommand({
        ...{ Name: `${side}-${run}`, Protocol, Port: 80, VpcId, TargetType: "ip" },
        ...{ HealthyThresholdCount: 2, UnhealthyThresholdCount: 2 },
      }),
    );
    const arn = group.TargetGroups?.[0]?.TargetGroupArn ?? "";
    groups.push(arn);
    const Attributes = [{ Key: "deregistration_delay.timeout_seconds", Value: `${delaySeconds}` }];
    await elb.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn: arn, Attributes }));
  }
  const TargetGroups = groups.map((TargetGroupArn) => ({ TargetGroupArn, Weight: 50 }));
  const listener = await elb.send(
    new CreateListenerCommand({
      ...{ LoadBalancerArn: balancerArn, Protocol, Port: 8_080 },
      DefaultActions: [{ Type: "forward", ForwardConfig: { TargetGroups } }],
    }),
  );
  const poolId = listener.Listeners?.[0]?.ListenerArn ?? "";
  const server = await answering("conformance");
  return {
    zone: { zoneId, name },
    pool: {
      poolId,
      target: { address: "127.0.0.1", port: server.port },
      shares: [groups[0] ?? "", groups[1] ?? ""],
    },
    balancerArn,
    async close() {
      await server.close();
      await elb.send(new DeleteListenerCommand({ ListenerArn: poolId }));
      await elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: balancerArn }));
      for (const TargetGroupArn of groups) await elb.send(new DeleteTargetGroupCommand({ TargetGroupArn }));
      await route53.send(new DeleteHostedZoneCommand({ Id: zoneId }));
      for (const client of [ec2, elb, route53]) client.destroy();
    },
  };
}
