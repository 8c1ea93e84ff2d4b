import { invalid, required } from "../../errors.ts";
import { text } from "../../texts.ts";
import type { KeptKind } from "./kept.ts";
import type { Backend, BalancingTables } from "./state.ts";

type Body = Readonly<Record<string, unknown>>;

function oneOf(body: Body, field: string, values: readonly string[]): void {
  const value = body[field];
  if (value === undefined) throw required(`resource.${field}`);
  if (!values.includes(text(value))) throw invalid(`resource.${field}`, value, `Simulated: ${values.join(" or ")}.`);
}

function backendsOf(body: Body): readonly Backend[] {
  return (body.backends ?? []) as readonly Backend[];
}

/** "capacityScaler": 0 or 0.1 to 1, and never 0 of the only backend
 *  (https://cloud.google.com/load-balancing/docs/backend-service#capacity_scaler). */
function checkBackends(body: Body): void {
  const backends = backendsOf(body);
  for (const { capacityScaler = 1, balancingMode } of backends) {
    if (capacityScaler !== 0 && (capacityScaler < 0.1 || capacityScaler > 1)) {
      throw invalid("resource.backends[0].capacityScaler", capacityScaler, "Must be 0 or between 0.1 and 1.0.");
    }
    if (balancingMode !== "RATE" && balancingMode !== "CONNECTION") {
      throw invalid("resource.backends[0].balancingMode", balancingMode, "Endpoint groups take RATE or CONNECTION.");
    }
  }
  const [only] = backends;
  if (backends.length === 1 && only?.capacityScaler === 0) {
    throw invalid("resource.backends[0].capacityScaler", 0, "It cannot be 0 when there is only one backend.");
  }
}

/** What a global external load balancer is made of, with groups of endpoints. */
export function keptKinds(tables: BalancingTables): readonly KeptKind[] {
  return [
    {
      ...{ service: "healthChecks", collection: "healthChecks", kind: "healthCheck", member: "health_check" },
      refers: () => [],
      check: (body) => oneOf(body, "type", ["HTTP", "TCP"]),
    },
    {
      ...{ service: "networkEndpointGroups", collection: "networkEndpointGroups", kind: "networkEndpointGroup" },
      member: "network_endpoint_group",
      refers: ({ network }) => (network === undefined ? [] : [network]),
      check: (body) => oneOf(body, "networkEndpointType", ["GCE_VM_IP_PORT", "NON_GCP_PRIVATE_IP_PORT"]),
      more: ({ id }) => ({ size: tables.endpoints.where(({ groupId }) => groupId === id).length }),
    },
    {
      ...{ service: "backendServices", collection: "backendServices", kind: "backendService" },
      ...{ member: "backend_service", patched: true },
      refers: (body) => [...((body.healthChecks ?? []) as unknown[]), ...backendsOf(body).map(({ group }) => group)],
      check(body) {
        oneOf(body, "protocol", ["HTTP", "TCP"]);
        oneOf(body, "loadBalancingScheme", ["EXTERNAL", "EXTERNAL_MANAGED"]);
        checkBackends(body);
      },
    },
    {
      ...{ service: "urlMaps", collection: "urlMaps", kind: "urlMap", member: "url_map", patched: true },
      refers: ({ defaultService }) => [defaultService],
      check(body) {
        const other = Object.keys(body).find((field) => !["defaultService", "description"].includes(field));
        if (other !== undefined)
          throw invalid(`resource.${other}`, "", "Simulated: a URL map has a default service only.");
      },
    },
    {
      ...{ service: "targetHttpProxies", collection: "targetHttpProxies", kind: "targetHttpProxy" },
      member: "target_http_proxy",
      refers: ({ urlMap }) => [urlMap],
      check: () => undefined,
    },
    {
      ...{ service: "targetTcpProxies", collection: "targetTcpProxies", kind: "targetTcpProxy" },
      member: "target_tcp_proxy",
      refers: ({ service }) => [service],
      check: () => undefined,
    },
    {
      ...{ service: "globalForwardingRules", collection: "forwardingRules", kind: "forwardingRule" },
      member: "forwarding_rule",
      refers: ({ target }) => [target],
      check(body) {
        oneOf(body, "loadBalancingScheme", ["EXTERNAL", "EXTERNAL_MANAGED"]);
        if (body.IPAddress !== undefined) {
          throw invalid("resource.IPAddress", body.IPAddress, "Simulated: a rule's address is lent.");
        }
        if (!/^\d+(-\d+)?$/.test(text(body.portRange))) throw required("resource.portRange");
      },
      more: ({ address = "", body }) => ({
        IPAddress: address,
        IPProtocol: "TCP",
        portRange: text(body.portRange).replace(/^(\d+)$/, "$1-$1"),
        networkTier: "PREMIUM",
      }),
    },
  ];
}
