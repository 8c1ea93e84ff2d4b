import assert from "node:assert/strict";
import type { SecurityRule } from "../../../../../src/providers/cloud-facets.ts";
import type { Provider } from "../../../../../src/providers/provider.ts";
import { setUpEvents } from "../../../../../src/sandbox/aws/events/set-up.ts";
import type { AwsFaultSite } from "../aws-site.ts";
import type { FaultSite } from "../fault-site.ts";
import { noCapacity, notRepeated, type Prepared, type Row, shownAndUnknown } from "../table.ts";

type Admin = NonNullable<Provider["networkAdmin"]>;
const web: SecurityRule = { direction: "ingress", protocol: "tcp", fromPort: 443, toPort: 443, peer: "0.0.0.0/0" };
const tags = {};

/** The facet, which AWS has. */
const admin = ({ networkAdmin }: Provider): Admin => networkAdmin as Admin;

async function makeNetwork(site: FaultSite): Promise<string> {
  const input = { name: "faults", cidr: "10.77.0.0/16", internet: false, key: site.key("network"), tags };
  return (await admin(site.provider).createVirtualNetwork(input, site.signal())).virtualNetworkId;
}

/** In a network of its own, which goes afterwards. */
async function inNetwork(site: FaultSite, prepare: (virtualNetworkId: string) => Promise<Prepared>): Promise<Prepared> {
  const virtualNetworkId = await makeNetwork(site);
  const { call, undo } = await prepare(virtualNetworkId);
  return {
    call,
    async undo() {
      await undo?.();
      await admin(site.provider).deleteVirtualNetwork(virtualNetworkId, site.signal());
    },
  };
}

const list = (
  call: string,
  at: string,
  read: (provider: Provider, signal: AbortSignal) => AsyncIterable<unknown>,
): Row => ({
  call,
  at,
  prepare: async () => ({ call: (provider, signal) => Array.fromAsync(read(provider, signal)) }),
});

export const networkRows: readonly Row[] = [
  list("network.listNetworks", "ec2:DescribeSubnets", ({ network }, signal) => network.listNetworks(signal)),
  list("networkAdmin.listVirtualNetworks", "ec2:DescribeVpcs", (provider, signal) =>
    admin(provider).listVirtualNetworks(signal),
  ),
  list("networkAdmin.listSecurityGroups", "ec2:DescribeSecurityGroups", (provider, signal) =>
    admin(provider).listSecurityGroups(signal),
  ),
  list("networkAdmin.listAddresses", "ec2:DescribeAddresses", (provider, signal) =>
    admin(provider).listAddresses(signal),
  ),
  {
    call: "networkAdmin.createVirtualNetwork",
    at: "ec2:CreateVpc",
    passing: notRepeated,
    async prepare(site) {
      const input = { name: "faults", cidr: "10.78.0.0/16", internet: true, key: site.key("network"), tags };
      return {
        call: (provider, signal) => admin(provider).createVirtualNetwork(input, signal),
        async undo() {
          const { virtualNetworkId } = await admin(site.provider).createVirtualNetwork(input, site.signal());
          await admin(site.provider).deleteVirtualNetwork(virtualNetworkId, site.signal());
        },
      };
    },
  },
  {
    call: "networkAdmin.deleteVirtualNetwork",
    at: "ec2:DeleteVpc",
    ...shownAndUnknown,
    async prepare(site) {
      const id = await makeNetwork(site);
      return { call: (provider, signal) => admin(provider).deleteVirtualNetwork(id, signal) };
    },
  },
  {
    call: "networkAdmin.createSubnet",
    at: "ec2:CreateSubnet",
    passing: notRepeated,
    prepare: (site) =>
      inNetwork(site, async (virtualNetworkId) => {
        const input = { name: "faults", virtualNetworkId, cidr: "10.77.1.0/24", key: site.key("subnet"), tags };
        return {
          call: (provider, signal) => admin(provider).createSubnet(input, signal),
          async undo() {
            const { networkId } = await admin(site.provider).createSubnet(input, site.signal());
            await admin(site.provider).deleteSubnet(networkId, site.signal());
          },
        };
      }),
  },
  {
    call: "networkAdmin.deleteSubnet",
    at: "ec2:DeleteSubnet",
    ...shownAndUnknown,
    prepare: (site) =>
      inNetwork(site, async (virtualNetworkId) => {
        const input = { name: "faults", virtualNetworkId, cidr: "10.77.1.0/24", key: site.key("subnet"), tags };
        const { networkId } = await admin(site.provider).createSubnet(input, site.signal());
        return { call: (provider, signal) => admin(provider).deleteSubnet(networkId, signal) };
      }),
  },
];

export const accessRows: readonly Row[] = [
  {
    call: "networkAdmin.createSecurityGroup",
    at: "ec2:CreateSecurityGroup",
    passing: notRepeated,
    prepare: (site) =>
      inNetwork(site, async (virtualNetworkId) => {
        const input = { ...groupIn(site, virtualNetworkId), rules: [web] };
        return {
          call: (provider, signal) => admin(provider).createSecurityGroup(input, signal),
          async undo() {
            const { securityGroupId } = await admin(site.provider).createSecurityGroup(input, site.signal());
            await admin(site.provider).deleteSecurityGroup(securityGroupId, site.signal());
          },
        };
      }),
  },
  {
    call: "networkAdmin.setSecurityRules",
    at: "ec2:AuthorizeSecurityGroupIngress",
    prepare: (site) =>
      inNetwork(site, async (virtualNetworkId) => {
        const facet = admin(site.provider);
        const { securityGroupId } = await facet.createSecurityGroup(groupIn(site, virtualNetworkId), site.signal());
        return {
          call: (provider, signal) => admin(provider).setSecurityRules(securityGroupId, [web], signal),
          undo: () => facet.deleteSecurityGroup(securityGroupId, site.signal()),
        };
      }),
  },
  {
    call: "networkAdmin.deleteSecurityGroup",
    at: "ec2:DeleteSecurityGroup",
    ...shownAndUnknown,
    prepare: (site) =>
      inNetwork(site, async (virtualNetworkId) => {
        const facet = admin(site.provider);
        const { securityGroupId } = await facet.createSecurityGroup(groupIn(site, virtualNetworkId), site.signal());
        return { call: (provider, signal) => admin(provider).deleteSecurityGroup(securityGroupId, signal) };
      }),
  },
  {
    call: "networkAdmin.allocateAddress",
    at: "ec2:AllocateAddress",
    passing: notRepeated,
    async prepare(site) {
      const input = { name: "faults", key: site.key("address"), tags };
      return {
        call: (provider, signal) => admin(provider).allocateAddress(input, signal),
        async undo() {
          const { addressId } = await admin(site.provider).allocateAddress(input, site.signal());
          await admin(site.provider).releaseAddress(addressId, site.signal());
        },
      };
    },
  },
  {
    call: "networkAdmin.associateAddress",
    at: "ec2:AssociateAddress",
    passing: notRepeated,
    async prepare(site) {
      const facet = admin(site.provider);
      const vmId = await site.vmIn("running");
      const { addressId } = await facet.allocateAddress(
        { name: "faults", key: site.key("address"), tags },
        site.signal(),
      );
      return {
        call: (provider, signal) => admin(provider).associateAddress(addressId, vmId, signal),
        async undo() {
          await facet.associateAddress(addressId, undefined, site.signal());
          await facet.releaseAddress(addressId, site.signal());
        },
      };
    },
  },
  {
    call: "networkAdmin.releaseAddress",
    at: "ec2:ReleaseAddress",
    ...shownAndUnknown,
    async prepare(site) {
      const input = { name: "faults", key: site.key("address"), tags };
      const { addressId } = await admin(site.provider).allocateAddress(input, site.signal());
      return { call: (provider, signal) => admin(provider).releaseAddress(addressId, signal) };
    },
  },
];

function groupIn(site: FaultSite, virtualNetworkId: string) {
  const key = site.key("group");
  return { name: key, description: "for a test", virtualNetworkId, rules: [], key, tags };
}

/** Each with one there, so that what is asked about a thing by itself is asked, too. */
const listedWith = (
  kind: "load-balancer" | "scaling-group" | "tunnel",
  row: Omit<Row, "prepare">,
  read: (provider: Provider, signal: AbortSignal) => AsyncIterable<unknown> | undefined,
): Row => ({
  ...row,
  async prepare(site) {
    const remove = site.makeSample(kind);
    return {
      call: (provider, signal) => Array.fromAsync(read(provider, signal) ?? []),
      undo: async () => remove(),
    };
  },
});

export const listedRows: readonly Row[] = [
  listedWith(
    "load-balancer",
    {
      call: "loadBalancers.listLoadBalancers",
      at: "elasticloadbalancing:DescribeLoadBalancers",
      lasting: noCapacity,
    },
    ({ loadBalancers }, signal) => loadBalancers?.listLoadBalancers(signal),
  ),
  listedWith(
    "scaling-group",
    {
      call: "scalingGroups.listScalingGroups",
      at: "autoscaling:DescribeAutoScalingGroups",
      // It says of a group that is not there what it says of any wrong parameter.
      lasting: { ...noCapacity, "not-found": "InvalidInput" },
      passing: { "not-found": "InvalidInput" },
    },
    ({ scalingGroups }, signal) => scalingGroups?.listScalingGroups(signal),
  ),
  listedWith("tunnel", { call: "tunnels.listTunnels", at: "ec2:DescribeVpnConnections" }, ({ tunnels }, signal) =>
    tunnels?.listTunnels(signal),
  ),
  {
    call: "events.watch",
    at: "sqs:GetQueueUrl",
    // Without the queue the site was not set up for it.
    lasting: { ...noCapacity, "not-found": "UnsupportedCapability" },
    passing: { "not-found": "UnsupportedCapability" },
    async prepare(site: AwsFaultSite) {
      const { bus, queues } = site.lab.aws.events;
      setUpEvents({ bus, queues }, "us-east-1");
      // What a lost answer held comes back when its time is over.
      for (const queue of [...queues.queues.values()])
        queues.queues.put({ ...queue, attributes: { ...queue.attributes, VisibilityTimeout: "1" } });
      return {
        // Until one change was told and taken.
        async call(provider, signal) {
          const vmId = "i-0123456789abcdef0";
          const detail = { "instance-id": vmId, state: "running" };
          const heard: (string | undefined)[] = [];
          for await (const changes of provider.events?.watch(signal) ?? []) {
            if (heard.length > 0 && changes.length > 0) break;
            heard.push(...changes.map(({ resourceId }) => resourceId));
            bus.put("us-east-1", { source: "aws.ec2", type: "EC2 Instance State-change Notification", detail });
          }
          assert.ok(heard.includes(vmId));
        },
        async undo() {
          for (const queue of [...queues.queues.values()]) queues.remove(queue);
          for (const rule of [...bus.rules.values()]) bus.rules.delete(rule.id);
        },
      };
    },
  },
];
