import type { CloudAdmin } from "../cloud/admin.ts";
import { HttpFront } from "../cloud/http-front.ts";
import { census } from "./census.ts";
import { AwsCloud, type AwsParts } from "./cloud.ts";
import { ebsService } from "./ebs/index.ts";
import { readOperations } from "./ebs/read.ts";
import { writeOperations } from "./ebs/write.ts";
import { type Ec2Parts, ec2Parts, ec2Service } from "./ec2/index.ts";
import { Gateway } from "./gateway.ts";
import { Keys } from "./kms/keys.ts";
import { Quotas } from "./quotas/quotas.ts";
import type { Service } from "./service.ts";

/** A running simulated AWS. */
export interface RunningAws {
  readonly cloud: AwsCloud;
  readonly ec2: Ec2Parts;
  readonly front: HttpFront;
  readonly port: number;
  readonly endpoint: string;
  readonly admin: CloudAdmin;
  /** Powers the guests off (they start again with the next sandbox) and ends. */
  stop(): Promise<void>;
}

/** Starts it on a port of 127.0.0.1 (0: any), with everything as an earlier process left it. */
export async function startAws(parts: AwsParts, port: number): Promise<RunningAws> {
  const cloud = new AwsCloud(parts);
  const keys = new Keys(cloud);
  const quotas = new Quotas(cloud);
  const { operations, ...ec2 } = ec2Parts(cloud, keys, quotas);
  const { registry, volumes, guests } = ec2;
  const services: [Service, ...Service[]] = [
    ec2Service(cloud, operations),
    ebsService(cloud, {
      ...readOperations(registry, volumes, keys),
      ...writeOperations(registry, volumes, keys, quotas),
    }),
  ];
  cloud.guests.adopt();
  await volumes.reconcile();
  guests.reconcile();
  const gateway = new Gateway(
    cloud,
    services,
    () => undefined,
    () => ({ status: 404, headers: {} }),
  );
  const front = new HttpFront((request) => gateway.handle(request));
  const listening = await front.listen(port);
  return {
    cloud,
    ec2,
    front,
    port: listening,
    endpoint: `http://127.0.0.1:${listening}`,
    admin: {
      name: "aws",
      faults: cloud.faults,
      front,
      settings: () => cloud.settings,
      changeSettings: (change) => cloud.changeSettings(change),
      census: () => census(cloud, ec2),
      crash: (id) => guests.crash(id),
    },
    async stop() {
      await front.close();
      await guests.suspendAll();
      await cloud.settled();
      cloud.guests.close();
      await cloud.disks.close();
      cloud.documents.close();
    },
  };
}
