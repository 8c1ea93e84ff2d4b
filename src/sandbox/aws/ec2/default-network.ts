import type { AwsCloud } from "../cloud.ts";
import { newId } from "../ids.ts";
import { zonesOf } from "../regions.ts";
import type { SecurityGroup, SecurityGroupRule, Vpc } from "../state.ts";

/** Made beside what a new account has, so that probes from this machine reach a guest's application. */
export const demoGroupName = "novacron-demo-8080";
const demoPort = 8080;
/** A new account finds its network there: nothing of it is still on its way to being seen. */
const foundThereMs = 60_000;
/** https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html */
const defaultCidr = "172.31.0.0/16";

/** Gives a region what a new account finds there: a default VPC with a subnet in every zone, and the way out. */
export function ensureDefaultNetwork(cloud: AwsCloud, region: string): Vpc {
  const { tables } = cloud;
  const known = tables.vpcs.find((vpc) => vpc.region === region && vpc.isDefault);
  // A user may delete the default VPC; it must not come back by itself.
  if (known || tables.settings.has(`region/${region}`)) return known as Vpc;
  const createdAt = Date.now() - foundThereMs;
  return cloud.documents.together(() => {
    const vpc = createVpc(cloud, region, defaultCidr, true, {}, createdAt);
    const gateway = tables.gateways.put({ ...resource("igw", region), createdAt, vpcId: vpc.id });
    const main = tables.routeTables.find(({ vpcId }) => vpcId === vpc.id);
    if (main)
      tables.routeTables.put({
        ...main,
        routes: [...main.routes, { destination: "0.0.0.0/0", gatewayId: gateway.id }],
      });
    for (const [index, zone] of zonesOf(region).entries()) {
      const cidr = `172.31.${index * 16}.0/20`;
      tables.subnets.put({
        ...resource("subnet", region),
        createdAt,
        vpcId: vpc.id,
        cidr,
        zone,
        isDefault: true,
        mapPublicIp: true,
      });
    }
    tables.groups.put({
      ...resource("sg", region),
      createdAt,
      vpcId: vpc.id,
      name: demoGroupName,
      description: `Simulated account: opens port ${demoPort} to this machine`,
      rules: [allOut(), { ...newRule(false, "tcp"), fromPort: demoPort, toPort: demoPort, cidr: "127.0.0.0/8" }],
    });
    const made = [tables.vpcs, tables.subnets, tables.routeTables, tables.gateways, tables.groups].flatMap((table) =>
      table.where((one: { region: string }) => one.region === region).map(({ id }) => id),
    );
    tables.settings.put({ id: `region/${region}`, value: made });
    return vpc;
  });
}

/** Ids of what {@link ensureDefaultNetwork} made, in all regions. */
export function builtInIds({ tables }: AwsCloud): ReadonlySet<string> {
  return new Set(tables.settings.where(({ id }) => id.startsWith("region/")).flatMap(({ value }) => value as string[]));
}

/** A VPC with its main route table and its default security group. */
export function createVpc(
  cloud: AwsCloud,
  region: string,
  cidr: string,
  isDefault: boolean,
  tags = {},
  createdAt = Date.now(),
): Vpc {
  const { tables } = cloud;
  return cloud.documents.together(() => {
    const vpc = tables.vpcs.put({
      ...resource("vpc", region),
      createdAt,
      tags,
      cidr,
      isDefault,
      dnsSupport: true,
      dnsHostnames: isDefault,
    });
    const association = { id: newId("rtbassoc"), main: true };
    const routes = [{ destination: cidr, gatewayId: "local" }];
    tables.routeTables.put({
      ...resource("rtb", region),
      createdAt,
      vpcId: vpc.id,
      routes,
      associations: [association],
    });
    const group = { ...resource("sg", region), createdAt };
    const description = "default VPC security group";
    const among = { ...newRule(false, "-1"), groupId: group.id };
    tables.groups.put({
      ...group,
      vpcId: vpc.id,
      name: "default",
      description,
      rules: [allOut(), among],
    } satisfies SecurityGroup);
    return vpc;
  });
}

export function resource(prefix: string, region: string, tags = {}) {
  return { id: newId(prefix), region, createdAt: Date.now(), tags };
}

export function newRule(egress: boolean, protocol: string): SecurityGroupRule {
  return { id: newId("sgr"), egress, protocol, fromPort: -1, toPort: -1 };
}

export function allOut(): SecurityGroupRule {
  return { ...newRule(true, "-1"), cidr: "0.0.0.0/0" };
}
