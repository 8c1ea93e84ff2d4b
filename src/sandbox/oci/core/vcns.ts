import { randomBytes } from "node:crypto";
import type * as core from "oci-core";
import { type Cidr, contains, formatCidr, overlaps, parseCidr } from "../../cloud/ipv4.ts";
import { conflict, invalid, limitExceeded, missing, relatedNotFound } from "../errors.ts";
import { holdToLimit } from "../limits.ts";
import { type Operation, operations } from "../operation.ts";
import { type Registry, renamed } from "../registry.ts";
import type { Resource } from "../state.ts";
import { newOcid } from "../tenancy.ts";
import type { Wire } from "../wire.ts";
import type { NetworkKinds } from "./network-kinds.ts";
import type { RouteRule, Rule, Subnet, Vcn } from "./network-state.ts";
import { readers } from "./readers.ts";

const alive = ({ deletedAt }: Resource) => deletedAt === undefined;

/** A VCN with what comes with it: https://docs.oracle.com/en-us/iaas/Content/Network/Concepts/overview.htm */
export function makeVcn(registry: Registry, details: Wire<core.models.CreateVcnDetails>): Vcn {
  const { cloud } = registry;
  const { tables, documents } = cloud;
  const resource = registry.resource("vcn", details);
  const blocks = details.cidrBlocks ?? (details.cidrBlock ? [details.cidrBlock] : []);
  if (blocks.length === 0) throw missing("cidrBlocks");
  const cidrs = blocks.map((block) => formatCidr(cidrOf(block, "cidrBlocks")));
  holdToLimit(cloud, "vcn-count", undefined, 1);
  const withVcn = (type: string, what: string) => ({
    ...registry.resource(type, {
      compartmentId: details.compartmentId,
      displayName: `${what} for ${resource.displayName}`,
    }),
    vcnId: resource.id,
  });
  const routeTable = { ...withVcn("routetable", "Default Route Table"), rules: [] };
  const rule = (fields: Partial<Rule>): Rule => ({
    id: randomBytes(3).toString("hex").toUpperCase(),
    direction: "INGRESS",
    protocol: "6",
    peer: "0.0.0.0/0",
    peerType: "CIDR_BLOCK",
    stateless: false,
    createdAt: Date.now(),
    ...fields,
  });
  // https://docs.oracle.com/en-us/iaas/Content/Network/Concepts/securitylists.htm#Default
  const rules = [
    rule({ direction: "EGRESS", protocol: "all" }),
    rule({ ports: { min: 22, max: 22 } }),
    rule({ protocol: "1", icmp: { type: 3, code: 4 } }),
  ];
  const securityList = { ...withVcn("securitylist", "Default Security List"), rules };
  return documents.together(() => {
    tables.routeTables.put(routeTable);
    tables.securityLists.put(securityList);
    return tables.vcns.put({
      ...resource,
      cidrs,
      dnsLabel: details.dnsLabel,
      routeTableId: routeTable.id,
      securityListId: securityList.id,
      dhcpOptionsId: newOcid("dhcpoptions"),
    });
  });
}

export function makeSubnet(
  registry: Registry,
  kinds: NetworkKinds,
  details: Wire<core.models.CreateSubnetDetails>,
): Subnet {
  const { tables } = registry.cloud;
  const resource = registry.resource("subnet", details);
  const vcn = registry.related(kinds.vcn, details.vcnId, "vcnId");
  const cidr = cidrOf(details.cidrBlock ?? details.ipv4CidrBlocks?.[0], "cidrBlock");
  if (!vcn.cidrs.some((block) => contains(parseCidr(block) as Cidr, cidr)))
    throw invalid("cidrBlock", `${formatCidr(cidr)} is not within the VCN's ${vcn.cidrs.join(", ")}`);
  const other = tables.subnets.find(
    (subnet) => subnet.vcnId === vcn.id && alive(subnet) && overlaps(parseCidr(subnet.cidr) as Cidr, cidr),
  );
  if (other) throw invalid("cidrBlock", `${formatCidr(cidr)} overlaps with ${other.cidr} of the subnet ${other.id}`);
  if (details.routeTableId) registry.related(kinds.routeTable, details.routeTableId, "routeTableId");
  for (const id of details.securityListIds ?? []) registry.related(kinds.securityList, id, "securityListIds");
  return tables.subnets.put({
    ...resource,
    vcnId: vcn.id,
    cidr: formatCidr(cidr),
    availabilityDomain: details.availabilityDomain,
    dnsLabel: details.dnsLabel,
    routeTableId: details.routeTableId ?? vcn.routeTableId,
    securityListIds: details.securityListIds ?? [vcn.securityListId],
    prohibitsPublicIps: details.prohibitPublicIpOnVnic ?? details.prohibitInternetIngress ?? false,
    routerMac: "00:00:17:00:00:01",
  });
}

/** From /16 to /30: https://docs.oracle.com/en-us/iaas/Content/Network/Concepts/overview.htm#Allowed */
function cidrOf(text: string | undefined, parameter: string): Cidr {
  if (!text) throw missing(parameter);
  const cidr = parseCidr(text);
  if (!cidr || cidr.prefix < 16 || cidr.prefix > 30) throw invalid(parameter, `${text} is no CIDR from /16 to /30`);
  return cidr;
}

export function vcnOperations(registry: Registry, kinds: NetworkKinds): Operation[] {
  const { documents, tables } = registry.cloud;
  const operation = operations("core");
  const inVcn = { vcnId: ({ vcnId }: { vcnId: string }) => vcnId };
  const ended = () => ({ deletedAt: Date.now() });

  const routeRules = (rules: readonly Wire<core.models.RouteRule>[]): RouteRule[] =>
    rules.map(({ destination, cidrBlock, destinationType = "CIDR_BLOCK", networkEntityId, description }) => {
      const target = destination ?? cidrBlock;
      if (!target) throw missing("routeRules.destination");
      const gateway = tables.gateways.get(networkEntityId);
      if (!gateway || !alive(gateway)) throw relatedNotFound(networkEntityId);
      return { destination: target, destinationType, networkEntityId, description };
    });

  return [
    operation("CreateVcn", "POST /vcns", { takes: "CreateVcnDetails", answers: "Vcn" }, (call) =>
      registry.one(kinds.vcn, makeVcn(registry, call.json())),
    ),
    ...readers(registry, kinds.vcn, "Vcn", "/vcns/{vcnId}", {}),
    operation("UpdateVcn", "PUT /vcns/{vcnId}", { takes: "UpdateVcnDetails", answers: "Vcn" }, (call) => {
      const vcn = registry.live(call, kinds.vcn, call.params.vcnId);
      return registry.one(kinds.vcn, tables.vcns.put({ ...vcn, ...renamed(call.json()) }));
    }),
    operation("DeleteVcn", "DELETE /vcns/{vcnId}", {}, (call) => {
      const vcn = registry.live(call, kinds.vcn, call.params.vcnId);
      const parts = [
        ...tables.subnets.where((one) => alive(one) && one.vcnId === vcn.id),
        ...tables.gateways.where((one) => alive(one) && one.vcnId === vcn.id),
        ...tables.groups.where((one) => alive(one) && one.vcnId === vcn.id),
        ...tables.routeTables.where((one) => alive(one) && one.vcnId === vcn.id && one.id !== vcn.routeTableId),
      ];
      const [part] = parts;
      if (part) throw conflict(`The VCN ${vcn.id} still has the resource ${part.id}.`);
      documents.together(() => {
        tables.vcns.change(vcn.id, ended());
        tables.routeTables.change(vcn.routeTableId, ended());
        tables.securityLists.change(vcn.securityListId, ended());
      });
      return {};
    }),

    operation("CreateSubnet", "POST /subnets", { takes: "CreateSubnetDetails", answers: "Subnet" }, (call) =>
      registry.one(kinds.subnet, makeSubnet(registry, kinds, call.json())),
    ),
    ...readers(registry, kinds.subnet, "Subnet", "/subnets/{subnetId}", inVcn),
    operation(
      "UpdateSubnet",
      "PUT /subnets/{subnetId}",
      { takes: "UpdateSubnetDetails", answers: "Subnet" },
      (call) => {
        const subnet = registry.live(call, kinds.subnet, call.params.subnetId);
        const details = call.json<Wire<core.models.UpdateSubnetDetails>>();
        if (details.routeTableId) registry.related(kinds.routeTable, details.routeTableId, "routeTableId");
        const routeTableId = details.routeTableId ?? subnet.routeTableId;
        return registry.one(kinds.subnet, tables.subnets.put({ ...subnet, ...renamed(details), routeTableId }));
      },
    ),
    operation("DeleteSubnet", "DELETE /subnets/{subnetId}", {}, (call) => {
      const subnet = registry.live(call, kinds.subnet, call.params.subnetId);
      const vnic = tables.vnics.find((one) => alive(one) && one.subnetId === subnet.id);
      if (vnic) throw conflict(`The subnet ${subnet.id} references the VNIC ${vnic.id}. You must remove it first.`);
      tables.subnets.change(subnet.id, ended());
      return {};
    }),

    operation(
      "CreateInternetGateway",
      "POST /internetGateways",
      { takes: "CreateInternetGatewayDetails", answers: "InternetGateway" },
      (call) => {
        const details = call.json<Wire<core.models.CreateInternetGatewayDetails>>();
        const resource = registry.resource("internetgateway", details);
        const vcn = registry.related(kinds.vcn, details.vcnId, "vcnId");
        if (tables.gateways.find((one) => alive(one) && one.vcnId === vcn.id))
          throw limitExceeded("internet-gateway-count");
        const gateway = tables.gateways.put({ ...resource, vcnId: vcn.id, enabled: details.isEnabled });
        return registry.one(kinds.gateway, gateway);
      },
    ),
    ...readers(registry, kinds.gateway, "InternetGateway", "/internetGateways/{igId}", inVcn),
    operation("DeleteInternetGateway", "DELETE /internetGateways/{igId}", {}, (call) => {
      const gateway = registry.live(call, kinds.gateway, call.params.igId);
      const table = tables.routeTables.find(
        (one) => alive(one) && one.rules.some(({ networkEntityId }) => networkEntityId === gateway.id),
      );
      if (table) throw conflict(`The route table ${table.id} has a rule that targets ${gateway.id}.`);
      tables.gateways.change(gateway.id, ended());
      return {};
    }),

    operation(
      "CreateRouteTable",
      "POST /routeTables",
      { takes: "CreateRouteTableDetails", answers: "RouteTable" },
      (call) => {
        const details = call.json<Wire<core.models.CreateRouteTableDetails>>();
        const resource = registry.resource("routetable", details);
        const vcn = registry.related(kinds.vcn, details.vcnId, "vcnId");
        const rules = routeRules(details.routeRules);
        return registry.one(kinds.routeTable, tables.routeTables.put({ ...resource, vcnId: vcn.id, rules }));
      },
    ),
    ...readers(registry, kinds.routeTable, "RouteTable", "/routeTables/{rtId}", inVcn),
    operation(
      "UpdateRouteTable",
      "PUT /routeTables/{rtId}",
      { takes: "UpdateRouteTableDetails", answers: "RouteTable" },
      (call) => {
        const table = registry.live(call, kinds.routeTable, call.params.rtId);
        const details = call.json<Wire<core.models.UpdateRouteTableDetails>>();
        // All rules are replaced by what is given.
        const rules = details.routeRules ? routeRules(details.routeRules) : table.rules;
        return registry.one(kinds.routeTable, tables.routeTables.put({ ...table, ...renamed(details), rules }));
      },
    ),
    operation("DeleteRouteTable", "DELETE /routeTables/{rtId}", {}, (call) => {
      const table = registry.live(call, kinds.routeTable, call.params.rtId);
      const user =
        tables.subnets.find((one) => alive(one) && one.routeTableId === table.id) ??
        tables.vcns.find((one) => alive(one) && one.routeTableId === table.id);
      if (user) throw conflict(`The route table ${table.id} is used by ${user.id}.`);
      tables.routeTables.change(table.id, ended());
      return {};
    }),
    ...readers(registry, kinds.securityList, "SecurityList", "/securityLists/{securityListId}", inVcn),
  ];
}
