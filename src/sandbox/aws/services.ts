import type { IncomingMessage } from "node:http";
import { autoScalingOperations } from "./autoscaling/operations.ts";
import type { AwsCloud } from "./cloud.ts";
import { type Ec2Metrics, ec2Metrics } from "./cloudwatch/metrics.ts";
import { cloudwatchOperations } from "./cloudwatch/operations.ts";
import { type Billing, meterAws } from "./costexplorer/metering.ts";
import { costExplorerOperations } from "./costexplorer/operations.ts";
import { ebsService } from "./ebs/index.ts";
import { readOperations } from "./ebs/read.ts";
import { writeOperations } from "./ebs/write.ts";
import { type Ec2Parts, ec2Parts, ec2Service } from "./ec2/index.ts";
import { elbOperations } from "./elb/operations.ts";
import { Traffic } from "./elb/traffic.ts";
import { EventBus } from "./events/bus.ts";
import { giveNotice, noteCall } from "./events/notices.ts";
import { eventOperations } from "./events/operations.ts";
import { iamOperations } from "./iam/operations.ts";
import { jsonService } from "./json-service.ts";
import { Keys } from "./kms/keys.ts";
import { kmsOperations } from "./kms/operations.ts";
import { queryService } from "./query-service.ts";
import { quotaOperations } from "./quotas/operations.ts";
import { Quotas } from "./quotas/quotas.ts";
import { restXmlService } from "./rest-xml-service.ts";
import { route53Operations } from "./route53/operations.ts";
import { type Route53State, route53State } from "./route53/state.ts";
import { type S3Parts, s3Parts } from "./s3/index.ts";
import type { Service } from "./service.ts";
import { sqsOperations } from "./sqs/operations.ts";
import { Queues } from "./sqs/queues.ts";
import { ssmOperations } from "./ssm/operations.ts";
import { stsOperations } from "./sts/operations.ts";

export interface Services {
  /** S3 first: it answers what can't be told whom it is for. */
  readonly all: readonly [Service, ...Service[]];
  readonly ec2: Ec2Parts;
  readonly s3: S3Parts;
  readonly metrics: Ec2Metrics;
  readonly billing: Billing;
  readonly bus: EventBus;
  readonly queues: Queues;
  readonly traffic: Traffic;
  readonly route53: Route53State;
  /** Whom a request without a signature is for. */
  unsigned(request: IncomingMessage, path: string, body: Buffer): Service | "imds" | undefined;
}

/** Every simulated service over one state. */
export function makeServices(cloud: AwsCloud): Services {
  const keys = new Keys(cloud);
  const quotas = new Quotas(cloud);
  const metrics = ec2Metrics(cloud);
  const billing = meterAws(cloud);
  const s3 = s3Parts(cloud);
  const { operations, ...ec2 } = ec2Parts(cloud, keys, quotas, s3);
  const { registry, volumes, images } = ec2;
  const queues = new Queues(cloud);
  const traffic = new Traffic(cloud);
  const route53 = route53State(cloud.documents);
  const bus = new EventBus(cloud, queues);
  giveNotice(cloud, registry, bus);
  cloud.onCall = (call, input, output) => noteCall(cloud, bus, call, input, output);
  const sts = queryService(cloud, {
    name: "sts",
    dialect: "query",
    schemas: () => import("@aws-sdk/client-sts"),
    operations: stsOperations(cloud),
    namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
  });
  const iam = queryService(cloud, {
    name: "iam",
    dialect: "query",
    schemas: () => import("@aws-sdk/client-iam"),
    operations: iamOperations(cloud),
    namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
  });
  const elb = queryService(cloud, {
    name: "elasticloadbalancing",
    dialect: "query",
    schemas: () => import("@aws-sdk/client-elastic-load-balancing-v2"),
    operations: elbOperations(cloud, traffic),
    namespace: "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
  });
  const autoScaling = queryService(cloud, {
    name: "autoscaling",
    dialect: "query",
    schemas: () => import("@aws-sdk/client-auto-scaling"),
    operations: autoScalingOperations(cloud),
    namespace: "http://autoscaling.amazonaws.com/doc/2011-01-01/",
  });
  const dns = restXmlService(cloud, {
    name: "route53",
    schemas: () => import("@aws-sdk/client-route-53"),
    operations: route53Operations(cloud, route53),
    namespace: "https://route53.amazonaws.com/doc/2013-04-01/",
    region: "us-east-1",
  });
  const json = (
    [
      ["kms", "1.1", () => import("@aws-sdk/client-kms"), kmsOperations(keys)],
      ["ssm", "1.1", () => import("@aws-sdk/client-ssm"), ssmOperations(images)],
      ["servicequotas", "1.1", () => import("@aws-sdk/client-service-quotas"), quotaOperations(quotas)],
      ["monitoring", "1.0", () => import("@aws-sdk/client-cloudwatch"), cloudwatchOperations(cloud, metrics)],
      ["ce", "1.1", () => import("@aws-sdk/client-cost-explorer"), costExplorerOperations(billing)],
      ["sqs", "1.0", () => import("@aws-sdk/client-sqs"), sqsOperations(cloud, queues)],
      ["events", "1.1", () => import("@aws-sdk/client-eventbridge"), eventOperations(bus)],
    ] as const
  ).map(([name, version, schemas, table]) => jsonService(cloud, { name, version, schemas, operations: table }));
  const ebs = ebsService(cloud, {
    ...readOperations(registry, volumes, keys),
    ...writeOperations(registry, volumes, keys, quotas),
  });
  return {
    all: [s3.service, ec2Service(cloud, operations), ebs, sts, iam, elb, autoScaling, dns, ...json],
    ec2,
    s3,
    metrics,
    billing,
    bus,
    queues,
    traffic,
    route53,
    unsigned(_request, path, body) {
      if (path.startsWith("/latest/")) return "imds";
      return path === "/" && /(?:^|&)Action=AssumeRoleWithWebIdentity(?:&|$)/.test(body.toString("latin1"))
        ? sts
        : undefined;
    },
  };
}
