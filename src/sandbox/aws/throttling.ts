import type { BucketRate } from "../cloud/token-buckets.ts";
import type { AwsCloud } from "./cloud.ts";

/**
 * Published request rates, each API counted alone, for an account and region.
 * EC2: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
 * EBS direct: https://docs.aws.amazon.com/general/latest/gr/ebs-service.html
 * Route 53, all calls of an account together:
 * https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests
 */
const describing: BucketRate = { capacity: 100, perSecond: 20 };
const changing: BucketRate = { capacity: 50, perSecond: 5 };
const ec2Rates: Readonly<Record<string, BucketRate>> = {
  RunInstances: { capacity: 5, perSecond: 2 },
  StartInstances: { capacity: 5, perSecond: 2 },
  StopInstances: { capacity: 1000, perSecond: 20 },
  TerminateInstances: { capacity: 100, perSecond: 5 },
  CreateVolume: { capacity: 100, perSecond: 5 },
  DeleteVolume: { capacity: 100, perSecond: 5 },
  AttachVolume: { capacity: 100, perSecond: 5 },
  DetachVolume: { capacity: 100, perSecond: 5 },
  CreateSnapshot: { capacity: 100, perSecond: 5 },
  DeleteSnapshot: { capacity: 100, perSecond: 5 },
  CreateTags: { capacity: 100, perSecond: 10 },
  DeleteTags: { capacity: 100, perSecond: 10 },
};
const ebsRates: Readonly<Record<string, BucketRate>> = {
  GetSnapshotBlock: { capacity: 1000, perSecond: 1000 },
  PutSnapshotBlock: { capacity: 1000, perSecond: 1000 },
  ListSnapshotBlocks: { capacity: 50, perSecond: 50 },
  ListChangedBlocks: { capacity: 50, perSecond: 50 },
  StartSnapshot: { capacity: 10, perSecond: 10 },
  CompleteSnapshot: { capacity: 10, perSecond: 10 },
};
const iamRate: BucketRate = { capacity: 30, perSecond: 15 };
const ssmRate: BucketRate = { capacity: 40, perSecond: 40 };
const route53Rate: BucketRate = { capacity: 5, perSecond: 5 };

/** Undefined where AWS's limit is far above what one machine can ask for (S3, STS). */
function rateOf(service: string, operation: string): BucketRate | undefined {
  switch (service) {
    case "ec2":
      return ec2Rates[operation] ?? (/^(Describe|Get|List)/.test(operation) ? describing : changing);
    case "ebs":
      return ebsRates[operation];
    case "iam":
      return iamRate;
    case "ssm":
      return ssmRate;
    case "route53":
      return route53Rate;
    default:
      return undefined;
  }
}

/** Whether a call is over its rate. */
export function isThrottled(cloud: AwsCloud, call: { service: string; operation: string; region: string }): boolean {
  if (!cloud.settings.throttling) return false;
  const rate = rateOf(call.service, call.operation);
  const counted = call.service === "route53" ? call.service : `${call.region}/${call.service}/${call.operation}`;
  return rate !== undefined && !cloud.buckets.take(counted, rate);
}
