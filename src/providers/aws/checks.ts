import { isProviderError, ProviderError } from "../../domain/errors.ts";
import type { SiteCheck } from "../provider.ts";
import type { Aws } from "./client.ts";
import { eventsQueueUrl } from "./events.ts";
import { identityOf } from "./identity.ts";
import { allowed } from "./permissions.ts";
import type { Placements } from "./placements.ts";
import type { AwsQuotas } from "./quotas.ts";

/** Beyond five minutes AWS refuses what is signed with this clock. */
const skewWarnMs = 60_000;
/** Below so many free vCPUs most VMs don't fit. */
const fewVcpus = 2;

export interface CheckParts {
  readonly aws: Aws;
  readonly placements: Placements;
  readonly quotas: AwsQuotas;
}

/** In the order in which a person would look; what the first ones find wrong makes the others pointless. */
export async function checkAccount(parts: CheckParts, signal: AbortSignal): Promise<SiteCheck[]> {
  const { aws } = parts;
  const identity = await row("credentials", () => whoWeAre(aws, signal), signal);
  if (identity.result === "fail") return [identity];
  const region = await row("region", () => regionIsOpen(aws, signal), signal);
  if (region.result === "fail") return [identity, region];
  return [
    identity,
    region,
    await row("clock", async () => clockIsRight(aws), signal),
    await row("permissions", () => mayDoAll(aws, signal), signal),
    await row("default-network", () => hasDefaultNetwork(parts, signal), signal),
    await row("encryption", () => encryptionDefaults(aws, signal), signal),
    await row("quotas", () => quotasLeaveRoom(parts, signal), signal),
    await row("change-events", () => tellsOfChanges(parts, signal), signal),
  ];
}

type Finding = Omit<SiteCheck, "check">;

async function row(check: string, find: () => Promise<Finding>, signal: AbortSignal): Promise<SiteCheck> {
  try {
    return { check, ...(await find()) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ProviderError)) throw error;
    const missing = isProviderError(error, "CloudPermissionDenied");
    const { reason, action } = error.details;
    return { check, result: missing && check !== "credentials" ? "warn" : "fail", detail: reason, remedy: action };
  }
}

async function whoWeAre(aws: Aws, signal: AbortSignal): Promise<Finding> {
  const { Account, Arn } = await identityOf(aws, signal);
  return { result: "pass", detail: `account ${Account} as ${Arn}` };
}

async function regionIsOpen(aws: Aws, signal: AbortSignal): Promise<Finding> {
  const { region } = aws.entry;
  const subject = { operation: "look at the region", resource: aws.resource("region", region) };
  const { AvailabilityZones = [] } = await aws.ec2.send(
    (sdk) => new sdk.DescribeAvailabilityZonesCommand({}),
    subject,
    signal,
  );
  const open = AvailabilityZones.filter(({ State }) => State === "available").map(({ ZoneName }) => ZoneName);
  if (open.length > 0) return { result: "pass", detail: `${region}: ${open.join(", ")}` };
  return { result: "fail", detail: `${region} has no zone that is available`, remedy: "Choose another region." };
}

function clockIsRight({ clockSkewMs: skewMs }: Aws): Finding {
  if (skewMs === undefined)
    return {
      result: "warn",
      detail: "the endpoint's answers carry no time",
      remedy: "Compare this machine's clock by hand.",
    };
  const seconds = `${Math.abs(Math.round(skewMs / 1_000))} s`;
  if (Math.abs(skewMs) < skewWarnMs) return { result: "pass", detail: `${seconds} from AWS's` };
  return {
    result: "warn",
    detail: `this machine's clock is ${seconds} ${skewMs > 0 ? "behind" : "ahead of"} AWS's`,
    remedy: "Set the clock (NTP): requests are refused at five minutes.",
  };
}

async function mayDoAll(aws: Aws, signal: AbortSignal): Promise<Finding> {
  const { checked, missing, unknown } = await allowed(aws, signal);
  const asked = `${checked} actions asked for`;
  const left = unknown.length > 0 ? `; not to be asked: ${unknown.join(", ")}` : "";
  if (missing.length === 0) return { result: "pass", detail: `all of ${asked} are allowed${left}` };
  return {
    result: "fail",
    detail: `not allowed: ${missing.join(", ")}${left}`,
    remedy: "Add these actions to the identity's policy; the AWS provider's README has the whole of it.",
  };
}

async function hasDefaultNetwork({ aws, placements }: CheckParts, signal: AbortSignal): Promise<Finding> {
  const subject = { operation: "look for a default network", resource: aws.site };
  try {
    const { SubnetId, AvailabilityZone } = await placements.defaultSubnet(undefined, subject, signal);
    return { result: "pass", detail: `${SubnetId} in ${AvailabilityZone}` };
  } catch (error) {
    if (!isProviderError(error, "InvalidInput")) throw error;
    const remedy = "Name a subnet in each plan, or make a default one with `aws ec2 create-default-subnet`.";
    return { result: "warn", detail: error.details.reason, remedy };
  }
}

/** An account that encrypts by default takes no unencrypted parent of a replica ("Encryption outcomes for EBS direct"). */
async function encryptionDefaults(aws: Aws, signal: AbortSignal): Promise<Finding> {
  const subject = { operation: "read the encryption default", resource: aws.site };
  const { EbsEncryptionByDefault } = await aws.ec2.send(
    (sdk) => new sdk.GetEbsEncryptionByDefaultCommand({}),
    subject,
    signal,
  );
  const key = aws.entry.encryptionKey;
  const ours = key === undefined ? "AWS's own key" : key;
  return {
    result: "pass",
    detail: `new disks and replicas are encrypted with ${ours}; the account ${EbsEncryptionByDefault ? "encrypts" : "does not encrypt"} by default`,
  };
}

async function quotasLeaveRoom({ quotas }: CheckParts, signal: AbortSignal): Promise<Finding> {
  for await (const { quota, limit, used = 0, unit, title } of quotas.listQuotas(signal)) {
    if (quota !== "vcpus") continue;
    const detail = `${used} of ${limit} ${unit} used (${title})`;
    if (limit - used >= fewVcpus) return { result: "pass", detail };
    return { result: "warn", detail, remedy: "Ask for a higher quota in Service Quotas before moving VMs here." };
  }
  return { result: "warn", detail: "Service Quotas does not tell", remedy: "Allow servicequotas:ListServiceQuotas." };
}

async function tellsOfChanges({ aws }: CheckParts, signal: AbortSignal): Promise<Finding> {
  try {
    return { result: "pass", detail: `changes come by way of ${await eventsQueueUrl(aws, signal)}` };
  } catch (error) {
    if (!isProviderError(error, "UnsupportedCapability")) throw error;
    const { reason, action } = error.details;
    return { result: "warn", detail: reason, remedy: action };
  }
}
