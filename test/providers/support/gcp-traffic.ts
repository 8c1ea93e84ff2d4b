import { randomBytes } from "node:crypto";
import type { GcpLab } from "../../sandbox/gcp/support.ts";
import type { TrafficSite } from "../harness.ts";
import { answering } from "./answering.ts";

export interface GcpTraffic extends TrafficSite {
  readonly zone: NonNullable<TrafficSite["zone"]>;
  readonly pool: NonNullable<TrafficSite["pool"]> & { readonly shares: readonly [string, string] };
}

/** A managed zone, and a forwarding rule that leads to a backend service with two empty groups of endpoints: made by the APIs'
 *  own calls. */
export async function makeGcpTraffic({ gcp, raw }: GcpLab, drainingTimeoutSec = 1): Promise<GcpTraffic> {
  const run = randomBytes(4).toString("hex");
  const { project, zone } = gcp;
  const zones = `/dns/v1/projects/${project}/managedZones`;
  const at = `/compute/v1/projects/${project}`;
  const global = `${at}/global`;
  const call = async (method: "POST" | "DELETE", path: string, body?: object): Promise<void> => {
    const answer = await raw(path, { method, ...(body && { body: JSON.stringify(body) }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${text}`);
    const { name, zone: place } = (text === "" ? {} : JSON.parse(text)) as { name?: string; zone?: string };
    if (!name?.startsWith("operation-")) return;
    const operations = place === undefined ? `${global}/operations` : `${at}/zones/${zone}/operations`;
    await (await raw(`${operations}/${name}/wait`, { method: "POST" })).text();
  };
  const place = (path: string) => `projects/${project}/${path}`;
  const zoneId = `zone-${run}`;
  await call("POST", zones, { name: zoneId, dnsName: `${run}.example.com.`, description: "" });
  const check = { name: `check-${run}`, type: "HTTP", httpHealthCheck: { requestPath: "/" }, timeoutSec: 5 };
  await call("POST", `${global}/healthChecks`, check);
  const groups = [`old-${run}`, `new-${run}`];
  for (const name of groups) {
    const group = { name, networkEndpointType: "NON_GCP_PRIVATE_IP_PORT", defaultPort: 80 };
    await call("POST", `${at}/zones/${zone}/networkEndpointGroups`, group);
  }
  const service = `service-${run}`;
  await call("POST", `${global}/backendServices`, {
    ...{ name: service, protocol: "HTTP", loadBalancingScheme: "EXTERNAL_MANAGED" },
    healthChecks: [place(`global/healthChecks/check-${run}`)],
    connectionDraining: { drainingTimeoutSec },
    backends: groups.map((name) => ({
      group: place(`zones/${zone}/networkEndpointGroups/${name}`),
      ...{ balancingMode: "RATE", maxRatePerEndpoint: 100, capacityScaler: 0.5 },
    })),
  });
  await call("POST", `${global}/urlMaps`, {
    name: `map-${run}`,
    defaultService: place(`global/backendServices/${service}`),
  });
  const proxy = { name: `proxy-${run}`, urlMap: place(`global/urlMaps/map-${run}`) };
  await call("POST", `${global}/targetHttpProxies`, proxy);
  await call("POST", `${global}/forwardingRules`, {
    ...{ name: `rule-${run}`, loadBalancingScheme: "EXTERNAL_MANAGED", portRange: "8080" },
    target: place(`global/targetHttpProxies/proxy-${run}`),
  });
  const server = await answering("conformance");
  const share = (name = "") => `zones/${zone}/networkEndpointGroups/${name}`;
  return {
    zone: { zoneId, name: `${run}.example.com` },
    pool: {
      poolId: service,
      target: { address: "127.0.0.1", port: server.port },
      shares: [share(groups[0]), share(groups[1])],
    },
    async close() {
      await server.close();
      await call("DELETE", `${global}/forwardingRules/rule-${run}`);
      await call("DELETE", `${global}/targetHttpProxies/proxy-${run}`);
      await call("DELETE", `${global}/urlMaps/map-${run}`);
      await call("DELETE", `${global}/backendServices/${service}`);
      for (const name of groups) await call("DELETE", `${at}/zones/${zone}/networkEndpointGroups/${name}`);
      await call("DELETE", `${global}/healthChecks/check-${run}`);
      await call("DELETE", `${zones}/${zoneId}`);
    },
  };
}
