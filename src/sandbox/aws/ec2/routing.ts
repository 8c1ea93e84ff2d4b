import type * as ec2 from "@aws-sdk/client-ec2";
import type { Call } from "../cloud.ts";
import { AwsError, incorrectState, invalidParameter } from "../errors.ts";
import { accountId } from "../identity.ts";
import { newId } from "../ids.ts";
import type { InternetGateway, RouteTable } from "../state.ts";
import { ensureDefaultNetwork, resource } from "./default-network.ts";
import { matcher, pageOf } from "./filters.ts";
import { type Registry, tagList } from "./registry.ts";
import { specifiedTags } from "./tags.ts";

const routesPageBounds = { least: 5, most: 100 };
const gatewaysPageBounds = { least: 5, most: 1000 };

export function routingOperations(registry: Registry) {
  const { cloud, kinds } = registry;
  const { tables } = cloud;

  const describeTable = (table: RouteTable): ec2.RouteTable => ({
    RouteTableId: table.id,
    VpcId: table.vpcId,
    OwnerId: accountId,
    Routes: table.routes.map(({ destination, gatewayId, interfaceId }) => ({
      DestinationCidrBlock: destination,
      Origin: gatewayId === "local" ? "CreateRouteTable" : "CreateRoute",
      State:
        gatewayId === undefined || gatewayId === "local" || tables.gateways.get(gatewayId)?.vpcId
          ? "active"
          : "blackhole",
      ...(gatewayId ? { GatewayId: gatewayId } : {}),
      ...(interfaceId ? { NetworkInterfaceId: interfaceId } : {}),
    })),
    Associations: table.associations.map(({ id, main, subnetId }) => ({
      RouteTableAssociationId: id,
      RouteTableId: table.id,
      Main: main,
      AssociationState: { State: "associated" },
      ...(subnetId ? { SubnetId: subnetId } : {}),
    })),
    PropagatingVgws: [],
    Tags: tagList(table.tags),
  });
  const describeGateway = (gateway: InternetGateway): ec2.InternetGateway => ({
    InternetGatewayId: gateway.id,
    OwnerId: accountId,
    Attachments: gateway.vpcId ? [{ VpcId: gateway.vpcId, State: "available" as ec2.AttachmentStatus }] : [],
    Tags: tagList(gateway.tags),
  });
  const targetOf = (call: Call, input: { GatewayId?: string; NetworkInterfaceId?: string }) => {
    if (input.GatewayId) return { gatewayId: registry.find(call, kinds.gateway, input.GatewayId).id };
    if (input.NetworkInterfaceId)
      return { interfaceId: registry.find(call, kinds.interface, input.NetworkInterfaceId).id };
    throw new AwsError(
      "InvalidParameterCombination",
      "Exactly one target (a gateway or a network interface) is needed",
    );
  };

  return {
    CreateRouteTable: (call: Call, input: ec2.CreateRouteTableRequest): ec2.CreateRouteTableResult => {
      const vpc = registry.find(call, kinds.vpc, input.VpcId);
      const table = tables.routeTables.put({
        ...resource("rtb", call.region, specifiedTags(input.TagSpecifications, "route-table")),
        vpcId: vpc.id,
        routes: [{ destination: vpc.cidr, gatewayId: "local" }],
        associations: [],
      });
      return { RouteTable: describeTable(table), ...(input.ClientToken ? { ClientToken: input.ClientToken } : {}) };
    },

    DescribeRouteTables: (call: Call, input: ec2.DescribeRouteTablesRequest): ec2.DescribeRouteTablesResult => {
      ensureDefaultNetwork(cloud, call.region);
      const matches = matcher<RouteTable>(input.Filters, {
        "route-table-id": ({ id }) => id,
        "vpc-id": ({ vpcId }) => vpcId,
        "association.subnet-id": ({ associations }) => associations.map(({ subnetId }) => subnetId),
        "association.main": ({ associations }) => associations.map(({ main }) => String(main)),
        "association.route-table-association-id": ({ associations }) => associations.map(({ id }) => id),
        "route.destination-cidr-block": ({ routes }) => routes.map(({ destination }) => destination),
        "route.gateway-id": ({ routes }) => routes.map(({ gatewayId }) => gatewayId),
      });
      const wanted = input.RouteTableIds?.length
        ? input.RouteTableIds.map((id) => registry.find(call, kinds.routeTable, id))
        : registry.all(call, kinds.routeTable);
      const { items, NextToken } = pageOf(wanted.filter(matches), input, routesPageBounds);
      return { RouteTables: items.map(describeTable), ...(NextToken ? { NextToken } : {}) };
    },

    DeleteRouteTable: (call: Call, input: ec2.DeleteRouteTableRequest): object => {
      const table = registry.find(call, kinds.routeTable, input.RouteTableId);
      if (table.associations.length > 0) {
        throw incorrectState(
          "DependencyViolation",
          `The routeTable '${table.id}' has dependencies and cannot be deleted.`,
        );
      }
      tables.routeTables.delete(table.id);
      return {};
    },

    CreateRoute: (call: Call, input: ec2.CreateRouteRequest): ec2.CreateRouteResult => {
      const table = registry.find(call, kinds.routeTable, input.RouteTableId);
      const destination = input.DestinationCidrBlock;
      if (!destination) throw invalidParameter("destinationCidrBlock", destination);
      const target = targetOf(call, input);
      const same = table.routes.find((route) => route.destination === destination);
      if (same && same.gatewayId === target.gatewayId && same.interfaceId === target.interfaceId)
        return { Return: true };
      if (same) {
        throw new AwsError("RouteAlreadyExists", `The route identified by ${destination} already exists.`);
      }
      tables.routeTables.put({ ...table, routes: [...table.routes, { destination, ...target }] });
      return { Return: true };
    },

    DeleteRoute: (call: Call, input: ec2.DeleteRouteRequest): object => {
      const table = registry.find(call, kinds.routeTable, input.RouteTableId);
      const routes = table.routes.filter(({ destination }) => destination !== input.DestinationCidrBlock);
      if (routes.length === table.routes.length) {
        throw new AwsError(
          "InvalidRoute.NotFound",
          `no route with destination-cidr-block ${input.DestinationCidrBlock} in route table ${table.id}`,
        );
      }
      tables.routeTables.put({ ...table, routes });
      return {};
    },

    AssociateRouteTable: (call: Call, input: ec2.AssociateRouteTableRequest): ec2.AssociateRouteTableResult => {
      const table = registry.find(call, kinds.routeTable, input.RouteTableId);
      const subnet = registry.find(call, kinds.subnet, input.SubnetId);
      const other = tables.routeTables.find(({ associations }) =>
        associations.some(({ subnetId }) => subnetId === subnet.id),
      );
      if (other && other.id !== table.id) {
        throw new AwsError(
          "Resource.AlreadyAssociated",
          `the specified association for route table ${table.id} conflicts with an existing association`,
        );
      }
      const known = table.associations.find(({ subnetId }) => subnetId === subnet.id);
      const association = known ?? { id: newId("rtbassoc"), main: false, subnetId: subnet.id };
      if (!known) tables.routeTables.put({ ...table, associations: [...table.associations, association] });
      return { AssociationId: association.id, AssociationState: { State: "associated" } };
    },

    DisassociateRouteTable: (_call: Call, input: ec2.DisassociateRouteTableRequest): object => {
      const table = tables.routeTables.find(({ associations }) =>
        associations.some(({ id, main }) => id === input.AssociationId && !main),
      );
      if (!table) {
        throw new AwsError(
          "InvalidAssociationID.NotFound",
          `The association ID '${input.AssociationId}' does not exist`,
        );
      }
      tables.routeTables.put({
        ...table,
        associations: table.associations.filter(({ id }) => id !== input.AssociationId),
      });
      return {};
    },

    CreateInternetGateway: (call: Call, input: ec2.CreateInternetGatewayRequest): ec2.CreateInternetGatewayResult => {
      const tags = specifiedTags(input.TagSpecifications, "internet-gateway");
      return { InternetGateway: describeGateway(tables.gateways.put(resource("igw", call.region, tags))) };
    },

    DescribeInternetGateways: (
      call: Call,
      input: ec2.DescribeInternetGatewaysRequest,
    ): ec2.DescribeInternetGatewaysResult => {
      ensureDefaultNetwork(cloud, call.region);
      const matches = matcher<InternetGateway>(input.Filters, {
        "internet-gateway-id": ({ id }) => id,
        "attachment.vpc-id": ({ vpcId }) => vpcId,
        "attachment.state": ({ vpcId }) => (vpcId ? "available" : undefined),
        "owner-id": () => accountId,
      });
      const wanted = input.InternetGatewayIds?.length
        ? input.InternetGatewayIds.map((id) => registry.find(call, kinds.gateway, id))
        : registry.all(call, kinds.gateway);
      const { items, NextToken } = pageOf(wanted.filter(matches), input, gatewaysPageBounds);
      return { InternetGateways: items.map(describeGateway), ...(NextToken ? { NextToken } : {}) };
    },

    AttachInternetGateway: (call: Call, input: ec2.AttachInternetGatewayRequest): object => {
      const gateway = registry.find(call, kinds.gateway, input.InternetGatewayId);
      const vpc = registry.find(call, kinds.vpc, input.VpcId);
      if (gateway.vpcId || tables.gateways.find(({ vpcId }) => vpcId === vpc.id)) {
        throw new AwsError(
          "Resource.AlreadyAssociated",
          `resource ${gateway.id} is already attached to network ${gateway.vpcId ?? vpc.id}`,
        );
      }
      tables.gateways.put({ ...gateway, vpcId: vpc.id });
      return {};
    },

    DetachInternetGateway: (call: Call, input: ec2.DetachInternetGatewayRequest): object => {
      const gateway = registry.find(call, kinds.gateway, input.InternetGatewayId);
      if (gateway.vpcId === undefined || gateway.vpcId !== input.VpcId) {
        throw new AwsError("Gateway.NotAttached", `resource ${gateway.id} is not attached to network ${input.VpcId}`);
      }
      const { vpcId } = gateway;
      if (tables.addresses.find(({ interfaceId }) => tables.interfaces.get(interfaceId ?? "")?.vpcId === vpcId)) {
        throw incorrectState(
          "DependencyViolation",
          `Network ${vpcId} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.`,
        );
      }
      const { vpcId: _, ...detached } = gateway;
      tables.gateways.put(detached);
      return {};
    },

    DeleteInternetGateway: (call: Call, input: ec2.DeleteInternetGatewayRequest): object => {
      const gateway = registry.find(call, kinds.gateway, input.InternetGatewayId);
      if (gateway.vpcId) {
        throw incorrectState(
          "DependencyViolation",
          `The internetGateway '${gateway.id}' has dependencies and cannot be deleted.`,
        );
      }
      tables.gateways.delete(gateway.id);
      return {};
    },
  };
}
