import { isProviderError, ProviderError } from "../../domain/errors.ts";
import type { SiteCheck } from "../provider.ts";
import type { DigitalOcean } from "./client.ts";
import { bootImageName, type Images } from "./images.ts";
import type { DigitalOceanNetwork } from "./network.ts";
import type { DigitalOceanQuotas } from "./quotas.ts";
import type { Account } from "./wire.ts";

/** Below so many free droplets no VM fits beside its helper droplets. */
const fewDroplets = 3;

export interface CheckParts {
  readonly cloud: DigitalOcean;
  readonly images: Images;
  readonly network: DigitalOceanNetwork;
  readonly quotas: DigitalOceanQuotas;
}

interface WireRegion {
  readonly slug: string;
  readonly available: boolean;
  readonly features: readonly string[];
}

type Finding = Omit<SiteCheck, "check">;

/** In the order in which a person would look; what the first one finds wrong makes the others pointless. */
export async function checkTeam(parts: CheckParts, signal: AbortSignal): Promise<SiteCheck[]> {
  const account = await row("account", () => accountIsActive(parts, signal), signal);
  if (account.result === "fail") return [account];
  return [
    account,
    await row("region", () => regionHasVolumes(parts, signal), signal),
    await row("boot-image", () => bootImageIsThere(parts, signal), signal),
    await row("helper-droplets", async () => helpersHaveAnImage(parts), signal),
    await row("default-network", () => hasDefaultNetwork(parts, signal), signal),
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

async function accountIsActive({ cloud }: CheckParts, signal: AbortSignal): Promise<Finding> {
  const subject = { operation: "look at the account", resource: cloud.site };
  const request = { operation: "account_get", path: "account" };
  const { account } = await cloud.call<{ account: Account }>(request, subject, signal);
  const detail = `the account is ${account.status}`;
  if (account.status === "active") return { result: "pass", detail };
  const result = account.status === "warning" ? "warn" : "fail";
  return { result, detail, remedy: account.status_message || "Look at it in the control panel." };
}

async function regionHasVolumes({ cloud }: CheckParts, signal: AbortSignal): Promise<Finding> {
  const { region } = cloud.entry;
  const subject = { operation: "look at the region", resource: cloud.resource("region", region) };
  const request = { operation: "regions_list", path: "regions", member: "regions" };
  for await (const { slug, available, features } of cloud.list<WireRegion>(request, subject, signal)) {
    if (slug !== region) continue;
    if (!available) return { result: "fail", detail: `${region} takes no new droplets`, remedy: "Use another region." };
    if (features.includes("storage")) return { result: "pass", detail: `${region} has droplets and volumes` };
    return { result: "fail", detail: `${region} has no volumes`, remedy: "Use a region that has." };
  }
  return { result: "fail", detail: `there is no region ${region}`, remedy: "Correct the site's region." };
}

async function bootImageIsThere({ cloud, images }: CheckParts, signal: AbortSignal): Promise<Finding> {
  const subject = { operation: "look for the boot image", resource: cloud.site };
  const found = await images.find(bootImageName, subject, signal);
  if (found) return { result: "pass", detail: `droplets are made of image ${found.id}` };
  return {
    result: "warn",
    detail: `there is no image ${bootImageName} in ${cloud.entry.region}: no droplet can be made`,
    remedy: "Make it as the DigitalOcean provider's README says.",
  };
}

function helpersHaveAnImage({ cloud }: CheckParts): Finding {
  const { helperImage, simulated } = cloud.entry;
  if (helperImage !== undefined || simulated) {
    return { result: "pass", detail: helperImage ?? "the simulation runs the block service itself" };
  }
  return {
    result: "warn",
    detail: "no image for helper droplets is named: volumes can't be read or written",
    remedy: "Make one as the DigitalOcean provider's README says, and name it as helper_image.",
  };
}

async function hasDefaultNetwork({ cloud, network }: CheckParts, signal: AbortSignal): Promise<Finding> {
  const subject = { operation: "look for a default network", resource: cloud.site };
  try {
    const { name } = await network.place(undefined, subject, signal);
    return { result: "pass", detail: name };
  } catch (error) {
    if (!isProviderError(error, "InvalidInput")) throw error;
    return { result: "warn", detail: error.details.reason, remedy: "Name a network in each plan." };
  }
}

async function quotasLeaveRoom({ quotas }: CheckParts, signal: AbortSignal): Promise<Finding> {
  for await (const { quota, limit, used = 0, unit } of quotas.listQuotas(signal)) {
    if (quota !== "vms") continue;
    const detail = `${used} of ${limit} ${unit} used`;
    if (limit - used >= fewDroplets) return { result: "pass", detail };
    return { result: "warn", detail, remedy: "Ask for a higher limit of droplets before moving VMs here." };
  }
  return { result: "warn", detail: "the account tells no limit of droplets", remedy: "Look at it in the panel." };
}
