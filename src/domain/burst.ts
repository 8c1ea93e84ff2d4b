import type { BurstDecision, BurstReason } from "./burst-decision.ts";
import { type BurstSizing, toleratedIntervals } from "./burst-pool.ts";
import type { CapacityType } from "./instance-type.ts";
import type { Money } from "./money.ts";

/** A pool whole: what it watches, how large it gets, what its VMs are, and where they may be. */
export interface BurstSettings extends BurstSizing {
  readonly name: string;
  /** The site whose load it is. */
  readonly site: string;
  readonly template: BurstTemplate;
  /** Where its VMs may be. */
  readonly sites: readonly string[];
  /** Exact, or a beginning and `*`. */
  readonly regions?: readonly string[];
  readonly residency?: string;
  /** The part of its VMs that must not be capacity which a site may take back. 1: none of them. */
  readonly onDemandShare: number;
  /** How long a VM may be there at most; what is needed beyond is ordered anew. */
  readonly leaseSeconds: number;
  /** What clouds bill of a VM at least, a minute as a rule: https://aws.amazon.com/ec2/pricing/on-demand/,
   *  https://cloud.google.com/compute/vm-instance-pricing. None is given back before. */
  readonly leastBilledSeconds: number;
  /** What its VMs may cost within a month (UTC). */
  readonly monthlyBudget?: Money;
  /** What one VM sends to the internet an hour, for its price. */
  readonly egressGibPerHour?: number;
  /** Where its VMs take traffic; absent for work that they fetch themselves. */
  readonly balancer?: BurstBalancer;
  /** Who answers for it. */
  readonly owner: string;
  /** Of its VMs, and what decides who reaches it. */
  readonly tags: Readonly<Record<string, string>>;
}

export interface BurstTemplate {
  readonly cpus: number;
  readonly memoryBytes: number;
  /** By its name or id at each of the sites. */
  readonly image: string;
  readonly instanceType?: string;
  readonly burstable?: boolean;
  readonly network?: string;
  readonly securityGroups?: readonly string[];
  readonly publicAddress?: boolean;
  /** cloud-init. */
  readonly userData?: string;
  /** What its VMs serve on. */
  readonly port?: number;
}

export interface BurstBalancer {
  readonly site: string;
  readonly poolId: string;
  readonly shareId?: string;
}

export interface BurstPoolView extends BurstSettings {
  readonly poolId: string;
  readonly state: "active" | "deleting" | "deleted";
  /** By a person: at least so many VMs. */
  readonly ordered: number;
  readonly createdBy: string;
  readonly createdAt: string;
}

export const leaseStates = ["ordered", "creating", "joining", "serving", "leaving", "removed", "failed"] as const;
export type BurstLeaseState = (typeof leaseStates)[number];

/** One VM of a pool, from its order to its end. */
export interface BurstLease {
  readonly leaseId: string;
  readonly poolId: string;
  readonly owner: string;
  readonly state: BurstLeaseState;
  readonly site?: string;
  readonly vmId?: string;
  readonly vmName: string;
  readonly instanceType?: string;
  readonly capacityType?: CapacityType;
  /** Of an hour; absent where no price is known. */
  readonly hourly?: Money;
  readonly budget?: Money;
  readonly deadline: string;
  readonly orderedAt: string;
  readonly servingAt?: string;
  readonly endedAt?: string;
  /** Why it is to go, once it is. */
  readonly leaveReason?: string;
  /** When each step had ended. */
  readonly steps: readonly { readonly step: string; readonly at: string }[];
  /** What went wrong at sites before, and what ended it. */
  readonly problems: readonly { readonly site?: string; readonly code: string; readonly message: string }[];
}

/** What a pool decided, for as long as it decided that. */
export interface BurstDecisionRecord {
  readonly decisionId: number;
  readonly poolId: string;
  readonly from: string;
  readonly until: string;
  /** How often it was looked at meanwhile. */
  readonly looks: number;
  readonly action: BurstDecision["action"];
  readonly reason: BurstReason;
  readonly wanted: number;
  readonly have: number;
  readonly detail: string;
  readonly readings: BurstDecision["readings"];
  /** Where VMs might have come from then, the best first; of a burst. */
  readonly candidates: readonly BurstCandidate[];
}

/** An offer as a decision keeps it, or why a site has none. */
export interface BurstCandidate {
  readonly site: string;
  readonly instanceType?: string;
  readonly capacityType?: CapacityType;
  readonly hourly?: Money;
  readonly detail: string;
}

/** On a VM of a pool: the lease that it is there by. */
export const leaseTag = "novacron:burst-lease";

export function burstPoolWorkflowId(poolId: string): string {
  return `burst-pool/${poolId}`;
}

export function burstLeaseWorkflowId(leaseId: string): string {
  return `burst-lease/${leaseId}`;
}

export function isLeaseOpen({ state }: Pick<BurstLease, "state">): boolean {
  return state !== "removed" && state !== "failed";
}

/** What a lease has cost, by its price: an hour is counted to the second, from its order on. */
export function leaseCostMicros(
  { hourly, orderedAt, endedAt }: Pick<BurstLease, "hourly" | "orderedAt" | "endedAt">,
  nowMs: number,
  sinceMs = 0,
): number {
  if (!hourly) return 0;
  const from = Math.max(Date.parse(orderedAt), sinceMs);
  const hours = Math.max(0, (endedAt === undefined ? nowMs : Date.parse(endedAt)) - from) / 3_600_000;
  return Math.round(hourly.micros * hours);
}

/**
 * How many more VMs a month's budget has room for. Each lease is promised what its first offer costs until its deadline, and
 * ends when that is spent, so that all of them together never cost more.
 */
export function affordableVms(
  leases: readonly BurstLease[],
  settings: Pick<BurstSettings, "monthlyBudget" | "leaseSeconds">,
  hourlyMicros: number | undefined,
  nowMs: number,
): number | undefined {
  const { monthlyBudget, leaseSeconds } = settings;
  if (!monthlyBudget) return undefined;
  // A price that nobody knows can't be kept within a budget.
  if (hourlyMicros === undefined) return 0;
  const month = monthStart(nowMs);
  const bound = leases.reduce((sum, lease) => {
    const spent = leaseCostMicros(lease, nowMs, month);
    return sum + (isLeaseOpen(lease) ? Math.max(spent, lease.budget?.micros ?? 0) : spent);
  }, 0);
  const each = (hourlyMicros * leaseSeconds) / 3600;
  return Math.max(0, Math.floor((monthlyBudget.micros - bound) / Math.max(1, each)));
}

export function monthStart(nowMs: number): number {
  const now = new Date(nowMs);
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1);
}

/** How long samples are looked back at. */
export function lookBackMs({ signals, sampleSeconds }: Pick<BurstSettings, "signals" | "sampleSeconds">): number {
  const longest = Math.max(0, ...signals.map(({ sustainSeconds }) => sustainSeconds));
  return (longest + (toleratedIntervals + 2) * sampleSeconds) * 1000;
}
