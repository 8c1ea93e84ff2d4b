/** What AWS lets an account do in a region each second, and how much of it at once. */
export interface CallRate {
  readonly perSecond: number;
  readonly burst: number;
}

/** "Request throttling for the Amazon EC2 API": each action has a bucket of its own, of the size and refill of its kind. */
const ec2 = {
  read: { perSecond: 20, burst: 100 },
  write: { perSecond: 5, burst: 50 },
  power: { perSecond: 2, burst: 5 },
} as const satisfies Record<string, CallRate>;
const powerActions = new Set(["RunInstances", "StartInstances", "StopInstances"]);

/** "Amazon EBS endpoints and quotas": the requests per account of EBS direct. */
const ebs: Readonly<Record<string, number>> = {
  GetSnapshotBlock: 1_000,
  PutSnapshotBlock: 1_000,
  ListSnapshotBlocks: 50,
  ListChangedBlocks: 50,
  StartSnapshot: 10,
  CompleteSnapshot: 10,
};

/** What the others take is far more than is used here (S3: 3,500 writes a second and prefix), or not published; the latter
 *  are asked a few times an hour. Quotas: "Service quotas for Service Quotas", of their lists. */
const others: Readonly<Record<string, CallRate>> = {
  s3: { perSecond: 1_000, burst: 1_000 },
  sts: { perSecond: 20, burst: 20 },
  iam: { perSecond: 5, burst: 10 },
  quotas: { perSecond: 10, burst: 10 },
  elasticloadbalancing: { perSecond: 5, burst: 10 },
  autoscaling: { perSecond: 5, burst: 10 },
  // Five a second for all calls of an account together, whichever they are.
  route53: { perSecond: 1, burst: 1 },
  // "CloudWatch service quotas": GetMetricData, fifty a second.
  cloudwatch: { perSecond: 25, burst: 25 },
  // Not published, and each request is paid for.
  ce: { perSecond: 1, burst: 5 },
  sqs: { perSecond: 50, burst: 100 },
};

export function rateOf(service: string, operation: string): CallRate {
  // "CloudWatch service quotas": three a second to change alarms, nine to describe them.
  if (service === "cloudwatch" && operation === "DescribeAlarms") return { perSecond: 9, burst: 9 };
  if (service === "cloudwatch" && /Alarms?$/.test(operation)) return { perSecond: 3, burst: 3 };
  if (service === "ec2") {
    if (powerActions.has(operation)) return ec2.power;
    return /^(Describe|Get|List)/.test(operation) ? ec2.read : ec2.write;
  }
  const blocks = service === "ebs" ? ebs[operation] : undefined;
  if (blocks !== undefined) return { perSecond: blocks, burst: blocks };
  return others[service] ?? ec2.write;
}
