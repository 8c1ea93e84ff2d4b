import { randomBytes } from "node:crypto";
import { type AzureLab, quickly } from "../../sandbox/azure/support.ts";
import type { TrafficSite } from "../harness.ts";
import { answering } from "./answering.ts";

export interface AzureTraffic extends TrafficSite {
  readonly zone: NonNullable<TrafficSite["zone"]>;
  readonly pool: NonNullable<TrafficSite["pool"]>;
  /** Where the profile's name servers answer for it. */
  readonly fqdn: string;
}

const group = "novacron";
const location = "eastus";

/** A zone, and a Traffic Manager profile that routes by weight, without endpoints. */
export async function makeAzureTraffic(lab: AzureLab): Promise<AzureTraffic> {
  const run = randomBytes(4).toString("hex");
  const name = `${run}.example.com`;
  await lab.dns().zones.createOrUpdate(group, name, { location: "global" });
  const server = await answering("conformance");
  const profile = await lab.trafficManager().profiles.createOrUpdate(group, `tm-${run}`, {
    location: "global",
    trafficRoutingMethod: "Weighted",
    dnsConfig: { relativeName: `tm-${run}`, ttl: 1 },
    monitorConfig: { protocol: "HTTP", port: server.port, path: "/" },
  });
  return {
    zone: { zoneId: name, name },
    pool: { poolId: `traffic-manager/tm-${run}`, target: { address: "127.0.0.1", port: server.port } },
    fqdn: profile.dnsConfig?.fqdn ?? "",
    async close() {
      await lab.trafficManager().profiles.delete(group, `tm-${run}`);
      await lab.dns().zones.beginDeleteAndWait(group, name, quickly);
      await server.close();
    },
  };
}

export interface AzureBalancer {
  readonly poolId: string;
  readonly port: number;
  readonly host: string;
}

/** A load balancer whose rule has a probe and an empty pool. */
export async function makeAzureBalancer(lab: AzureLab, backendPort: number): Promise<AzureBalancer> {
  const network = lab.network();
  const run = randomBytes(4).toString("hex");
  const address = await network.publicIPAddresses.createOrUpdate(
    group,
    `front-${run}`,
    { location, sku: { name: "Standard" }, publicIPAllocationMethod: "Static" },
    quickly,
  );
  const name = `lb-${run}`;
  const own = (list: string, child: string) => ({
    id: `/subscriptions/${lab.azure.subscriptionId}/resourceGroups/${group}/providers/Microsoft.Network/loadBalancers/${name}/${list}/${child}`,
  });
  await network.loadBalancers.createOrUpdate(
    group,
    name,
    {
      ...{ location, sku: { name: "Standard" } },
      frontendIPConfigurations: [{ name: "front", publicIPAddress: { id: address.id ?? "" } }],
      backendAddressPools: [{ name: "web" }],
      probes: [
        {
          name: "probe",
          protocol: "Tcp",
          port: backendPort,
          intervalInSeconds: 5,
          numberOfProbes: 1,
          probeThreshold: 1,
        },
      ],
      loadBalancingRules: [
        {
          ...{ name: "rule", protocol: "Tcp", frontendPort: 8_080, backendPort },
          frontendIPConfiguration: own("frontendIPConfigurations", "front"),
          backendAddressPool: own("backendAddressPools", "web"),
          probe: own("probes", "probe"),
        },
      ],
    },
    quickly,
  );
  return { poolId: `${name}/web`, port: 8_080, host: address.ipAddress ?? "" };
}
