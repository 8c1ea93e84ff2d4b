import type * as core from "oci-core";
import * as z from "zod";
import { type Operation, operations } from "./operation.ts";
import { common, type Kind, provisioned, type Registry } from "./registry.ts";
import type { Resource } from "./state.ts";
import { availabilityDomains, region } from "./tenancy.ts";
import type { Wire } from "./wire.ts";

export interface InstancePool extends Resource {
  readonly subnetId: string;
  readonly instanceIds: readonly string[];
}

export interface IpSecConnection extends Resource {
  readonly peer: string;
  readonly address: string;
}

type Kinds = ReturnType<typeof listedKinds>;

/** What NovaCron only lists: made by the sandbox's own call, as their owner would with Oracle's own tools. */
export function listedKinds(registry: Registry) {
  const { tables, tenancy } = registry.cloud;
  const stateOf = (resource: Resource) => registry.timed(resource, provisioned);
  const [domain] = availabilityDomains(tenancy);
  const poolState = (pool: InstancePool) => {
    const state = stateOf(pool);
    return (state === "AVAILABLE" ? "RUNNING" : state) as "PROVISIONING" | "RUNNING" | "TERMINATING" | "TERMINATED";
  };
  return {
    pool: registry.add({
      type: "instancepool",
      table: tables.instancePools,
      stateOf: poolState,
      describe: (pool: InstancePool): Wire<core.models.InstancePool> => ({
        ...common(pool),
        lifecycleState: poolState(pool),
        instanceConfigurationId: `ocid1.instanceconfiguration.oc1..${pool.displayName}`,
        placementConfigurations: [{ availabilityDomain: domain, primarySubnetId: pool.subnetId }],
        size: pool.instanceIds.length,
      }),
    }),
    connection: registry.add({
      type: "ipsecconnection",
      table: tables.ipSecConnections,
      stateOf,
      describe: (connection: IpSecConnection): Wire<core.models.IPSecConnection> => ({
        ...common(connection),
        lifecycleState: stateOf(connection) as "PROVISIONING" | "AVAILABLE" | "TERMINATING" | "TERMINATED",
        cpeId: `ocid1.cpe.oc1..${connection.displayName}`,
        drgId: `ocid1.drg.oc1..${connection.displayName}`,
        staticRoutes: ["192.0.2.0/24"],
      }),
    }),
  };
}

export function listedOperations(registry: Registry, { pool, connection }: Kinds): Operation[] {
  const operation = operations("core");
  const { tables } = registry.cloud;
  return [
    operation("ListInstancePools", "GET /instancePools", { answers: "InstancePoolSummary[]" }, (call) => {
      const summary: Kind<InstancePool> = {
        ...pool,
        describe(found): Wire<core.models.InstancePoolSummary> {
          const { placementConfigurations, ...rest } = pool.describe(found) as Wire<core.models.InstancePool>;
          const domains = placementConfigurations.map(({ availabilityDomain }) => availabilityDomain);
          return { ...rest, availabilityDomains: domains };
        },
      };
      return registry.list(call, summary, {});
    }),
    operation("GetInstancePool", "GET /instancePools/{instancePoolId}", { answers: "InstancePool" }, ({ params }) =>
      registry.one(pool, registry.find(pool, params.instancePoolId)),
    ),
    operation(
      "ListInstancePoolInstances",
      "GET /instancePools/{instancePoolId}/instances",
      { answers: "InstanceSummary[]" },
      (call) => {
        const found = registry.find(pool, call.params.instancePoolId);
        const { items, headers } = registry.page(call, found.instanceIds, (id) => id);
        const body = items.map((id): Wire<core.models.InstanceSummary> => {
          const instance = tables.instances.get(id);
          return {
            id,
            availabilityDomain: instance?.availabilityDomain ?? "",
            compartmentId: found.compartmentId,
            instanceConfigurationId: `ocid1.instanceconfiguration.oc1..${found.displayName}`,
            region,
            state: instance?.state ?? "TERMINATED",
            timeCreated: new Date(instance?.createdAt ?? found.createdAt),
          };
        });
        return { body, headers };
      },
    ),
    operation("ListIPSecConnections", "GET /ipsecConnections", { answers: "IPSecConnection[]" }, (call) =>
      registry.list(call, connection, {}),
    ),
    operation(
      "ListIPSecConnectionTunnels",
      "GET /ipsecConnections/{ipscId}/tunnels",
      { answers: "IPSecConnectionTunnel[]" },
      (call) => {
        const found = registry.find(connection, call.params.ipscId);
        const tunnels = ["UP", "DOWN"].map(
          (status, index): Wire<core.models.IPSecConnectionTunnel> => ({
            id: `${found.id}-${index}`,
            compartmentId: found.compartmentId,
            lifecycleState: "AVAILABLE",
            vpnIp: found.address,
            cpeIp: found.peer,
            status: status as "UP" | "DOWN",
            timeStatusUpdated: new Date(found.createdAt),
          }),
        );
        const { items: body, headers } = registry.page(call, tunnels, ({ id }) => id);
        return { body, headers };
      },
    ),
  ];
}

const order = z.strictObject({
  kind: z.enum(["load-balancer", "scaling-group", "tunnel"]),
  name: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?$/),
  tags: z.record(z.string(), z.string()).default({}),
});

/** @throws ZodError for what is no such order, OciError as calls do. */
export function makeSample(registry: Registry, subnetId: string, input: unknown): object {
  const { kind, name, tags } = order.parse(input);
  const { tables, tenancy } = registry.cloud;
  const { compartmentId } = tenancy;
  const made = (type: string) => registry.resource(type, { compartmentId, displayName: name, freeformTags: tags });
  switch (kind) {
    case "scaling-group":
      return { id: tables.instancePools.put({ ...made("instancepool"), subnetId, instanceIds: [] }).id };
    case "tunnel": {
      const ends = { peer: "198.51.100.1", address: "203.0.113.10" };
      return { id: tables.ipSecConnections.put({ ...made("ipsecconnection"), ...ends }).id };
    }
    case "load-balancer": {
      const shapeDetails = { minimumBandwidthInMbps: 10, maximumBandwidthInMbps: 100 };
      const place = { shapeName: "flexible", shapeDetails, isPrivate: false, subnetIds: [subnetId], groupIds: [] };
      const traffic = { address: "203.0.113.20", backendSets: {}, listeners: {} };
      return { id: tables.balancers.put({ ...made("loadbalancer"), ...place, ...traffic }).id };
    }
  }
}
