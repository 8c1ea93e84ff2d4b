import type { ProviderType, SiteConfig } from "./config-types.ts";
import type { ProviderContent } from "./schema.ts";

/** Of the site that it belongs to. */
export interface SitePlace {
  readonly type: ProviderType;
  readonly ownWorkersOnly: boolean;
  /** Throws. */
  refuse(key: string, problem: string, fix: string): never;
}

export function toNameServer(
  given: ProviderContent["name_server"],
  { type, ownWorkersOnly, refuse }: SitePlace,
): SiteConfig["nameServer"] {
  if (!given) return undefined;
  if (type !== "libvirt" && type !== "folder") {
    return refuse("name_server", "only a libvirt or folder site has one", "Leave it out; a cloud keeps zones itself.");
  }
  if (ownWorkersOnly) {
    return refuse("name_server", "workers for everything change its records", "Add it to a site that they reach.");
  }
  const { address, zones, key_name: keyName, key, algorithm = "hmac-sha256" } = given;
  return { address, zones, keyName, key, algorithm };
}
