import { ConfigError } from "./config-error.ts";
import type { Config, SiteConfig } from "./config-types.ts";
import type { ConfigKey } from "./keys.ts";
import type { FileContent } from "./schema.ts";
import { type ConfigSource, formatPath } from "./source.ts";

const whole = "the control plane is backed up to sites that are configured";

/** Backups of the control plane itself; `docs/operations.md`. */
export const controlPlaneKeys: Readonly<Record<string, ConfigKey>> = {
  "control_plane.backup_to[]": {
    description:
      "A site that the control plane's own state is backed up to, and whose claim says which control plane may act; one that does not fail together with it.",
    example: "onprem-b",
    effect: { now: "backups by schedule, and no work after a long break before one of these sites was seen" },
    test: whole,
  },
  "control_plane.backup_interval": {
    description: "How often; so much, and what a backup takes, is lost at most with the control plane.",
    unit: "duration",
    default: "15m",
    example: "5m",
    effect: { now: "the schedule of its backups" },
    test: whole,
  },
  "control_plane.backup_keep": {
    description: "How long its backups are kept: all of the newest day, before that one a day; three in any case.",
    unit: "duration",
    default: "30d",
    example: "90d",
    effect: { now: "older ones are removed after each backup" },
    test: whole,
  },
  "control_plane.backup_key_file": {
    description:
      "File with the half of the recovery key that seals backups, as `novacron control-plane key` makes it; default `backup-key.json` in the instance's folder.",
    example: "/etc/novacron/backup-key.json",
    effect: { now: "what backups are sealed and signed with" },
    test: whole,
  },
};

/** @throws ConfigError for a site that is not there. */
export function toControlPlane(
  given: FileContent["control_plane"],
  sites: readonly SiteConfig[],
  source: ConfigSource,
): Config["controlPlane"] {
  const {
    backup_to: backupTo = [],
    backup_interval: intervalMs,
    backup_keep: keepMs,
    backup_key_file: keyFile,
  } = given;
  for (const [index, name] of backupTo.entries()) {
    if (sites.some(({ site, enabled }) => site === name && enabled)) continue;
    const path = ["control_plane", "backup_to", index];
    const known = sites.filter(({ enabled }) => enabled).map(({ site }) => site);
    throw new ConfigError({
      file: source.file,
      ...source.position(path),
      key: formatPath(path),
      problem: `there is no site ${name} that is enabled`,
      fix: `Name one of ${known.join(", ") || "the sites that you configure"}.`,
    });
  }
  return { backupTo, intervalMs, keepMs, ...(keyFile === undefined ? {} : { keyFile }) };
}
