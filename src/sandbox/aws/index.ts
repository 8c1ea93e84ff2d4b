import type { CloudAdmin } from "../cloud/admin.ts";
import { DnsServer } from "../cloud/dns/server.ts";
import { HttpFront } from "../cloud/http-front.ts";
import { census } from "./census.ts";
import { AwsCloud, type AwsParts } from "./cloud.ts";
import type { Ec2Parts } from "./ec2/index.ts";
import { Gateway } from "./gateway.ts";
import { InstanceMetadata } from "./imds.ts";
import { servedZones } from "./route53/name-servers.ts";
import { makeSample } from "./samples.ts";
import { makeServices, type Services } from "./services.ts";

/** A running simulated AWS. */
export interface RunningAws {
  readonly cloud: AwsCloud;
  readonly ec2: Ec2Parts;
  readonly events: Pick<Services, "bus" | "queues" | "metrics" | "billing">;
  readonly front: HttpFront;
  readonly port: number;
  readonly endpoint: string;
  /** Of 127.0.0.1, over UDP: the name servers of all public hosted zones. */
  readonly dnsPort: number;
  /** Ends what listens beside the API: name servers and load balancers. */
  stopTraffic(): Promise<void>;
  readonly admin: CloudAdmin;
  /** Powers the guests off (they start again with the next sandbox) and ends. */
  stop(): Promise<void>;
}

/** Starts it on a port of 127.0.0.1 (0: any), with everything as an earlier process left it. */
export async function startAws(parts: AwsParts, port: number): Promise<RunningAws> {
  const cloud = new AwsCloud(parts);
  const services = makeServices(cloud);
  const { ec2, s3, metrics, traffic, route53 } = services;
  const { volumes, guests } = ec2;
  cloud.guests.adopt();
  await volumes.reconcile();
  guests.reconcile();
  metrics.start();
  const imds = new InstanceMetadata(cloud.identity);
  const gateway = new Gateway(
    cloud,
    services.all,
    (request, path, body) => services.unsigned(request, path, body),
    (request, path) => imds.answer(request, path),
  );
  const front = new HttpFront((request) => gateway.handle(request));
  const listening = await front.listen(port);
  cloud.endpoint = `http://127.0.0.1:${listening}`;
  const dns = new DnsServer(
    () => servedZones(route53, cloud.tables),
    (error) => parts.log("A name server failed", { error }),
  );
  const dnsPort = await dns.listen(listening);
  await traffic.resume();
  const stopTraffic = async (): Promise<void> => {
    await dns.close();
    await traffic.close();
  };
  return {
    cloud,
    ec2,
    events: services,
    front,
    port: listening,
    endpoint: cloud.endpoint,
    dnsPort,
    stopTraffic,
    admin: {
      name: "aws",
      faults: cloud.faults,
      front,
      settings: () => cloud.settings,
      changeSettings: (change) => cloud.changeSettings(change),
      census: () => census(cloud, ec2, s3, route53),
      makeSample: (order) => makeSample(cloud, ec2.registry, order),
      crash: (id) => guests.crash(id),
    },
    async stop() {
      metrics.stop();
      await front.close();
      await stopTraffic();
      await guests.suspendAll();
      await cloud.settled();
      cloud.guests.close();
      await cloud.disks.close();
      cloud.documents.close();
    },
  };
}
