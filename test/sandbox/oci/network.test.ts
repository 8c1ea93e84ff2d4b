import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type OciLab, startOciLab } from "./support.ts";
import { refused } from "./support-calls.ts";

let lab: OciLab;
before(async () => {
  lab = await startOciLab();
});
after(async () => {
  await lab.close();
  assert.deepEqual(lab.complaints, []);
});

test("a network is laid, and taken up from its leaves to its root", async () => {
  const network = lab.network();
  const compartmentId = lab.oci.compartment;
  const { vcn } = await network.createVcn({
    createVcnDetails: { compartmentId, cidrBlocks: ["10.9.0.0/16"], displayName: "own", dnsLabel: "own" },
  });
  const vcnId = vcn.id;
  const gateway = () =>
    network.createInternetGateway({ createInternetGatewayDetails: { compartmentId, vcnId, isEnabled: true } });
  const { internetGateway } = await gateway();
  await assert.rejects(gateway(), refused(400, "LimitExceeded"));
  const rtId = vcn.defaultRouteTableId ?? "";
  const routeRules = [{ destination: "0.0.0.0/0", networkEntityId: internetGateway.id }];
  await network.updateRouteTable({ rtId, updateRouteTableDetails: { routeRules } });
  const subnetOf = (cidrBlock: string) =>
    network.createSubnet({ createSubnetDetails: { compartmentId, vcnId, cidrBlock } });
  const { subnet } = await subnetOf("10.9.1.0/24");
  assert.deepEqual(
    [subnet.virtualRouterIp, subnet.routeTableId, subnet.securityListIds?.length],
    ["10.9.1.1", rtId, 1],
  );
  await assert.rejects(subnetOf("10.9.1.128/25"), refused(400, "InvalidParameter"));
  await assert.rejects(subnetOf("10.10.1.0/24"), refused(400, "InvalidParameter"));
  assert.equal((await network.listSubnets({ compartmentId, vcnId })).items.length, 1);

  await assert.rejects(network.deleteVcn({ vcnId }), refused(409, "Conflict"));
  await network.deleteSubnet({ subnetId: subnet.id });
  await assert.rejects(network.deleteInternetGateway({ igId: internetGateway.id }), refused(409, "Conflict"));
  await network.updateRouteTable({ rtId, updateRouteTableDetails: { routeRules: [] } });
  await network.deleteInternetGateway({ igId: internetGateway.id });
  await network.deleteVcn({ vcnId });
  assert.equal((await network.getVcn({ vcnId })).vcn.lifecycleState, "TERMINATED");
});

test("a group's rules are added, changed, listed and removed by their ids", async () => {
  const network = lab.network();
  const compartmentId = lab.oci.compartment;
  const { vcnId } = lab.oci.network;
  const { networkSecurityGroup } = await network.createNetworkSecurityGroup({
    createNetworkSecurityGroupDetails: { compartmentId, vcnId, displayName: "web" },
  });
  const networkSecurityGroupId = networkSecurityGroup.id;
  const port = (min: number) => ({
    direction: "INGRESS" as never,
    protocol: "6",
    source: "10.0.0.0/8",
    tcpOptions: { destinationPortRange: { min, max: min } },
  });
  const added = await network.addNetworkSecurityGroupSecurityRules({
    networkSecurityGroupId,
    addNetworkSecurityGroupSecurityRulesDetails: { securityRules: [port(80), port(443)] },
  });
  const [first, second] = added.addedNetworkSecurityGroupSecurityRules.securityRules ?? [];
  await network.updateNetworkSecurityGroupSecurityRules({
    networkSecurityGroupId,
    updateNetworkSecurityGroupSecurityRulesDetails: { securityRules: [{ ...port(8443), id: second?.id ?? "" }] },
  });
  await network.removeNetworkSecurityGroupSecurityRules({
    networkSecurityGroupId,
    removeNetworkSecurityGroupSecurityRulesDetails: { securityRuleIds: [first?.id ?? ""] },
  });
  const { items } = await network.listNetworkSecurityGroupSecurityRules({ networkSecurityGroupId });
  assert.deepEqual(
    items.map(({ tcpOptions }) => tcpOptions?.destinationPortRange?.min),
    [8443],
  );
  await assert.rejects(
    network.addNetworkSecurityGroupSecurityRules({
      networkSecurityGroupId,
      addNetworkSecurityGroupSecurityRulesDetails: { securityRules: [{ ...port(1), source: "somewhere" }] },
    }),
    refused(400, "InvalidParameter"),
  );
  await network.deleteNetworkSecurityGroup({ networkSecurityGroupId });
});

test("a reserved public address is there until it is deleted", async () => {
  const network = lab.network();
  const compartmentId = lab.oci.compartment;
  const { publicIp } = await network.createPublicIp({
    createPublicIpDetails: { compartmentId, lifetime: "RESERVED" as never, displayName: "kept" },
  });
  assert.equal(publicIp.lifecycleState, "AVAILABLE");
  assert.match(publicIp.ipAddress ?? "", /^127\.82\./);
  const { items } = await network.listPublicIps({ compartmentId, scope: "REGION" as never });
  assert.deepEqual(
    items.map(({ id }) => id),
    [publicIp.id],
  );
  await network.deletePublicIp({ publicIpId: publicIp.id ?? "" });
  const after = await network.getPublicIp({ publicIpId: publicIp.id ?? "" });
  assert.equal(after.publicIp.lifecycleState, "TERMINATED");
});
