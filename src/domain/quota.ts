import type { CapacityType, InstanceType } from "./instance-type.ts";

/** A bound that a site sets, and how much of it is used. */
export interface Quota {
  /**
   * Stable name for programs. Plans check those with {@link instanceFamilies}, and `vms`, `volumes`, `volume-gib`, `addresses`.
   */
  readonly quota: string;
  /** The site's own word for it. */
  readonly title: string;
  readonly limit: number;
  /** Undefined where the site can't say. */
  readonly used?: number;
  /** `vCPUs`, `OCPUs` (two vCPUs each), `VMs`, `volumes`, `GiB`, `addresses`. */
  readonly unit: string;
  /** Families of instance types that share this quota; absent when it is not about them. */
  readonly instanceFamilies?: readonly string[];
  /** Absent when all capacity counts. */
  readonly capacityType?: CapacityType;
}

/** How a quota stands once something more is there. */
export interface QuotaUse {
  readonly quota: Quota;
  readonly needed: number;
  /** Undefined where the site can't say what is used, and the need alone is within the limit. */
  readonly fits: boolean | undefined;
}

export function quotaUse(quota: Quota, needed: number): QuotaUse {
  if (needed > quota.limit) return { quota, needed, fits: false };
  return { quota, needed, fits: quota.used === undefined ? undefined : quota.used + needed <= quota.limit };
}

/** The quotas that one more VM of this type counts against. */
export function quotasOfType(quotas: readonly Quota[], type: InstanceType, capacityType: CapacityType): QuotaUse[] {
  return quotas
    .filter(
      (quota) =>
        quota.instanceFamilies?.includes(type.family) &&
        (quota.capacityType === undefined || quota.capacityType === capacityType),
    )
    .map((quota) => quotaUse(quota, typeUnits(quota, type)));
}

function typeUnits({ unit }: Quota, type: InstanceType): number {
  if (/ocpu/i.test(unit)) return type.cpus / 2;
  return /cpu|core/i.test(unit) ? type.cpus : 1;
}

/** `Running On-Demand Standard instances (6 of 8 vCPUs used)`. */
export function describeQuota({ title, limit, used, unit }: Quota): string {
  return `${title} (${used === undefined ? `at most ${limit} ${unit}` : `${used} of ${limit} ${unit} used`})`;
}
