import { isIPv4 } from "node:net";
import { GcpError, invalid, notFound } from "../../errors.ts";
import { projectId } from "../../places.ts";
import { type ComputeCall, type ComputeOperations, scopeOfCall } from "../call.ts";
import { find } from "../find.ts";
import { link, nameOf, scopeOf } from "../links.ts";
import type { ComputeParts } from "../parts.ts";
import { type BalancingTables, type Endpoint, type Kept, pathOf } from "./state.ts";
import type { Traffic } from "./traffic.ts";

interface Given {
  readonly instance?: string;
  readonly ipAddress?: string;
  readonly port?: number;
}

/** Endpoints of a group: https://cloud.google.com/load-balancing/docs/negs/zonal-neg-concepts */
export function endpointOperations(
  { cloud, operations }: ComputeParts,
  tables: BalancingTables,
  traffic: Traffic,
): ComputeOperations {
  const groupOf = (call: ComputeCall): Kept =>
    find(tables.kept, `${scopeOfCall(call)}/networkEndpointGroups/${call.path.network_endpoint_group}`);

  /** @throws GcpError for what can be no endpoint there. */
  const read = (group: Kept, { instance, ipAddress, port }: Given): Endpoint => {
    const number = port ?? Number(group.body.defaultPort ?? 0);
    if (number < 1 || number > 65_535) throw invalid("networkEndpoints[0].port", number, "It must be a port.");
    if (group.body.networkEndpointType === "GCE_VM_IP_PORT") {
      const path = instance?.includes("/") ? pathOf(instance) : `${scopeOf(group.id)}/instances/${instance}`;
      const machine = cloud.tables.instances.get(path);
      if (!machine) throw notFound(`projects/${projectId}/${path}`);
      const ip = machine.nics[0]?.networkIp ?? "";
      if (ipAddress !== undefined && ipAddress !== ip) {
        throw invalid("networkEndpoints[0].ipAddress", ipAddress, "It is no address of the instance.");
      }
      return { id: `${group.id}#${path}:${number}`, groupId: group.id, instance: path, ip, port: number };
    }
    if (ipAddress === undefined || !isIPv4(ipAddress) || instance !== undefined) {
      throw invalid("networkEndpoints[0].ipAddress", ipAddress ?? "", "An endpoint outside of Google has an address.");
    }
    return { id: `${group.id}#${ipAddress}:${number}`, groupId: group.id, ip: ipAddress, port: number };
  };
  const given = (call: ComputeCall) => (call.body.networkEndpoints ?? []) as readonly Given[];
  const usersOf = (group: Kept): Kept[] =>
    tables.kept.where(
      ({ id, body }) =>
        id.includes("/backendServices/") &&
        ((body.backends ?? []) as { group: string }[]).some((backend) => pathOf(backend.group) === group.id),
    );
  const describe = (endpoint: Endpoint, group: Kept, withHealth: boolean): object => {
    const healths = usersOf(group).map(({ id }) => ({
      backendService: { backendService: link(id) },
      healthState: endpoint.drainingSince === undefined ? traffic.healthOf(endpoint) : "DRAINING",
    }));
    return {
      networkEndpoint: {
        ipAddress: endpoint.ip,
        port: endpoint.port,
        ...(endpoint.instance === undefined ? {} : { instance: nameOf(endpoint.instance) }),
      },
      ...(withHealth ? { healths } : {}),
    };
  };

  return {
    "networkEndpointGroups.attachNetworkEndpoints": async (call) => {
      const group = groupOf(call);
      for (const endpoint of given(call).map((one) => read(group, one))) {
        const known = tables.endpoints.get(endpoint.id);
        if (!known || known.drainingSince !== undefined) tables.endpoints.put(endpoint);
      }
      await traffic.settle();
      return operations.start(call, group);
    },
    "networkEndpointGroups.detachNetworkEndpoints": (call) => {
      const group = groupOf(call);
      const wanted = given(call).map((one) => {
        const known = tables.endpoints.get(read(group, one).id);
        if (!known) throw new GcpError(400, "invalid", "The specified endpoint was not found in the group.");
        return known;
      });
      for (const endpoint of wanted) {
        if (endpoint.drainingSince === undefined) {
          traffic.drain(tables.endpoints.put({ ...endpoint, drainingSince: Date.now() }));
        }
      }
      return operations.start(call, group);
    },
    "networkEndpointGroups.listNetworkEndpoints": (call) => {
      const group = groupOf(call);
      const all = tables.endpoints.where(({ groupId }) => groupId === group.id);
      const items = all.map((endpoint) => describe(endpoint, group, call.body.healthStatus === "SHOW"));
      return {
        kind: "compute#networkEndpointGroupsListNetworkEndpoints",
        id: group.numericId,
        ...(items.length > 0 && { items }),
      };
    },
  };
}
