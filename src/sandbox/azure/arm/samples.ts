import * as z from "zod";
import { defaultGroup, defaultLocation } from "../cloud.ts";
import { newEtag } from "../ids.ts";
import type { Json } from "../state.ts";
import type { Kinds } from "./kinds.ts";
import { page } from "./paging.ts";
import type { Route } from "./request.ts";

const scaleSets = "Microsoft.Compute/virtualMachineScaleSets";
const order = z.strictObject({
  kind: z.enum(["load-balancer", "scaling-group", "tunnel"]),
  name: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?$/),
  tags: z.record(z.string(), z.string()).default({}),
});

/** Makes one of what NovaCron only lists, as its owner would with Azure's own tools. @throws ZodError for no such order. */
export function makeSample(kinds: Kinds, input: unknown): object {
  const { kind, name, tags } = order.parse(input);
  const at = (type: string, of: string) => kinds.path(type, defaultGroup, of);
  const subnet = { id: `${at("Microsoft.Network/virtualNetworks", "novacron")}/subnets/default` };
  const put = (type: string, properties: Json, sku?: Json) => {
    const path = at(type, name);
    const resource = {
      ...{ id: path.toLowerCase(), path, type, group: defaultGroup, name, location: defaultLocation },
      createdAt: Date.now(),
      tags,
      properties,
      provisioningState: "Succeeded" as const,
      etag: newEtag(),
      facts: {},
      ...(sku && { sku }),
    } as const;
    return { id: kinds.put(resource).path };
  };
  switch (kind) {
    case "load-balancer": {
      const frontendIPConfigurations = [{ name: "front", properties: { subnet } }];
      return put("Microsoft.Network/loadBalancers", { frontendIPConfigurations }, { name: "Standard" });
    }
    case "scaling-group": {
      const ipConfigurations = [{ name: "first", properties: { subnet } }];
      const networkInterfaceConfigurations = [{ name: "nic", properties: { primary: true, ipConfigurations } }];
      const virtualMachineProfile = { networkProfile: { networkInterfaceConfigurations } };
      const sku = { name: "Standard_D2s_v5", tier: "Standard", capacity: 0 };
      return put(scaleSets, { virtualMachineProfile, timeCreated: new Date().toISOString() }, sku);
    }
    case "tunnel": {
      const gateway = (type: string) => ({ id: at(`Microsoft.Network/${type}`, name), properties: {} });
      const localNetworkGateway2 = {
        ...gateway("localNetworkGateways"),
        properties: { gatewayIpAddress: "198.51.100.1" },
      };
      const ends = { virtualNetworkGateway1: gateway("virtualNetworkGateways"), localNetworkGateway2 };
      return put("Microsoft.Network/connections", { connectionType: "IPsec", connectionStatus: "Connected", ...ends });
    }
  }
}

/** The machines of a scale set: a sample has none. */
export function scaleSetRoutes(kinds: Kinds): Route[] {
  return [
    {
      service: "compute",
      operation: "virtualMachineScaleSetVMs.list",
      action: `${scaleSets}/virtualMachines/read`,
      method: "GET",
      path: `resourcegroups/:group/providers/${scaleSets.toLowerCase()}/:name/virtualmachines`,
      run: (request) => {
        kinds.find(scaleSets, request);
        return page(request, [], kinds.cloud.settings.pageSize, (one: object) => one);
      },
    },
  ];
}
