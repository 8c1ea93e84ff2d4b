// Long because it names every action that the adapter uses.
import type * as Ec2 from "@aws-sdk/client-ec2";
import { isProviderError } from "../../domain/errors.ts";
import type { Aws } from "./client.ts";
import { vendorCode } from "./errors.ts";
import { identityOf } from "./identity.ts";

/** Ids of nothing, in EC2's form: the request is refused or would succeed by its permission alone. */
const none = {
  instance: "i-00000000000000000",
  volume: "vol-00000000000000000",
  snapshot: "snap-00000000000000000",
  image: "ami-00000000000000000",
  vpc: "vpc-00000000000000000",
  subnet: "subnet-00000000000000000",
  group: "sg-00000000000000000",
  gateway: "igw-00000000000000000",
  table: "rtb-00000000000000000",
  address: "eipalloc-00000000000000000",
};
const DryRun = true;
const probesInFlight = 8;

/** What is called at EC2, each as a request that changes nothing. */
const ec2Probes = {
  AllocateAddress: (sdk: typeof Ec2) => new sdk.AllocateAddressCommand({ DryRun }),
  AssociateAddress: (sdk: typeof Ec2) =>
    new sdk.AssociateAddressCommand({ DryRun, AllocationId: none.address, InstanceId: none.instance }),
  AttachInternetGateway: (sdk: typeof Ec2) =>
    new sdk.AttachInternetGatewayCommand({ DryRun, InternetGatewayId: none.gateway, VpcId: none.vpc }),
  AttachVolume: (sdk: typeof Ec2) =>
    new sdk.AttachVolumeCommand({ DryRun, VolumeId: none.volume, InstanceId: none.instance, Device: "/dev/sdf" }),
  AuthorizeSecurityGroupEgress: (sdk: typeof Ec2) =>
    new sdk.AuthorizeSecurityGroupEgressCommand({ DryRun, GroupId: none.group, IpPermissions: [] }),
  AuthorizeSecurityGroupIngress: (sdk: typeof Ec2) =>
    new sdk.AuthorizeSecurityGroupIngressCommand({ DryRun, GroupId: none.group, IpPermissions: [] }),
  CreateInternetGateway: (sdk: typeof Ec2) => new sdk.CreateInternetGatewayCommand({ DryRun }),
  CreateRoute: (sdk: typeof Ec2) =>
    new sdk.CreateRouteCommand({
      DryRun,
      RouteTableId: none.table,
      DestinationCidrBlock: "0.0.0.0/0",
      GatewayId: none.gateway,
    }),
  CreateSecurityGroup: (sdk: typeof Ec2) =>
    new sdk.CreateSecurityGroupCommand({
      DryRun,
      GroupName: "novacron-permission-check",
      Description: "never made",
      VpcId: none.vpc,
    }),
  CreateSnapshot: (sdk: typeof Ec2) => new sdk.CreateSnapshotCommand({ DryRun, VolumeId: none.volume }),
  CreateSnapshots: (sdk: typeof Ec2) =>
    new sdk.CreateSnapshotsCommand({ DryRun, InstanceSpecification: { InstanceId: none.instance } }),
  CreateSubnet: (sdk: typeof Ec2) => new sdk.CreateSubnetCommand({ DryRun, VpcId: none.vpc, CidrBlock: "10.0.0.0/24" }),
  CreateTags: (sdk: typeof Ec2) =>
    new sdk.CreateTagsCommand({ DryRun, Resources: [none.instance], Tags: [{ Key: "novacron:check", Value: "" }] }),
  CreateVolume: (sdk: typeof Ec2, zone: string) =>
    new sdk.CreateVolumeCommand({ DryRun, AvailabilityZone: zone, Size: 1 }),
  CreateVpc: (sdk: typeof Ec2) => new sdk.CreateVpcCommand({ DryRun, CidrBlock: "10.0.0.0/24" }),
  DeleteInternetGateway: (sdk: typeof Ec2) =>
    new sdk.DeleteInternetGatewayCommand({ DryRun, InternetGatewayId: none.gateway }),
  DeleteSecurityGroup: (sdk: typeof Ec2) => new sdk.DeleteSecurityGroupCommand({ DryRun, GroupId: none.group }),
  DeleteSnapshot: (sdk: typeof Ec2) => new sdk.DeleteSnapshotCommand({ DryRun, SnapshotId: none.snapshot }),
  DeleteSubnet: (sdk: typeof Ec2) => new sdk.DeleteSubnetCommand({ DryRun, SubnetId: none.subnet }),
  DeleteTags: (sdk: typeof Ec2) => new sdk.DeleteTagsCommand({ DryRun, Resources: [none.instance] }),
  DeleteVolume: (sdk: typeof Ec2) => new sdk.DeleteVolumeCommand({ DryRun, VolumeId: none.volume }),
  DeleteVpc: (sdk: typeof Ec2) => new sdk.DeleteVpcCommand({ DryRun, VpcId: none.vpc }),
  DeregisterImage: (sdk: typeof Ec2) => new sdk.DeregisterImageCommand({ DryRun, ImageId: none.image }),
  DescribeAddresses: (sdk: typeof Ec2) => new sdk.DescribeAddressesCommand({ DryRun }),
  DescribeAvailabilityZones: (sdk: typeof Ec2) => new sdk.DescribeAvailabilityZonesCommand({ DryRun }),
  DescribeCustomerGateways: (sdk: typeof Ec2) => new sdk.DescribeCustomerGatewaysCommand({ DryRun }),
  DescribeImages: (sdk: typeof Ec2) => new sdk.DescribeImagesCommand({ DryRun, Owners: ["self"] }),
  DescribeInstances: (sdk: typeof Ec2) => new sdk.DescribeInstancesCommand({ DryRun }),
  DescribeInstanceTypeOfferings: (sdk: typeof Ec2) => new sdk.DescribeInstanceTypeOfferingsCommand({ DryRun }),
  DescribeInstanceTypes: (sdk: typeof Ec2) => new sdk.DescribeInstanceTypesCommand({ DryRun }),
  DescribeInternetGateways: (sdk: typeof Ec2) => new sdk.DescribeInternetGatewaysCommand({ DryRun }),
  DescribeRouteTables: (sdk: typeof Ec2) => new sdk.DescribeRouteTablesCommand({ DryRun }),
  DescribeSecurityGroupRules: (sdk: typeof Ec2) => new sdk.DescribeSecurityGroupRulesCommand({ DryRun }),
  DescribeSecurityGroups: (sdk: typeof Ec2) => new sdk.DescribeSecurityGroupsCommand({ DryRun }),
  DescribeSnapshots: (sdk: typeof Ec2) => new sdk.DescribeSnapshotsCommand({ DryRun, OwnerIds: ["self"] }),
  DescribeSubnets: (sdk: typeof Ec2) => new sdk.DescribeSubnetsCommand({ DryRun }),
  DescribeVolumes: (sdk: typeof Ec2) => new sdk.DescribeVolumesCommand({ DryRun }),
  DescribeVpcs: (sdk: typeof Ec2) => new sdk.DescribeVpcsCommand({ DryRun }),
  DescribeVpnConnections: (sdk: typeof Ec2) => new sdk.DescribeVpnConnectionsCommand({ DryRun }),
  DescribeVpnGateways: (sdk: typeof Ec2) => new sdk.DescribeVpnGatewaysCommand({ DryRun }),
  DetachInternetGateway: (sdk: typeof Ec2) =>
    new sdk.DetachInternetGatewayCommand({ DryRun, InternetGatewayId: none.gateway, VpcId: none.vpc }),
  DetachVolume: (sdk: typeof Ec2) => new sdk.DetachVolumeCommand({ DryRun, VolumeId: none.volume }),
  DisassociateAddress: (sdk: typeof Ec2) =>
    new sdk.DisassociateAddressCommand({ DryRun, AssociationId: "eipassoc-00000000000000000" }),
  GetConsoleOutput: (sdk: typeof Ec2) => new sdk.GetConsoleOutputCommand({ DryRun, InstanceId: none.instance }),
  GetEbsEncryptionByDefault: (sdk: typeof Ec2) => new sdk.GetEbsEncryptionByDefaultCommand({ DryRun }),
  ModifyInstanceAttribute: (sdk: typeof Ec2) =>
    new sdk.ModifyInstanceAttributeCommand({ DryRun, InstanceId: none.instance, InstanceType: { Value: "t3.micro" } }),
  RegisterImage: (sdk: typeof Ec2) =>
    new sdk.RegisterImageCommand({ DryRun, Name: "novacron-permission-check", RootDeviceName: "/dev/xvda" }),
  ReleaseAddress: (sdk: typeof Ec2) => new sdk.ReleaseAddressCommand({ DryRun, AllocationId: none.address }),
  RevokeSecurityGroupEgress: (sdk: typeof Ec2) =>
    new sdk.RevokeSecurityGroupEgressCommand({ DryRun, GroupId: none.group }),
  RevokeSecurityGroupIngress: (sdk: typeof Ec2) =>
    new sdk.RevokeSecurityGroupIngressCommand({ DryRun, GroupId: none.group }),
  RunInstances: (sdk: typeof Ec2) =>
    new sdk.RunInstancesCommand({ DryRun, ImageId: none.image, MinCount: 1, MaxCount: 1 }),
  StartInstances: (sdk: typeof Ec2) => new sdk.StartInstancesCommand({ DryRun, InstanceIds: [none.instance] }),
  StopInstances: (sdk: typeof Ec2) => new sdk.StopInstancesCommand({ DryRun, InstanceIds: [none.instance] }),
  TerminateInstances: (sdk: typeof Ec2) => new sdk.TerminateInstancesCommand({ DryRun, InstanceIds: [none.instance] }),
} as const;
type Probed = keyof typeof ec2Probes;

/** What is called elsewhere, in IAM's words. */
const otherActions = [
  "autoscaling:DescribeAutoScalingGroups",
  "ce:GetCostAndUsage",
  "ce:GetCostAndUsageWithResources",
  "ce:GetCostForecast",
  "cloudwatch:DeleteAlarms",
  "cloudwatch:DescribeAlarms",
  "cloudwatch:GetMetricData",
  "cloudwatch:ListTagsForResource",
  "cloudwatch:PutMetricAlarm",
  "cloudwatch:TagResource",
  "elasticloadbalancing:DeregisterTargets",
  "elasticloadbalancing:DescribeListeners",
  "elasticloadbalancing:DescribeLoadBalancers",
  "elasticloadbalancing:DescribeTags",
  "elasticloadbalancing:DescribeTargetGroups",
  "elasticloadbalancing:DescribeTargetHealth",
  "elasticloadbalancing:ModifyListener",
  "elasticloadbalancing:RegisterTargets",
  "route53:ChangeResourceRecordSets",
  "route53:GetChange",
  "route53:GetHostedZone",
  "route53:ListHostedZones",
  "route53:ListResourceRecordSets",
  "route53:ListTagsForResources",
  "ebs:CompleteSnapshot",
  "ebs:GetSnapshotBlock",
  "ebs:ListChangedBlocks",
  "ebs:ListSnapshotBlocks",
  "ebs:PutSnapshotBlock",
  "ebs:StartSnapshot",
  "s3:AbortMultipartUpload",
  "s3:CreateBucket",
  "s3:DeleteBucket",
  "s3:DeleteObject",
  "s3:GetBucketTagging",
  "s3:GetObject",
  "s3:ListAllMyBuckets",
  "s3:ListBucket",
  "s3:ListBucketMultipartUploads",
  "s3:ListMultipartUploadParts",
  "s3:PutBucketTagging",
  "s3:PutEncryptionConfiguration",
  "s3:PutObject",
  "s3:PutObjectTagging",
  "servicequotas:ListAWSDefaultServiceQuotas",
  "servicequotas:ListServiceQuotas",
  "sqs:DeleteMessage",
  "sqs:GetQueueUrl",
  "sqs:ReceiveMessage",
  "kms:CreateGrant",
  "kms:Decrypt",
  "kms:DescribeKey",
  "kms:GenerateDataKeyWithoutPlaintext",
  "kms:ReEncryptFrom",
  "kms:ReEncryptTo",
] as const;

/** Every action that the identity needs, sorted; the README's policy is the same list. */
export const neededActions: readonly string[] = [
  ...Object.keys(ec2Probes).map((operation) => `ec2:${operation}`),
  ...otherActions,
].sort();

export interface Allowed {
  readonly checked: number;
  readonly missing: readonly string[];
  /** Neither IAM nor the service would say. */
  readonly unknown: readonly string[];
}

/** Asks IAM for all actions at once, where we may; what is left, EC2 itself. */
export async function allowed(aws: Aws, signal: AbortSignal): Promise<Allowed> {
  const simulated = await simulate(aws, signal);
  const missing: string[] = [];
  const unknown: string[] = [];
  const open = neededActions.filter((action) => simulated?.get(action) !== true);
  const lane = async (): Promise<void> => {
    for (let action = open.pop(); action !== undefined; action = open.pop()) {
      // IAM does not know of every policy (an organisation's, a resource's): a "no" is held against the service's word.
      const answer = await probe(aws, action, signal);
      if (answer === false || (answer === undefined && simulated?.get(action) === false)) missing.push(action);
      else if (answer === undefined) unknown.push(action);
    }
  };
  await Promise.all(Array.from({ length: probesInFlight }, lane));
  return { checked: neededActions.length - unknown.length, missing: missing.sort(), unknown: unknown.sort() };
}

/** Action → whether the identity's policies allow it; undefined when we may not ask. */
async function simulate(aws: Aws, signal: AbortSignal): Promise<Map<string, boolean> | undefined> {
  const { Arn = "" } = await identityOf(aws, signal);
  const subject = { operation: "simulate the identity's policies", resource: aws.site };
  const found = new Map<string, boolean>();
  let marker: string | undefined;
  try {
    do {
      const Marker = marker;
      const page = await aws.iam.send(
        (sdk) =>
          new sdk.SimulatePrincipalPolicyCommand({
            PolicySourceArn: principalOf(Arn),
            ActionNames: [...neededActions],
            Marker,
          }),
        subject,
        signal,
      );
      for (const { EvalActionName = "", EvalDecision } of page.EvaluationResults ?? []) {
        found.set(EvalActionName, EvalDecision === "allowed");
      }
      marker = page.IsTruncated ? page.Marker : undefined;
    } while (marker !== undefined);
    return found;
  } catch (error) {
    // The root user and federated ones have no policies to be simulated.
    if (isProviderError(error, "CloudPermissionDenied", "InvalidInput", "NotFound", "UnsupportedCapability")) {
      return undefined;
    }
    throw error;
  }
}

/** The session of a role is judged by its role. */
function principalOf(arn: string): string {
  const [, partition, account, role] = /^arn:([^:]+):sts::(\d+):assumed-role\/([^/]+)\//.exec(arn) ?? [];
  return role === undefined ? arn : `arn:${partition}:iam::${account}:role/${role}`;
}

/** True or false as EC2 says; undefined where it can't be asked. */
async function probe(aws: Aws, action: string, signal: AbortSignal): Promise<boolean | undefined> {
  const operation = action.replace(/^ec2:/, "") as Probed;
  const build = ec2Probes[operation];
  if (!build) return undefined;
  const subject = { operation: `ask whether ${action} is allowed`, resource: aws.site };
  try {
    await aws.ec2.send((sdk) => build(sdk, `${aws.entry.region}a`), subject, signal);
    return true;
  } catch (error) {
    // EC2 answers a request that it would have carried out with an error too.
    if (vendorCode(error) === "DryRunOperation") return true;
    if (isProviderError(error, "CloudPermissionDenied")) return false;
    if (isProviderError(error, "InvalidInput", "NotFound", "Conflict", "UnsupportedCapability")) return undefined;
    throw error;
  }
}
