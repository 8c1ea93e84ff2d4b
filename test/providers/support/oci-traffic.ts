import { randomBytes } from "node:crypto";
import type { requests } from "oci-loadbalancer";
import type { OciLab } from "../../sandbox/oci/support.ts";
import type { TrafficSite } from "../harness.ts";
import { answering } from "./answering.ts";

export interface OciTraffic extends TrafficSite {
  readonly zone: NonNullable<TrafficSite["zone"]>;
  readonly pool: NonNullable<TrafficSite["pool"]>;
}

type Answer = { readonly opcWorkRequestId: string };

/** A zone, and a load balancer whose listener has an empty backend set. */
export async function makeOciTraffic(lab: OciLab): Promise<OciTraffic> {
  const { compartment: compartmentId, network } = lab.oci;
  const run = randomBytes(4).toString("hex");
  const name = `${run}.example.com`;
  const createZoneDetails = { name, compartmentId, migrationSource: "NONE" as const };
  const { zone } = await lab.dns().createZone({ createZoneDetails });
  const balancers = lab.balancers();
  const healthChecker = {
    protocol: "HTTP",
    urlPath: "/",
    port: 0,
    returnCode: 200,
    retries: 2,
    timeoutInMillis: 20_000,
  };
  const createLoadBalancerDetails: requests.CreateLoadBalancerRequest["createLoadBalancerDetails"] = {
    ...{ compartmentId, displayName: `lb-${run}`, shapeName: "flexible", subnetIds: [network.subnetId] },
    shapeDetails: { minimumBandwidthInMbps: 10, maximumBandwidthInMbps: 10 },
    backendSets: { web: { policy: "ROUND_ROBIN", healthChecker } },
    listeners: { http: { defaultBackendSetName: "web", port: 8_080, protocol: "HTTP" } },
  };
  await done(lab, await balancers.createLoadBalancer({ createLoadBalancerDetails }));
  const { items } = await balancers.listLoadBalancers({ compartmentId, displayName: `lb-${run}` });
  const loadBalancerId = items[0]?.id ?? "";
  const server = await answering("conformance");
  return {
    zone: { zoneId: zone.id, name },
    pool: { poolId: `${loadBalancerId}/web`, target: { address: "127.0.0.1", port: server.port } },
    async close() {
      await done(lab, await balancers.deleteLoadBalancer({ loadBalancerId }));
      await lab.dns().deleteZone({ zoneNameOrId: zone.id });
      await server.close();
    },
  };
}

async function done(lab: OciLab, { opcWorkRequestId: workRequestId }: Answer): Promise<void> {
  for (;;) {
    const { workRequest } = await lab.balancers().getWorkRequest({ workRequestId });
    const state: string = workRequest.lifecycleState;
    if (state === "SUCCEEDED") return;
    if (state === "FAILED") throw new Error(workRequest.message);
  }
}
