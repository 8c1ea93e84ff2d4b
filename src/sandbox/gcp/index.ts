import type { CloudAdmin } from "../cloud/admin.ts";
import { DnsServer } from "../cloud/dns/server.ts";
import { HttpFront } from "../cloud/http-front.ts";
import { BigQuery, billingTable } from "./bigquery/index.ts";
import { census } from "./census.ts";
import { GcpCloud, type GcpParts } from "./cloud.ts";
import { Compute } from "./compute/index.ts";
import { makeSample } from "./compute/listed.ts";
import { Dns } from "./dns/index.ts";
import { servedZones } from "./dns/state.ts";
import { Gateway } from "./gateway.ts";
import type { ServiceAccountKey } from "./identity.ts";
import { type GceMetrics, Monitoring } from "./monitoring/index.ts";
import { defaultRegion, defaultZone, projectId } from "./places.ts";
import { imageBucket, Storage } from "./storage/index.ts";

/** A running simulated Google Cloud. */
export interface RunningGcp {
  readonly cloud: GcpCloud;
  /** Of its guests, as Cloud Monitoring keeps them. */
  readonly metrics: GceMetrics;
  readonly bigQuery: BigQuery;
  /** What Cloud Billing exports to. */
  readonly billingTable: string;
  readonly front: HttpFront;
  readonly port: number;
  /** All of Google's APIs are there, told apart by their paths. */
  readonly endpoint: string;
  readonly project: string;
  readonly region: string;
  readonly zone: string;
  readonly serviceAccountKey: ServiceAccountKey;
  /** A bucket that is there from the start. */
  readonly bucket: string;
  /** Of 127.0.0.1, over UDP: the name servers of all public zones. */
  readonly dnsPort: number;
  /** Ends what listens beside the API. */
  stopTraffic(): Promise<void>;
  readonly admin: CloudAdmin;
  /** Powers the guests off (they start again with the next sandbox) and ends. */
  stop(): Promise<void>;
}

/** Starts it on a port of 127.0.0.1 (0: any), with everything as an earlier process left it. */
export async function startGcp(parts: GcpParts, port: number): Promise<RunningGcp> {
  const cloud = new GcpCloud(parts);
  const storage = new Storage(cloud);
  const compute = new Compute(cloud, (bucket, name) => storage.archive(bucket, name));
  const { disks, operations, machines } = compute.parts;
  cloud.guests.adopt();
  cloud.helpers.adopt();
  await disks.reconcile();
  const dns = new Dns(cloud);
  const monitoring = new Monitoring(cloud);
  monitoring.metrics.start();
  const bigQuery = new BigQuery(cloud);
  const gateway = new Gateway(cloud, { compute, storage, dns, monitoring, bigQuery });
  const front = new HttpFront((request) => gateway.handle(request));
  const listening = await front.listen(port);
  cloud.endpoint = `http://127.0.0.1:${listening}`;
  const nameServers = new DnsServer(
    () => servedZones(dns.state),
    (error) => cloud.log("A name server failed", { error }),
  );
  const dnsPort = await nameServers.listen(listening);
  await compute.traffic.resume();
  const stopTraffic = async (): Promise<void> => {
    await nameServers.close();
    await compute.traffic.close();
  };
  operations.resume();
  machines.resume();
  return {
    cloud,
    metrics: monitoring.metrics,
    bigQuery,
    billingTable,
    front,
    port: listening,
    endpoint: cloud.endpoint,
    project: projectId,
    region: defaultRegion,
    zone: defaultZone,
    serviceAccountKey: cloud.identity.key(cloud.endpoint),
    bucket: imageBucket,
    dnsPort,
    stopTraffic,
    admin: {
      name: "gcp",
      faults: cloud.faults,
      front,
      settings: () => cloud.settings,
      changeSettings: (change) => cloud.changeSettings(change),
      census: () => census(cloud, disks, storage.tables, { dns: dns.state, balancing: compute.balancing }),
      makeSample: (order) => makeSample(cloud, order),
      crash: (id) => machines.crash(id),
    },
    async stop() {
      monitoring.metrics.stop();
      await front.close();
      await stopTraffic();
      await machines.suspendAll();
      await cloud.settled();
      await cloud.close();
    },
  };
}
