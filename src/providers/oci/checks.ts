import { isProviderError, ProviderError } from "../../domain/errors.ts";
import type { Subject } from "../failures.ts";
import type { SiteCheck } from "../provider.ts";
import type { Oci } from "./client.ts";
import type { OciObjects } from "./objects.ts";
import type { Placements } from "./placements.ts";
import type { OciQuotas } from "./quotas.ts";
import type { OciView } from "./view.ts";

/** Beyond five minutes Oracle refuses what is signed with this clock ("Request Signatures"). */
const skewWarnMs = 60_000;
/** Below so many free vCPUs most VMs don't fit. */
const fewVcpus = 2;

export interface CheckParts {
  readonly oci: Oci;
  readonly view: OciView;
  readonly placements: Placements;
  readonly objects: OciObjects;
  readonly quotas: OciQuotas;
}

/** In the order in which a person would look; what the first ones find wrong makes the others pointless. */
export async function checkTenancy(parts: CheckParts, signal: AbortSignal): Promise<SiteCheck[]> {
  const { oci } = parts;
  const identity = await row("credentials", () => whoWeAre(parts, signal), signal);
  if (identity.result === "fail") return [identity];
  return [
    identity,
    await row("clock", async () => clockIsRight(oci), signal),
    await row("compartment", () => compartmentIsThere(oci, signal), signal),
    await row("permissions", () => mayList(parts, signal), signal),
    await row("default-network", () => hasNetwork(parts, signal), signal),
    await row("quotas", () => quotasLeaveRoom(parts, signal), signal),
  ];
}

type Finding = Omit<SiteCheck, "check">;

async function row(check: string, find: () => Promise<Finding>, signal: AbortSignal): Promise<SiteCheck> {
  try {
    return { check, ...(await find()) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ProviderError)) throw error;
    const { reason, action } = error.details;
    return { check, result: "fail", detail: reason, remedy: action };
  }
}

async function whoWeAre({ oci, view }: CheckParts, signal: AbortSignal): Promise<Finding> {
  const subject = { operation: "sign in to Oracle Cloud", resource: oci.site };
  const domains = await view.availabilityDomains(subject, signal);
  return { result: "pass", detail: `tenancy ${await oci.tenancy()} in ${oci.entry.region}: ${domains.join(", ")}` };
}

function clockIsRight({ clockSkewMs: skewMs }: Oci): Finding {
  if (skewMs === undefined) {
    const remedy = "Compare this machine's clock by hand.";
    return { result: "warn", detail: "the endpoint's answers carry no time", remedy };
  }
  const seconds = `${Math.abs(Math.round(skewMs / 1_000))} s`;
  if (Math.abs(skewMs) < skewWarnMs) return { result: "pass", detail: `${seconds} from Oracle's` };
  return {
    result: "warn",
    detail: `this machine's clock is ${seconds} ${skewMs > 0 ? "behind" : "ahead of"} Oracle's`,
    remedy: "Set the clock (NTP): requests are refused at five minutes.",
  };
}

async function compartmentIsThere(oci: Oci, signal: AbortSignal): Promise<Finding> {
  const compartmentId = await oci.compartment();
  const subject = { operation: "look at the compartment", resource: oci.resource("compartment", compartmentId) };
  const { compartment } = await oci.identity.call("getCompartment", { compartmentId }, subject, signal);
  return { result: "pass", detail: `${compartment.name} (${compartmentId})` };
}

/** Oracle has no call that tells what one may do: what can be looked at is listed, a page of each. What is not allowed is answered
 *  as if it was not there. */
async function mayList(parts: CheckParts, signal: AbortSignal): Promise<Finding> {
  const { oci, objects } = parts;
  const compartmentId = await oci.compartment();
  const looks: Readonly<Record<string, (subject: Subject) => Promise<unknown>>> = {
    instances: (subject) => oci.compute.call("listInstances", { compartmentId, limit: 1 }, subject, signal),
    images: (subject) => oci.compute.call("listImages", { compartmentId, limit: 1 }, subject, signal),
    shapes: (subject) => oci.compute.call("listShapes", { compartmentId, limit: 1 }, subject, signal),
    "boot-volumes": (subject) => oci.block.call("listBootVolumes", { compartmentId, limit: 1 }, subject, signal),
    volumes: (subject) => oci.block.call("listVolumes", { compartmentId, limit: 1 }, subject, signal),
    backups: (subject) => oci.block.call("listBootVolumeBackups", { compartmentId, limit: 1 }, subject, signal),
    vcns: (subject) => oci.network.call("listVcns", { compartmentId, limit: 1 }, subject, signal),
    subnets: (subject) => oci.network.call("listSubnets", { compartmentId, limit: 1 }, subject, signal),
    "load-balancers": (subject) =>
      oci.balancers.call("listLoadBalancers", { compartmentId, limit: 1 }, subject, signal),
    "dns-zones": (subject) => oci.dns.call("listZones", { compartmentId, limit: 1 }, subject, signal),
    buckets: async (subject) => {
      const namespaceName = await objects.namespace(signal);
      return oci.objects.call("listBuckets", { namespaceName, compartmentId, limit: 1 }, subject, signal);
    },
  };
  const missing: string[] = [];
  for (const [what, look] of Object.entries(looks)) {
    try {
      await look({ operation: `list ${what}`, resource: oci.site });
    } catch (error) {
      if (!isProviderError(error, "NotFound", "CloudPermissionDenied")) throw error;
      missing.push(what);
    }
  }
  const names = Object.keys(looks).join(", ");
  if (missing.length === 0) {
    return { result: "pass", detail: `can list ${names}; what may be changed shows only when it is` };
  }
  return {
    result: "fail",
    detail: `not allowed, or not there: ${missing.join(", ")}`,
    remedy: "Add the policy statements that the Oracle Cloud provider's README lists.",
  };
}

async function hasNetwork({ oci, placements }: CheckParts, signal: AbortSignal): Promise<Finding> {
  const subject = { operation: "look for a subnet", resource: oci.site };
  try {
    const { displayName, id } = await placements.defaultSubnet(subject, signal);
    return { result: "pass", detail: `VMs without a network of their own go to ${displayName ?? id}` };
  } catch (error) {
    if (!isProviderError(error, "InvalidInput")) throw error;
    return { result: "warn", detail: error.details.reason, remedy: error.details.action };
  }
}

async function quotasLeaveRoom({ quotas }: CheckParts, signal: AbortSignal): Promise<Finding> {
  for await (const { quota, limit, used = 0, unit, title } of quotas.listQuotas(signal)) {
    if (quota !== "vcpus") continue;
    const detail = `${used} of ${limit} ${unit} used (${title})`;
    if (limit - used >= fewVcpus / 2) return { result: "pass", detail };
    return { result: "warn", detail, remedy: "Ask for a higher service limit before moving VMs here." };
  }
  const remedy = "Allow the identity to inspect resource-availability and limits in the tenancy.";
  return { result: "warn", detail: "the Limits service does not tell", remedy };
}
