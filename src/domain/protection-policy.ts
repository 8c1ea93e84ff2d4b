import type { PlanCheck } from "./plan.ts";
import { defaultRetention, type Retention, type Thinning } from "./retention.ts";

/** `interval`: a round again and again. `continuous`: one round after the other, where the site keeps track of changes
 *  itself. `off`: nothing beside the backups. */
export const replicationModes = ["off", "interval", "continuous"] as const;
export type ReplicationMode = (typeof replicationModes)[number];

/** What is asked of each point at least: guests whose file systems were frozen for it, or one moment of all disks. */
export const askedConsistencies = ["application", "crash"] as const;
export type AskedConsistency = (typeof askedConsistencies)[number];

export interface ProtectionPolicy {
  readonly primarySite: string;
  readonly recoverySite: string;
  /** Most that may be lost, as time. */
  readonly rpoSeconds: number;
  /** Longest that a takeover may last. */
  readonly rtoSeconds: number;
  readonly backupIntervalSeconds: number;
  readonly replication: ReplicationMode;
  /** Between the beginnings of two rounds; present where replication is by `interval`. */
  readonly replicationIntervalSeconds?: number;
  readonly retention: Retention;
  readonly consistency: AskedConsistency;
  /** The recovery site's name of a customer's key; without it the site's own encrypts, where it does. */
  readonly encryptionKey?: string;
  /** Bytes per second; shared by all moves of the link. */
  readonly bandwidthBytesPerSecond?: number;
  /** How often the newest point is read again as a whole, and held against its hashes. */
  readonly verifyIntervalSeconds: number;
  /** Whether a failover may start without a person. */
  readonly autoFailover: boolean;
  /** Whether workers of the primary site cut the group off when they can't renew its lease. */
  readonly watchdog: boolean;
  readonly healthCheckIntervalSeconds: number;
  readonly failoverThreshold: number;
}

/** What a person leaves out is as the configuration says, else as below. */
export interface PolicyRequest extends Partial<Omit<ProtectionPolicy, "retention">> {
  readonly retention?: {
    readonly count?: number;
    readonly maxAgeSeconds?: number;
    readonly thinning?: readonly Thinning[];
  };
}

/** The recovery keys of the configuration. */
export interface ProtectionDefaults {
  readonly primarySite?: string | undefined;
  /** `dr_site`, else `dr_provider`. */
  readonly recoverySite?: string | undefined;
  readonly rpoSeconds?: number | undefined;
  readonly rtoSeconds?: number | undefined;
  readonly backupIntervalSeconds?: number | undefined;
  readonly replicationEnabled?: boolean | undefined;
  readonly autoFailover?: boolean | undefined;
  readonly healthCheckIntervalSeconds?: number | undefined;
  readonly failoverThreshold?: number | undefined;
}

const usual = {
  rpoSeconds: 900,
  rtoSeconds: 3_600,
  backupIntervalSeconds: 3_600,
  verifyIntervalSeconds: 86_400,
  healthCheckIntervalSeconds: 30,
  failoverThreshold: 3,
} as const;
/** Rounds no closer than this: each costs a freeze of the guests and calls of the sites. */
const leastIntervalSeconds = 10;

/** The whole policy; undefined where nothing says which site it is about. */
export function resolvePolicy(asked: PolicyRequest, defaults: ProtectionDefaults): ProtectionPolicy | undefined {
  const primarySite = asked.primarySite ?? defaults.primarySite;
  const recoverySite = asked.recoverySite ?? defaults.recoverySite;
  if (primarySite === undefined || recoverySite === undefined) return undefined;
  const rpoSeconds = asked.rpoSeconds ?? defaults.rpoSeconds ?? usual.rpoSeconds;
  const backupIntervalSeconds =
    asked.backupIntervalSeconds ?? defaults.backupIntervalSeconds ?? usual.backupIntervalSeconds;
  const replication = asked.replication ?? (defaults.replicationEnabled === false ? "off" : "interval");
  // Half of it leaves the other half for a round to arrive.
  const usualInterval = Math.max(leastIntervalSeconds, Math.min(backupIntervalSeconds, Math.floor(rpoSeconds / 2)));
  const { encryptionKey, bandwidthBytesPerSecond, retention = {} } = asked;
  return {
    primarySite,
    recoverySite,
    rpoSeconds,
    rtoSeconds: asked.rtoSeconds ?? defaults.rtoSeconds ?? usual.rtoSeconds,
    backupIntervalSeconds,
    replication,
    ...(replication === "interval"
      ? { replicationIntervalSeconds: asked.replicationIntervalSeconds ?? usualInterval }
      : {}),
    retention: { ...defaultRetention(backupIntervalSeconds), ...retention },
    consistency: asked.consistency ?? "crash",
    ...(encryptionKey === undefined ? {} : { encryptionKey }),
    ...(bandwidthBytesPerSecond === undefined ? {} : { bandwidthBytesPerSecond }),
    verifyIntervalSeconds: asked.verifyIntervalSeconds ?? usual.verifyIntervalSeconds,
    autoFailover: asked.autoFailover ?? defaults.autoFailover ?? false,
    watchdog: asked.watchdog ?? false,
    healthCheckIntervalSeconds:
      asked.healthCheckIntervalSeconds ?? defaults.healthCheckIntervalSeconds ?? usual.healthCheckIntervalSeconds,
    failoverThreshold: asked.failoverThreshold ?? defaults.failoverThreshold ?? usual.failoverThreshold,
  };
}

/** Between the beginnings of two rounds; 0 where one follows the other. */
export function roundIntervalSeconds(policy: ProtectionPolicy): number {
  if (policy.replication === "off") return policy.backupIntervalSeconds;
  if (policy.replication === "continuous") return 0;
  return Math.min(policy.replicationIntervalSeconds ?? policy.backupIntervalSeconds, policy.backupIntervalSeconds);
}

/**
 * Most that can be lost when all goes well: what was written just after a point was taken is safe when the next one is
 * proven, which is an interval and a round later.
 */
export function worstLossSeconds(policy: ProtectionPolicy, roundSeconds = 0): number {
  const interval = roundIntervalSeconds(policy);
  return Math.max(interval, roundSeconds) + roundSeconds;
}

/** Whether the policy can keep what it promises. `roundSeconds`: how long a round takes, where that was measured. */
export function policyChecks(policy: ProtectionPolicy, roundSeconds?: number): PlanCheck[] {
  const { rpoSeconds, replication, replicationIntervalSeconds, primarySite, recoverySite } = policy;
  const checks: PlanCheck[] = [
    primarySite === recoverySite
      ? {
          check: "policy-sites",
          result: "fail",
          detail: `${primarySite} can't recover itself`,
          remedy: "Name another site with --recovery-site.",
        }
      : { check: "policy-sites", result: "pass", detail: `${primarySite} is protected at ${recoverySite}` },
  ];
  if (replication !== "interval" && replicationIntervalSeconds !== undefined) {
    checks.push({
      check: "policy-interval",
      result: "fail",
      detail: `an interval is given, and replication is ${replication}`,
      remedy: "Leave the interval out, or replicate by interval.",
    });
  }
  const loss = worstLossSeconds(policy, roundSeconds);
  const sum = lossSum(policy, roundSeconds);
  const most = Math.floor(rpoSeconds - (roundSeconds ?? 0));
  checks.push(
    loss <= rpoSeconds
      ? { check: "policy-rpo", result: "pass", detail: `${sum}: within the RPO of ${rpoSeconds} s` }
      : {
          check: "policy-rpo",
          result: "fail",
          detail: `${sum}: more than the RPO of ${rpoSeconds} s by ${Math.ceil(loss - rpoSeconds)} s`,
          remedy:
            replication === "off"
              ? `Turn replication on, make the backup interval at most ${most} s, or allow an RPO of ${Math.ceil(loss)} s.`
              : `Make the replication interval at most ${Math.max(0, most)} s, or allow an RPO of ${Math.ceil(loss)} s.`,
        },
  );
  return checks;
}

function lossSum(policy: ProtectionPolicy, roundSeconds: number | undefined): string {
  const interval = roundIntervalSeconds(policy);
  const every =
    policy.replication === "off"
      ? `replication is off and a backup is made every ${interval} s`
      : policy.replication === "continuous"
        ? "rounds follow each other"
        : `a round begins every ${interval} s`;
  if (roundSeconds === undefined) return `${every}, so up to ${interval} s may be lost, beside what a round takes`;
  const measured = Math.ceil(roundSeconds);
  const apart = Math.max(interval, measured);
  return `${every} and takes ${measured} s, so up to ${apart} + ${measured} = ${apart + measured} s may be lost`;
}
