import { randomBytes } from "node:crypto";
import type { Registry } from "../registry.ts";
import type { NetworkKinds } from "./network-kinds.ts";
import type { Rule } from "./network-state.ts";
import { makeSubnet, makeVcn } from "./vcns.ts";

/** Opens port 8080 to everywhere. */
export const demoGroupName = "novacron-demo-8080";
/** The block service's. */
export const helperPort = 8790;

/**
 * What every sandbox has from its start on, so that nobody needs to lay cables first: a VCN with a public regional
 * subnet, a way to the internet, and a group that opens port 8080.
 */
export function ensureNetwork(
  registry: Registry,
  kinds: NetworkKinds,
): { vcnId: string; subnetId: string; demoGroupId: string } {
  const { documents, tables, tenancy } = registry.cloud;
  const { compartmentId } = tenancy;
  const builtIn = true as const;
  const known = tables.vcns.find((vcn) => vcn.builtIn === true);
  const find = <T extends { vcnId: string; builtIn?: true; id: string }>(table: {
    find(wanted: (one: T) => boolean): T | undefined;
  }) => table.find((one) => one.builtIn === true && one.vcnId === known?.id)?.id ?? "";
  if (known) return { vcnId: known.id, subnetId: find(tables.subnets), demoGroupId: find(tables.groups) };
  return documents.together(() => {
    const vcn = makeVcn(registry, {
      compartmentId,
      displayName: "sandbox",
      cidrBlocks: ["10.0.0.0/16"],
      dnsLabel: "sandbox",
    });
    tables.vcns.put({ ...vcn, builtIn });
    const gateway = tables.gateways.put({
      ...registry.resource("internetgateway", { compartmentId, displayName: "sandbox" }),
      vcnId: vcn.id,
      enabled: true,
      builtIn,
    });
    const rules = [{ destination: "0.0.0.0/0", destinationType: "CIDR_BLOCK", networkEntityId: gateway.id }];
    tables.routeTables.change(vcn.routeTableId, { rules, builtIn });
    // Where helper instances are reached.
    const rulesOfList = [...(tables.securityLists.get(vcn.securityListId)?.rules ?? []), opens(helperPort)];
    tables.securityLists.change(vcn.securityListId, { rules: rulesOfList, builtIn });
    const subnet = makeSubnet(registry, kinds, {
      compartmentId,
      vcnId: vcn.id,
      displayName: "sandbox-public",
      cidrBlock: "10.0.0.0/24",
      dnsLabel: "public",
    });
    tables.subnets.put({ ...subnet, builtIn });
    const group = tables.groups.put({
      ...registry.resource("networksecuritygroup", { compartmentId, displayName: demoGroupName }),
      vcnId: vcn.id,
      rules: [opens(8080)],
      builtIn,
    });
    return { vcnId: vcn.id, subnetId: subnet.id, demoGroupId: group.id };
  });
}

/** A TCP port to everywhere. */
function opens(port: number): Rule {
  return {
    id: randomBytes(3).toString("hex").toUpperCase(),
    direction: "INGRESS",
    protocol: "6",
    peer: "0.0.0.0/0",
    peerType: "CIDR_BLOCK",
    stateless: false,
    ports: { min: port, max: port },
    createdAt: Date.now(),
  };
}
