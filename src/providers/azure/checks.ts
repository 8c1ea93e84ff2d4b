import { isProviderError, ProviderError } from "../../domain/errors.ts";
import type { SiteCheck } from "../provider.ts";
import type { Azure } from "./client.ts";
import { replicaContainer } from "./containers.ts";
import type { InstanceTypes } from "./instance-types.ts";
import { missingPermissions } from "./permissions.ts";
import type { Placements } from "./placements.ts";
import type { AzureQuotas } from "./quotas.ts";

/** Below so many free vCPUs most VMs don't fit. */
const fewVcpus = 2;
const mostNamed = 12;

export interface CheckParts {
  readonly azure: Azure;
  readonly placements: Placements;
  readonly quotas: AzureQuotas;
  readonly types: InstanceTypes;
}

/** In the order in which a person would look; what the first ones find wrong makes the others pointless. */
export async function checkSubscription(parts: CheckParts, signal: AbortSignal): Promise<SiteCheck[]> {
  const { azure } = parts;
  const signedIn = await row("credentials", () => seesGroup(azure, signal), signal);
  if (signedIn.result === "fail") return [signedIn];
  return [
    signedIn,
    await row("permissions", () => mayDoAll(azure, signal), signal),
    await row("region", () => offersSizes(parts, signal), signal),
    await row("storage-account", () => reachesStorage(azure, signal), signal),
    await row("default-network", () => hasNetwork(parts, signal), signal),
    { check: "encryption", ...encryption(azure) },
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
    const missing = isProviderError(error, "CloudPermissionDenied");
    const { reason, action } = error.details;
    return { check, result: missing && check !== "credentials" ? "warn" : "fail", detail: reason, remedy: action };
  }
}

async function seesGroup(azure: Azure, signal: AbortSignal): Promise<Finding> {
  const { subscriptionId, resourceGroup } = azure.entry;
  const subject = { operation: "look at the resource group", resource: azure.site };
  const disks = azure.computeList(subject, signal, (client, { group, options }) =>
    client.disks.listByResourceGroup(group, options),
  );
  await disks.next();
  await disks.return(undefined);
  return { result: "pass", detail: `resource group ${resourceGroup} of subscription ${subscriptionId}` };
}

async function mayDoAll(azure: Azure, signal: AbortSignal): Promise<Finding> {
  const { checked, missing, missingData } = await missingPermissions(azure, signal);
  // They may be granted at the storage account itself, which does not show here.
  if (missing.length === 0 && missingData.length > 0) {
    return {
      result: "warn",
      detail: `the resource group does not grant: ${missingData.join(", ")}`,
      remedy:
        "Give the identity the role Storage Blob Data Contributor at the storage account, unless it has it there.",
    };
  }
  if (missing.length === 0) return { result: "pass", detail: `all of ${checked} actions asked for are allowed` };
  const more = missing.length > mostNamed ? ` and ${missing.length - mostNamed} more` : "";
  return {
    result: "fail",
    detail: `not allowed: ${missing.slice(0, mostNamed).join(", ")}${more}`,
    remedy: "Add these actions to the identity's role; the Azure provider's README has the whole of it.",
  };
}

async function offersSizes({ azure, types }: CheckParts, signal: AbortSignal): Promise<Finding> {
  const { region } = azure.entry;
  const count = (await Array.fromAsync(types.list(signal))).length;
  if (count > 0) return { result: "pass", detail: `${region} offers ${count} sizes of VMs` };
  return {
    result: "fail",
    detail: `${region} offers this subscription no size of VMs`,
    remedy: "Choose another region, or ask Azure to open this one for the subscription.",
  };
}

async function reachesStorage(azure: Azure, signal: AbortSignal): Promise<Finding> {
  const { storageAccount } = azure.entry;
  const subject = { operation: "look at the storage account", resource: azure.resource("object", storageAccount) };
  const exists = await azure.blobs(subject, signal, (service) =>
    service.getContainerClient(replicaContainer).exists({ abortSignal: signal }),
  );
  return {
    result: "pass",
    detail: `${storageAccount} answers; replicas ${exists ? "lie in" : "will make"} the container ${replicaContainer}`,
  };
}

async function hasNetwork({ azure, placements }: CheckParts, signal: AbortSignal): Promise<Finding> {
  const subject = { operation: "look for a network", resource: azure.site };
  try {
    const { networkId } = await placements.defaultSubnet(subject, signal);
    return { result: "pass", detail: `${networkId} is taken where none is named` };
  } catch (error) {
    if (!isProviderError(error, "InvalidInput")) throw error;
    const remedy = "Make a virtual network with a subnet in the resource group, or name a subnet in each plan.";
    return { result: "warn", detail: error.details.reason, remedy };
  }
}

function encryption({ entry }: Azure): Finding {
  const key = entry.encryptionKey;
  const disks = key === undefined ? "Azure's own key" : `the disk encryption set ${key}`;
  return {
    result: "pass",
    detail: `new disks are encrypted with ${disks}, replicas with what the storage account is set to`,
  };
}

async function quotasLeaveRoom({ quotas }: CheckParts, signal: AbortSignal): Promise<Finding> {
  for await (const { quota, limit, used = 0, unit, title } of quotas.listQuotas(signal)) {
    if (quota !== "vcpus") continue;
    const detail = `${used} of ${limit} ${unit} used (${title})`;
    if (limit - used >= fewVcpus) return { result: "pass", detail };
    return { result: "warn", detail, remedy: "Ask Azure for a higher quota before moving VMs here." };
  }
  return { result: "warn", detail: "Azure does not tell", remedy: "Allow Microsoft.Compute/locations/usages/read." };
}
