import type { CloudAdmin } from "../cloud/admin.ts";
import { reconcilePoints } from "../cloud/disks/points.ts";
import { HttpFront } from "../cloud/http-front.ts";
import { census } from "./census.ts";
import { OciCloud, type OciParts } from "./cloud.ts";
import { Gateway } from "./gateway.ts";
import { makeSample } from "./listed.ts";
import type { ComputeMetrics } from "./monitoring/operations.ts";
import { makeServices } from "./services.ts";
import { tellEvents } from "./streaming.ts";
import { availabilityDomains, region } from "./tenancy.ts";
import type { Billing } from "./usage/operations.ts";

/** A running simulated Oracle Cloud: one region of one tenancy. */
export interface RunningOci {
  readonly cloud: OciCloud;
  /** Of its guests, as Monitoring keeps them. */
  readonly metrics: ComputeMetrics;
  readonly billing: Billing;
  readonly gateway: Gateway;
  readonly front: HttpFront;
  readonly port: number;
  /** For every client of every service. */
  readonly endpoint: string;
  /** Of the name servers of its zones, over UDP on 127.0.0.1. */
  readonly dnsPort: number;
  /** Ends what listens beside the API: name servers and load balancers. */
  stopTraffic(): Promise<void>;
  readonly region: string;
  /** The API key of the tenancy's only user. */
  readonly credentials: {
    readonly tenancy: string;
    readonly user: string;
    readonly fingerprint: string;
    /** PEM. */
    readonly privateKey: string;
    readonly region: string;
  };
  readonly compartment: string;
  readonly availabilityDomains: readonly [string, string, string];
  /** Of Object Storage. */
  readonly namespace: string;
  /** What every sandbox has from its start on. */
  readonly network: { readonly vcnId: string; readonly subnetId: string };
  /** The group that opens port 8080. */
  readonly demoGroupId: string;
  readonly admin: CloudAdmin;
  /** Powers the guests off (they start again with the next sandbox) and ends. */
  stop(): Promise<void>;
}

/** Starts it on a port of 127.0.0.1 (0: any), with everything as an earlier process left it. */
export async function startOci(parts: OciParts, port: number): Promise<RunningOci> {
  const cloud = new OciCloud(parts);
  const { registry, tokens, operations, workRequests, guests, objects, network, names, traffic, metrics, billing } =
    makeServices(cloud);
  cloud.guests.adopt();
  cloud.helpers.adopt();
  await reconcilePoints(cloud.diskParts());
  await cloud.collectDisks();
  metrics.start();
  workRequests.reconcile();
  guests.reconcile();
  const gateway = new Gateway(cloud, tokens, operations);
  gateway.onAnswer = (operation, call, reply) => tellEvents(registry, operation, call, reply);
  const front = new HttpFront((request) => gateway.handle(request));
  const listening = await front.listen(port);
  cloud.endpoint = `http://127.0.0.1:${listening}`;
  const dnsPort = await names.listen(listening);
  await traffic.settle();
  const stopTraffic = async (): Promise<void> => {
    await names.close();
    await traffic.close();
  };
  const { tenancyId, userId, fingerprint, privateKey, compartmentId, namespace } = cloud.tenancy;
  return {
    cloud,
    metrics,
    billing,
    gateway,
    front,
    port: listening,
    endpoint: cloud.endpoint,
    dnsPort,
    stopTraffic,
    region,
    credentials: { tenancy: tenancyId, user: userId, fingerprint, privateKey, region },
    compartment: compartmentId,
    availabilityDomains: availabilityDomains(cloud.tenancy),
    namespace,
    network: { vcnId: network.vcnId, subnetId: network.subnetId },
    demoGroupId: network.demoGroupId,
    admin: {
      name: "oci",
      faults: cloud.faults,
      front,
      settings: () => cloud.settings,
      changeSettings: (change) => cloud.changeSettings(change),
      census: () => census(registry, objects),
      makeSample: (order) => makeSample(registry, network.subnetId, order),
      crash: (id) => guests.crash(id),
    },
    async stop() {
      metrics.stop();
      await front.close();
      await stopTraffic();
      await guests.suspendAll();
      await cloud.settled();
      cloud.guests.close();
      cloud.helpers.close();
      await cloud.disks.close();
      cloud.documents.close();
    },
  };
}
