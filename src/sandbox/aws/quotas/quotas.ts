import type { AwsCloud } from "../cloud.ts";
import { type InstanceType, instanceType, isStandard } from "../ec2/instance-types.ts";
import { AwsError } from "../errors.ts";

export interface Quota {
  readonly code: string;
  readonly name: string;
  readonly service: string;
  readonly value: number;
  readonly adjustable: boolean;
  readonly unit?: string;
}

/**
 * The quotas that are enforced here, with their codes from the Service Quotas console. Values are those an established
 * account has; https://docs.aws.amazon.com/general/latest/gr/ec2-service.html and …/ebs-service.html have AWS's defaults.
 */
export const defaultQuotas: readonly Quota[] = [
  {
    service: "ec2",
    code: "L-1216C47A",
    name: "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
    value: 256,
    adjustable: true,
  },
  {
    service: "ec2",
    code: "L-34B43A08",
    name: "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests",
    value: 256,
    adjustable: true,
  },
  { service: "ec2", code: "L-0263D0A3", name: "EC2-VPC Elastic IPs", value: 5, adjustable: true },
  {
    service: "ebs",
    code: "L-7A658B76",
    name: "Storage for General Purpose SSD (gp3) volumes, in TiB",
    value: 50,
    adjustable: true,
  },
  {
    service: "ebs",
    code: "L-D18FCD1D",
    name: "Storage for General Purpose SSD (gp2) volumes, in TiB",
    value: 50,
    adjustable: true,
  },
  { service: "ebs", code: "L-309BACF6", name: "Snapshots per Region", value: 100_000, adjustable: true },
  { service: "ebs", code: "L-2DDFD0D0", name: "Pending snapshots per account", value: 100, adjustable: false },
  { service: "vpc", code: "L-F678F1CE", name: "VPCs per Region", value: 5, adjustable: true },
  {
    service: "vpc",
    code: "L-0EA8095F",
    name: "Inbound or outbound rules per security group",
    value: 60,
    adjustable: true,
  },
];

export class Quotas {
  readonly #cloud: AwsCloud;

  constructor(cloud: AwsCloud) {
    this.#cloud = cloud;
  }

  value(region: string, code: string): number {
    const own = this.#cloud.tables.settings.get(`quota/${region}/${code}`)?.value as number | undefined;
    return own ?? defaultQuotas.find((quota) => quota.code === code)?.value ?? Infinity;
  }

  set(region: string, code: string, value: number): void {
    this.#cloud.tables.settings.put({ id: `quota/${region}/${code}`, value });
  }

  /** vCPUs of what runs or is about to, of the kind that a quota counts. */
  vcpusInUse(region: string, spot: boolean): number {
    return this.#cloud.tables.instances
      .where(
        (one) =>
          one.region === region &&
          one.spot === spot &&
          (one.state === "pending" || one.state === "running") &&
          isStandard(one.type),
      )
      .reduce((sum, { type }) => sum + (instanceType(type)?.vcpus ?? 0), 0);
  }

  /** @throws AwsError VcpuLimitExceeded, MaxSpotInstanceCountExceeded. */
  forLaunch(region: string, type: InstanceType, count: number, spot: boolean): void {
    if (!isStandard(type.name)) return;
    const limit = this.value(region, spot ? "L-34B43A08" : "L-1216C47A");
    if (this.vcpusInUse(region, spot) + type.vcpus * count <= limit) return;
    throw spot
      ? new AwsError("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded")
      : vcpuLimitExceeded(limit);
  }
}

export function vcpuLimitExceeded(limit: number): AwsError {
  return new AwsError(
    "VcpuLimitExceeded",
    `You have requested more vCPU capacity than your current vCPU limit of ${limit} allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.`,
  );
}
