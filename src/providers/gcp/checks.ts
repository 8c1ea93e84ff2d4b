import type * as Compute from "@google-cloud/compute";
import { isProviderError, ProviderError } from "../../domain/errors.ts";
import type { SiteCheck } from "../provider.ts";
import type { Gcp } from "./client.ts";
import { helperNetworkTag } from "./helper-instances.ts";
import type { GcpNetwork } from "./network.ts";
import { missingPermissions } from "./permissions.ts";
import type { GcpQuotas } from "./quotas.ts";

type Zone = Compute.protos.google.cloud.compute.v1.IZone;
type Firewall = Compute.protos.google.cloud.compute.v1.IFirewall;

/** Below so many free vCPUs most VMs don't fit, and no helper instance does. */
const fewVcpus = 4;

export interface CheckParts {
  readonly gcp: Gcp;
  readonly network: GcpNetwork;
  readonly quotas: GcpQuotas;
}

type Finding = Omit<SiteCheck, "check">;

/** In the order in which a person would look; what the first one finds wrong makes the others pointless. */
export async function checkProject(parts: CheckParts, signal: AbortSignal): Promise<SiteCheck[]> {
  const { gcp } = parts;
  const zone = await row("zone", () => zoneIsUp(gcp, signal), signal);
  if (zone.result === "fail") return [zone];
  return [
    zone,
    await row("permissions", () => mayDoAll(gcp, signal), signal),
    await row("default-network", () => hasDefaultNetwork(parts, signal), signal),
    await row("helper-instances", () => helpersAreReached(gcp, signal), signal),
    await row("quotas", () => quotasLeaveRoom(parts, signal), signal),
  ];
}

async function row(check: string, find: () => Promise<Finding>, signal: AbortSignal): Promise<SiteCheck> {
  try {
    return { check, ...(await find()) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ProviderError)) throw error;
    return { check, result: "fail", detail: error.details.reason, remedy: error.details.action };
  }
}

async function zoneIsUp(gcp: Gcp, signal: AbortSignal): Promise<Finding> {
  const { zone } = gcp.entry;
  const project = await gcp.project();
  const subject = { operation: "look at the zone", resource: gcp.resource("zone", zone) };
  const { status } = await gcp.call<Zone>("zones", "get", { zone }, subject, signal);
  if (status === "UP") return { result: "pass", detail: `${zone} of project ${project} is up` };
  return { result: "fail", detail: `${zone} is ${status}`, remedy: "Choose another zone." };
}

async function mayDoAll(gcp: Gcp, signal: AbortSignal): Promise<Finding> {
  const missing = await missingPermissions(gcp, signal);
  if (missing.length === 0) return { result: "pass", detail: "every permission that is needed is there" };
  return {
    result: "fail",
    detail: `not allowed: ${missing.join(", ")}`,
    remedy: "Give the identity a role with these permissions; the GCP provider's README lists all of them.",
  };
}

async function hasDefaultNetwork({ network }: CheckParts, signal: AbortSignal): Promise<Finding> {
  const subject = { operation: "look for a default network", resource: "network" };
  try {
    const { url } = await network.place(undefined, subject, signal);
    return { result: "pass", detail: url };
  } catch (error) {
    if (!isProviderError(error, "InvalidInput")) throw error;
    return { result: "warn", detail: error.details.reason, remedy: "Name a network in each plan." };
  }
}

async function helpersAreReached(gcp: Gcp, signal: AbortSignal): Promise<Finding> {
  const { helperImage, simulated } = gcp.entry;
  if (helperImage === undefined && !simulated) {
    return {
      result: "warn",
      detail: "no image for helper instances is named: disks can't be read or written",
      remedy: "Make one as the GCP provider's README says, and name it as helper_image.",
    };
  }
  const subject = { operation: "look for the helpers' firewall rule", resource: gcp.site };
  for await (const { targetTags, name } of gcp.list<Firewall>("firewalls", {}, subject, signal)) {
    if (targetTags?.includes(helperNetworkTag)) return { result: "pass", detail: `${name} lets our workers in` };
  }
  return {
    result: "warn",
    detail: `no firewall rule has the target tag ${helperNetworkTag}`,
    remedy: "Let our workers reach TCP port 8790 of instances with that tag.",
  };
}

async function quotasLeaveRoom({ quotas }: CheckParts, signal: AbortSignal): Promise<Finding> {
  for await (const { quota, limit, used = 0, unit } of quotas.listQuotas(signal)) {
    if (quota !== "vcpus") continue;
    const detail = `${used} of ${limit} ${unit} used`;
    if (limit - used >= fewVcpus) return { result: "pass", detail };
    return { result: "warn", detail, remedy: "Ask for a higher quota of CPUS before moving VMs here." };
  }
  return { result: "warn", detail: "the region tells no quota of CPUS", remedy: "Look at the project's quotas." };
}
