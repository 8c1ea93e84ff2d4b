import * as z from "zod";
import type { GcpCloud } from "../cloud.ts";
import { defaultRegion, defaultZone } from "../places.ts";
import type { ListedResource } from "../state.ts";
import { type ComputeCall, type ComputeOperations, scopeOfCall } from "./call.ts";
import { defaultNetworkId } from "./default-network.ts";
import { find } from "./find.ts";
import { newNumericId } from "./ids.ts";
import { link, nameOf, scopeOf } from "./links.ts";
import { commonFields, listAnswer } from "./lists.ts";

/** Collections, the word in their paths, and their resources' own. */
const collections = {
  autoscalers: ["autoscalers", "autoscaler"],
  forwardingRules: ["forwardingRules", "forwardingRule"],
  instanceGroupManagers: ["instanceGroupManagers", "instanceGroupManager"],
  instanceTemplates: ["instanceTemplates", "instanceTemplate"],
  regionAutoscalers: ["autoscalers", "autoscaler"],
  regionInstanceGroupManagers: ["instanceGroupManagers", "instanceGroupManager"],
  targetVpnGateways: ["targetVpnGateways", "targetVpnGateway"],
  vpnGateways: ["vpnGateways", "vpnGateway"],
  vpnTunnels: ["vpnTunnels", "vpnTunnel"],
} as const;

/** What NovaCron only lists: made by the sandbox's own call, as their owner would with Google's own tools. */
export function listedOperations(cloud: GcpCloud): ComputeOperations {
  const { listed } = cloud.tables;
  const describe = (kind: string, resource: ListedResource) => ({
    ...commonFields(kind, resource),
    ...resource.json,
    selfLink: link(resource.id),
  });
  const lists = Object.entries(collections).map(([collection, [path, kind]]) => [
    `${collection}.list`,
    (call: ComputeCall) => {
      const scope = scopeOfCall(call);
      const here = listed.where(({ id }) => scopeOf(id) === scope && id.split("/").at(-2) === path);
      const all = here.map((one) => ({ id: one.id, createdAt: one.createdAt, json: describe(kind, one) }));
      return listAnswer(cloud, call, kind, all);
    },
  ]);
  const members = (call: ComputeCall) => {
    const id = `${scopeOfCall(call)}/instanceGroupManagers/${call.path.instance_group_manager ?? call.path.instanceGroupManager}`;
    const { members: of = [] } = find(listed, id);
    if (of.length === 0) return {};
    const managedInstances = of.map((instance) => ({
      instance: link(instance),
      name: nameOf(instance),
      instanceStatus: "RUNNING",
      currentAction: "NONE",
    }));
    return { managedInstances };
  };
  return {
    ...(Object.fromEntries(lists) as ComputeOperations),
    "instanceGroupManagers.listManagedInstances": members,
    "regionInstanceGroupManagers.listManagedInstances": members,
    "instanceTemplates.get": (call) => {
      const name = call.path.instance_template ?? call.path.instanceTemplate;
      return describe("instanceTemplate", find(listed, `global/instanceTemplates/${name}`));
    },
  };
}

const order = z.strictObject({
  kind: z.enum(["load-balancer", "scaling-group", "tunnel"]),
  name: z.string().regex(/^[a-z](?:[a-z0-9-]{0,28}[a-z0-9])?$/),
  tags: z.record(z.string(), z.string()).default({}),
});
const zone = `zones/${defaultZone}`;
const region = `regions/${defaultRegion}`;

/** @throws ZodError for what is no such order. */
export function makeSample({ tables }: GcpCloud, input: unknown): object {
  const { kind, name, tags: labels } = order.parse(input);
  const network = link(defaultNetworkId);
  const put = (id: string, json: object, description?: string) =>
    tables.listed.put({
      id: `${id}/${name}`,
      numericId: newNumericId(),
      createdAt: Date.now(),
      json,
      ...(description && { description }),
    });
  switch (kind) {
    case "load-balancer": {
      const traffic = { IPAddress: "203.0.113.30", IPProtocol: "TCP", portRange: "80-80", networkTier: "PREMIUM" };
      const backendService = link(`${region}/backendServices/${name}`);
      const place = { region: link(region), loadBalancingScheme: "EXTERNAL", backendService };
      return { id: put(`${region}/forwardingRules`, { ...traffic, ...place, labels }).id };
    }
    case "scaling-group": {
      const networkInterfaces = [{ network }];
      const template = put("global/instanceTemplates", { properties: { networkInterfaces } });
      const size = { targetSize: 0, baseInstanceName: name, status: { isStable: true } };
      // Google has no labels of these.
      const manager = put(`${zone}/instanceGroupManagers`, {
        ...size,
        zone: link(zone),
        instanceTemplate: link(template.id),
        instanceGroup: link(`${zone}/instanceGroups/${name}`),
      });
      const autoscalingPolicy = { minNumReplicas: 0, maxNumReplicas: 4, mode: "ON" };
      put(`${zone}/autoscalers`, { autoscalingPolicy, zone: link(zone), target: link(manager.id), status: "ACTIVE" });
      return { id: manager.id };
    }
    case "tunnel": {
      const vpnInterfaces = [{ id: 0, ipAddress: "203.0.113.40" }];
      const gateway = put(`${region}/vpnGateways`, { network, region: link(region), vpnInterfaces });
      const ends = { vpnGateway: link(gateway.id), vpnGatewayInterface: 0, peerIp: "198.51.100.1", ikeVersion: 2 };
      const state = { status: "ESTABLISHED", detailedStatus: "Tunnel is up and running." };
      return { id: put(`${region}/vpnTunnels`, { ...ends, ...state, region: link(region), labels }).id };
    }
  }
}
