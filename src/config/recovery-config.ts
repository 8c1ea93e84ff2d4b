import type { ProtectionDefaults } from "../domain/protection-policy.ts";
import type { SiteConfig } from "./config-types.ts";
import type { FileContent } from "./schema.ts";

/** The recovery keys, in a section of their own or at the top; times in seconds. */
export function toRecovery(content: FileContent, sites: readonly SiteConfig[]): ProtectionDefaults {
  const at = content.disaster_recovery;
  const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1000);
  const defaults: ProtectionDefaults = {
    primarySite: at?.primary_site ?? content.primary_site,
    recoverySite: at?.dr_site ?? content.dr_site ?? siteOf(content.dr_provider, sites),
    rpoSeconds: seconds(at?.rpo ?? content.rpo),
    rtoSeconds: seconds(at?.rto ?? content.rto),
    backupIntervalSeconds: seconds(at?.backup_interval ?? content.backup_interval),
    replicationEnabled: at?.replication_enabled ?? content.replication_enabled,
    autoFailover: at?.auto_failover ?? content.auto_failover,
    healthCheckIntervalSeconds: seconds(at?.health_check_interval ?? content.health_check_interval),
    failoverThreshold: at?.failover_threshold ?? content.failover_threshold,
  };
  return Object.fromEntries(Object.entries(defaults).filter(([, value]) => value !== undefined));
}

/** One that names no site that is enabled is as if it weren't there: a group's protection then asks for its site. */
function siteOf(provider: string | undefined, sites: readonly SiteConfig[]): string | undefined {
  const named = sites.filter(({ name, type, site }) => [name, type, site].some((each) => each === provider));
  return named.find(({ enabled }) => enabled)?.site;
}
