import type { SiteConfig } from "../../config/config-types.ts";
import type { SiteOutput } from "../../site/contract.ts";

/** What a worker of the site is told of the configuration: all that a provider is made from, but for credentials. */
export function assignedEntry(config: SiteConfig): SiteOutput<"assignment">["entry"] {
  const { site, type, enabled, region, sandbox, endpoint, encryptionKey, uri, storagePath, haproxy } = config;
  const { compartment, projectId, zone, subscriptionId, resourceGroup, storageAccount } = config;
  const { securityGroups, helperImage, helperNetwork } = config;
  return {
    ...{ site, type, enabled, region, sandbox, endpoint, encryptionKey, uri, storagePath, haproxy },
    ...{ compartment, projectId, zone, subscriptionId, resourceGroup, storageAccount, helperImage, helperNetwork },
    ...(securityGroups ? { securityGroups: [...securityGroups] } : {}),
  };
}
