import type { GcpCloud } from "../cloud.ts";
import { alreadyExists, badRequest, invalid } from "../errors.ts";
import { projectId } from "../places.ts";
import type { Network, Route } from "../state.ts";
import { descriptionOf, text } from "../texts.ts";
import type { ComputeCall, ComputeOperations } from "./call.ts";
import { find } from "./find.ts";
import { newNumericId } from "./ids.ts";
import { checkName, link, nameOf, parseLink } from "./links.ts";
import { commonFields, listAnswer } from "./lists.ts";
import type { ComputeParts } from "./parts.ts";

export const everywhere = "0.0.0.0/0";
const internetGateway = "global/gateways/default-internet-gateway";
const usualPriority = 1000;

/** Gives a new network its way out: https://cloud.google.com/vpc/docs/routes#routingpacketsinternet */
export function addDefaultRoute({ tables }: GcpCloud, network: Network): void {
  const numericId = newNumericId();
  tables.routes.put({
    id: `global/routes/default-route-${numericId.slice(0, 16)}`,
    numericId,
    createdAt: network.createdAt,
    description: "Default route to the Internet.",
    builtIn: network.builtIn,
    networkId: network.id,
    destRange: everywhere,
    priority: usualPriority,
  });
}

/** Whether what is in a network reaches anything outside. */
export function hasWayOut({ tables }: GcpCloud, networkId: string): boolean {
  return tables.routes.find((route) => route.networkId === networkId && route.destRange === everywhere) !== undefined;
}

export function routeOperations({ cloud, operations }: ComputeParts): ComputeOperations {
  const { tables } = cloud;
  const named = (call: ComputeCall): Route => find(tables.routes, `global/routes/${call.path.route}`);
  const common = (route: Pick<Route, "id" | "numericId" | "createdAt" | "networkId" | "destRange">) => ({
    ...commonFields("route", route),
    network: link(route.networkId),
    destRange: route.destRange,
    selfLink: link(route.id),
  });
  const describe = (route: Route): object => ({
    ...common(route),
    priority: route.priority,
    nextHopGateway: link(internetGateway),
    routeType: "STATIC",
  });
  /** Those of subnetworks come and go with them. */
  const ofSubnetworks = () =>
    [...tables.subnetworks.values()].map(({ numericId, createdAt, networkId, cidr }) => {
      const id = `global/routes/default-route-r-${numericId.slice(0, 16)}`;
      const route = { id, numericId, createdAt, networkId, destRange: cidr };
      return {
        id,
        createdAt,
        json: { ...common(route), priority: 0, nextHopNetwork: link(networkId), routeType: "SUBNET" },
      };
    });

  operations.define("routes.delete", async ({ targetId }, pause) => {
    await pause();
    tables.routes.delete(targetId);
  });

  return {
    "routes.insert": (call) => {
      const { body } = call;
      const id = `global/routes/${checkName("resource.name", text(body.name))}`;
      if (tables.routes.has(id)) throw alreadyExists(`projects/${projectId}/${id}`);
      if (nameOf(text(body.nextHopGateway)) !== nameOf(internetGateway)) {
        throw invalid(
          "resource.nextHopGateway",
          body.nextHopGateway,
          "Simulated: only the default Internet gateway is a next hop.",
        );
      }
      const network = find(tables.networks, parseLink(text(body.network), "resource.network").path);
      const made = tables.routes.put({
        id,
        numericId: newNumericId(),
        createdAt: Date.now(),
        ...descriptionOf(body),
        builtIn: false,
        networkId: network.id,
        destRange: text(body.destRange, everywhere),
        priority: Number(body.priority ?? usualPriority),
      });
      return operations.start(call, made);
    },
    "routes.get": (call) => describe(named(call)),
    "routes.list": (call) => {
      const own = [...tables.routes.values()].map((one) => ({
        id: one.id,
        createdAt: one.createdAt,
        json: describe(one),
      }));
      return listAnswer(cloud, call, "route", [...own, ...ofSubnetworks()]);
    },
    "routes.delete": (call) => {
      if (ofSubnetworks().some(({ id }) => id === `global/routes/${call.path.route}`)) {
        throw badRequest("The local route cannot be deleted.");
      }
      return operations.start(call, named(call));
    },
  };
}
