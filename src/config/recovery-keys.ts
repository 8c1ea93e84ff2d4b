import type { ConfigKey } from "./keys.ts";

const whole = "the recovery keys are what a protection group's policy leaves out";

function recovery(
  key: string,
  example: ConfigKey["example"],
  [description, now]: readonly [string, string],
  unit?: string,
): [string, ConfigKey] {
  const row = { description, example, effect: { now }, test: whole, aliases: [key], ...(unit ? { unit } : {}) };
  return [`disaster_recovery.${key}`, row];
}

/** What a protection group's policy is where nobody says otherwise; `docs/recovery.md`. */
export const recoveryKeys: Readonly<Record<string, ConfigKey>> = {
  dr_provider: {
    description:
      "Provider whose site takes over, by its name or its site's; of several sites the first that is enabled.",
    example: "gcp",
    effect: { now: "the recovery site of new protection groups, unless `dr_site` names one" },
    test: "dr_provider names the site that takes over",
  },
  ...Object.fromEntries([
    recovery("primary_site", "onprem-a", ["Site that is protected.", "the primary site of new protection groups"]),
    recovery("dr_site", "onprem-b", ["Site that takes over.", "the recovery site of new protection groups"]),
    recovery(
      "rpo",
      "15m",
      ["Most data that may be lost, as time.", "the RPO of new protection groups; without it 15 minutes"],
      "duration",
    ),
    recovery(
      "rto",
      "1h",
      ["Longest that a takeover may last.", "the RTO of new protection groups; without it an hour"],
      "duration",
    ),
    recovery(
      "backup_interval",
      "1h",
      [
        "How often a recovery point is made.",
        "how often new protection groups make a recovery point; without it hourly",
      ],
      "duration",
    ),
    recovery("replication_enabled", true, [
      "Whether disks are replicated all the time.",
      "whether new protection groups are replicated between backups; without it they are",
    ]),
    recovery("auto_failover", false, [
      "Whether a takeover starts without a person.",
      "whether new protection groups allow that; without it they don't",
    ]),
    recovery(
      "health_check_interval",
      "30s",
      ["How often the primary's health is probed.", "the interval in the policy of new protection groups"],
      "duration",
    ),
    recovery(
      "failover_threshold",
      3,
      ["Failed probes in a row that count as an outage.", "the threshold in the policy of new protection groups"],
      "probes",
    ),
  ]),
};
