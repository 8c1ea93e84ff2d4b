import type { CalledOperation, Refusal } from "../cloud/faults.ts";
import { noQuota } from "./ebs/refusals.ts";
import { insufficientCapacity } from "./ec2/launch.ts";
import { AwsError } from "./errors.ts";
import { vcpuLimitExceeded } from "./quotas/quotas.ts";

/** What each service says in a case that its calls have in common. Sources: the services' "Common errors" pages. */

export function throttled(service: string): AwsError {
  switch (service) {
    case "ec2":
      return new AwsError("RequestLimitExceeded", "Request limit exceeded.", 503);
    case "ebs":
      return new AwsError(
        "RequestThrottledException",
        "The number of API requests has exceeded the maximum allowed API request throttling limit for the account.",
        400,
        { Reason: "ACCOUNT_THROTTLED" },
      );
    case "s3":
      return new AwsError("SlowDown", "Please reduce your request rate.", 503);
    case "servicequotas":
      return new AwsError("TooManyRequestsException", "Due to throttling, the request was denied.", 429);
    case "sts":
    case "iam":
    case "elasticloadbalancing":
    case "autoscaling":
    case "route53":
      return new AwsError("Throttling", "Rate exceeded", 400);
    default:
      return new AwsError("ThrottlingException", "Rate exceeded", 400);
  }
}

export function unauthorised(service: string, operation: string, arn: string): AwsError {
  const message = `User: ${arn} is not authorized to perform: ${actionName(service, operation)}`;
  switch (service) {
    case "ec2":
      return new AwsError("UnauthorizedOperation", `You are not authorized to perform this operation. ${message}`, 403);
    case "s3":
    case "sts":
    case "iam":
    case "elasticloadbalancing":
    case "autoscaling":
    case "route53":
      return new AwsError("AccessDenied", message, 403);
    case "ebs":
      return new AwsError("AccessDeniedException", message, 403, { Reason: "UNAUTHORIZED_ACCOUNT" });
    default:
      return new AwsError("AccessDeniedException", message, 400);
  }
}

/** The action's name in policies. */
export function actionName(service: string, operation: string): string {
  const prefix = service === "monitoring" ? "cloudwatch" : service;
  const s3: Readonly<Record<string, string>> = {
    HeadObject: "GetObject",
    CopyObject: "PutObject",
    DeleteObjects: "DeleteObject",
    CreateMultipartUpload: "PutObject",
    UploadPart: "PutObject",
    UploadPartCopy: "PutObject",
    CompleteMultipartUpload: "PutObject",
    ListParts: "ListMultipartUploadParts",
    ListObjectsV2: "ListBucket",
    ListObjects: "ListBucket",
    HeadBucket: "ListBucket",
    ListMultipartUploads: "ListBucketMultipartUploads",
    ListBuckets: "ListAllMyBuckets",
  };
  return `${prefix}:${service === "s3" ? (s3[operation] ?? operation) : operation}`;
}

export function internal(service: string): AwsError {
  const message = "An internal error has occurred";
  switch (service) {
    case "ebs":
      return new AwsError("InternalServerException", message, 500);
    case "iam":
    case "servicequotas":
      return new AwsError(service === "iam" ? "ServiceFailure" : "ServiceException", message, 500);
    case "kms":
      return new AwsError("KMSInternalException", message, 500);
    case "ssm":
      return new AwsError("InternalServerError", message, 500);
    case "sts":
    case "elasticloadbalancing":
    case "autoscaling":
    case "route53":
      return new AwsError("InternalFailure", message, 500);
    case "monitoring":
      return new AwsError("InternalServiceFault", message, 500);
    default:
      return new AwsError("InternalError", message, 500);
  }
}

const ec2Quotas: Readonly<Record<string, string>> = {
  CreateVolume: "VolumeLimitExceeded",
  CreateSnapshot: "SnapshotLimitExceeded",
  CreateSnapshots: "SnapshotLimitExceeded",
  CopySnapshot: "ResourceLimitExceeded",
  CopyImage: "ResourceLimitExceeded",
  RegisterImage: "AMIQuotaExceeded",
  CreateImage: "AMIQuotaExceeded",
  AllocateAddress: "AddressLimitExceeded",
  CreateVpc: "VpcLimitExceeded",
  CreateSubnet: "SubnetLimitExceeded",
  CreateSecurityGroup: "SecurityGroupLimitExceeded",
  CreateNetworkInterface: "NetworkInterfaceLimitExceeded",
  CreateInternetGateway: "InternetGatewayLimitExceeded",
  CreateRouteTable: "RouteTableLimitExceeded",
};

function quotaExceeded(service: string, operation: string): AwsError {
  if (service === "ebs") return noQuota(operation);
  if (service === "s3")
    return new AwsError("TooManyBuckets", "You have attempted to create more buckets than allowed", 400);
  if (service === "iam" || service === "kms")
    return new AwsError(service === "kms" ? "LimitExceededException" : "LimitExceeded", "A limit is exceeded", 409);
  if (service === "elasticloadbalancing") {
    return operation === "RegisterTargets"
      ? new AwsError("TooManyTargets", "The maximum number of targets has been reached", 400)
      : new AwsError("TooManyLoadBalancers", "The maximum number of load balancers has been reached", 400);
  }
  if (service === "autoscaling" || service === "route53")
    return new AwsError("LimitExceeded", "A limit is exceeded", 400);
  if (operation === "RunInstances" || operation === "StartInstances") return vcpuLimitExceeded(0);
  return new AwsError(ec2Quotas[operation] ?? "ResourceLimitExceeded", `The limit for ${operation} has been reached.`);
}

function noCapacity(service: string, operation: string, region: string): AwsError {
  if (operation === "CreateVolume") {
    return new AwsError(
      "InsufficientVolumeCapacity",
      `There is not enough capacity to fulfill your EBS volume provision request in ${region}.`,
      500,
    );
  }
  if (operation === "AllocateAddress")
    return new AwsError("InsufficientAddressCapacity", "Not enough addresses are available", 500);
  if (service === "ec2") return insufficientCapacity("requested", `${region}a`);
  return new AwsError("ServiceUnavailable", "Service is unable to handle request.", 503);
}

function notFound(service: string, operation: string): AwsError {
  switch (service) {
    case "ebs":
      return new AwsError("ResourceNotFoundException", "The specified resource does not exist.", 404, {
        Reason: "SNAPSHOT_NOT_FOUND",
      });
    case "s3":
      return /Object|Upload|Part/.test(operation)
        ? new AwsError("NoSuchKey", "The specified key does not exist.", 404)
        : new AwsError("NoSuchBucket", "The specified bucket does not exist", 404);
    case "iam":
      return new AwsError("NoSuchEntity", "The entity cannot be found.", 404);
    case "kms":
      return new AwsError("NotFoundException", "The key does not exist");
    case "ssm":
      return new AwsError("ParameterNotFound", "The parameter could not be found.");
    case "servicequotas":
      return new AwsError("NoSuchResourceException", "The specified resource does not exist.", 404);
    case "sqs":
      return new AwsError("QueueDoesNotExist", "The specified queue does not exist.");
    case "elasticloadbalancing":
      if (/Target/.test(operation)) return new AwsError("TargetGroupNotFound", "One or more target groups not found");
      return /Listener/.test(operation)
        ? new AwsError("ListenerNotFound", "One or more listeners not found")
        : new AwsError("LoadBalancerNotFound", "One or more load balancers not found");
    case "route53":
      return operation === "GetChange"
        ? new AwsError("NoSuchChange", "Could not find resource with that ID", 404)
        : new AwsError("NoSuchHostedZone", "No hosted zone found with that ID", 404);
    case "autoscaling":
      // It knows no other word for it.
      return new AwsError("ValidationError", "AutoScalingGroup name not found");
    default:
      return ec2NotFound(operation);
  }
}

/** By the resource that the call is about. */
function ec2NotFound(operation: string): AwsError {
  const codes: readonly (readonly [pattern: RegExp, code: string])[] = [
    [/Snapshot/, "InvalidSnapshot.NotFound"],
    [/Volume/, "InvalidVolume.NotFound"],
    [/RunInstances|Image/, "InvalidAMIID.NotFound"],
    [/SecurityGroup/, "InvalidGroup.NotFound"],
    [/Subnet/, "InvalidSubnetID.NotFound"],
    [/RouteTable|Route$/, "InvalidRouteTableID.NotFound"],
    [/InternetGateway/, "InvalidInternetGatewayID.NotFound"],
    [/NetworkInterface/, "InvalidNetworkInterfaceID.NotFound"],
    [/Address/, "InvalidAllocationID.NotFound"],
    [/Vpc/, "InvalidVpcID.NotFound"],
    [/VpnConnection/, "InvalidVpnConnectionID.NotFound"],
    [/VpnGateway/, "InvalidVpnGatewayID.NotFound"],
    [/CustomerGateway/, "InvalidCustomerGatewayID.NotFound"],
    [/KeyPair/, "InvalidKeyPair.NotFound"],
  ];
  const code = codes.find(([pattern]) => pattern.test(operation))?.[1] ?? "InvalidInstanceID.NotFound";
  return new AwsError(code, "The resource does not exist");
}

/** The vendor's error for a fault that was ordered. */
export function refusalFor(kind: Refusal, call: CalledOperation, arn: string): AwsError {
  const { service, operation, region } = call;
  switch (kind) {
    case "throttled":
      return throttled(service);
    case "5xx":
      return internal(service);
    case "capacity":
      return noCapacity(service, operation, region);
    case "quota":
      return quotaExceeded(service, operation);
    case "unauthorised":
      return unauthorised(service, operation, arn);
    case "not-found":
      return notFound(service, operation);
  }
}
