import type { BurstCandidate, BurstSettings } from "./burst.ts";
import { candidateAt, fits } from "./create-candidate.ts";
import type { CreateObservations, SeenSite } from "./create-observations.ts";
import type { CreateVmRequest } from "./create-request.ts";
import type { CapacityType } from "./instance-type.ts";
import type { NewVmParameters } from "./operation.ts";
import type { Admit } from "./policy/admission.ts";
import { diskMonth, egressCost, hoursPerMonth, type Price } from "./prices.ts";

/** One way to get a VM of a pool, whole: what the create takes, and what an hour of it costs. */
export interface BurstOffer {
  readonly site: string;
  readonly instanceType?: string;
  readonly capacityType: CapacityType;
  /** Micro-units an hour with its disk and what it sends, and of what currency; absent where the size's price is unknown. Where
   *  only that of its disk or of what it sends is, `detail` says that it is not in it. */
  readonly hourlyMicros?: number;
  readonly currency?: string;
  /** What it is ranked by: {@link hourlyMicros}, with the danger of losing it. */
  readonly worthMicros?: number;
  readonly create: NewVmParameters;
  readonly detail: string;
}

/** What failed at a site lately, and until when it is not asked again. */
export interface BackOff {
  readonly site: string;
  /** `*`: everything at the site. */
  readonly instanceType: string;
  readonly capacityType: CapacityType | "*";
  readonly until: string;
  readonly failures: number;
  readonly code: string;
}

export interface RankedOffers {
  readonly offers: readonly BurstOffer[];
  /** The offers as a decision keeps them, and the sites without one. */
  readonly candidates: readonly BurstCandidate[];
}

const firstBackOffMs = 60_000;
const longestBackOffMs = 3_600_000;
/** What a VM that is taken back costs beside its price: another one's way until it serves. */
const lostHours = 0.1;
/** Of a month, by the band that a price list names. A list without one says nothing: the worst of them is assumed. */
const interruptions = [0.05, 0.1, 0.15, 0.2, 0.3] as const;

/** Failures that say something of all of a site, and not of one size there. */
const ofTheSite: readonly string[] = [
  "CloudUnauthenticated",
  "CloudPermissionDenied",
  "RateLimited",
  "Unavailable",
  "Timeout",
  "PolicyBlocked",
];

/** What is not asked again, and for how long: twice as long with each failure in a row, up to an hour. */
export function backOffAfter(
  offer: Pick<BurstOffer, "site" | "instanceType" | "capacityType">,
  { code, retryAfterMs = 0 }: { readonly code: string; readonly retryAfterMs?: number },
  failuresBefore: number,
  nowMs: number,
): BackOff {
  const whole = ofTheSite.includes(code);
  const waitMs = Math.max(retryAfterMs, Math.min(longestBackOffMs, firstBackOffMs * 2 ** failuresBefore));
  return {
    site: offer.site,
    instanceType: whole ? "*" : (offer.instanceType ?? "*"),
    capacityType: whole ? "*" : offer.capacityType,
    until: new Date(nowMs + waitMs).toISOString(),
    failures: failuresBefore + 1,
    code,
  };
}

/** The request that a pool's VM is at any site. */
export function burstRequest(settings: BurstSettings, name: string, spot: boolean): CreateVmRequest {
  const { template, sites, regions, residency, tags } = settings;
  const { port, userData: _given, ...wishes } = template;
  return {
    ...wishes,
    ...{ name, sites, spot, start: true, tags },
    ...(port === undefined ? {} : { publishPorts: [port] }),
    ...(regions ? { regions } : {}),
    ...(residency === undefined ? {} : { residency }),
  };
}

/**
 * All offers of all sites, the cheapest first; one whose price is not known comes after all others, and not at all where there
 * is a budget. What failed lately is left out, and the report says until when.
 */
export function rankOffers(
  settings: BurstSettings,
  seen: readonly SeenSite[],
  {
    name,
    spot,
    backOffs,
    nowMs,
    admit,
  }: { name: string; spot: boolean; backOffs: readonly BackOff[]; nowMs: number; admit?: Admit },
): RankedOffers {
  const out: BurstCandidate[] = [];
  const offers: BurstOffer[] = [];
  for (const site of seen) {
    for (const wanted of spot ? [false, true] : [false]) {
      const request = burstRequest(settings, name, wanted);
      const observed = { request, defaults: { stopGraceMs: 0 }, sites: [site] };
      const observations: CreateObservations = { ...observed, ...(admit ? { admit } : {}) };
      const candidate = candidateAt(site, observations);
      if (!fits(candidate)) {
        const failed = candidate.checks.find(({ result }) => result === "fail");
        if (!wanted) out.push({ site: site.site, detail: failed?.detail ?? "it won't do" });
        continue;
      }
      // Where spot is no cheaper, it has given the on-demand sizes again.
      if (wanted && candidate.capacityType !== "spot") continue;
      const { capacityType, image, network, firmware, securityGroups, diskBytes } = candidate;
      const book = site.there?.prices;
      const disk = book && diskMonth(book, site.there?.diskType ?? "of the site's default", diskBytes[0] ?? 0);
      const sent = settings.egressGibPerHour ?? 0;
      const egress = book && sent > 0 ? egressCost(book, "internet", sent * 2 ** 30) : undefined;
      const sizes = candidate.offerings.length > 0 ? candidate.offerings : [undefined];
      for (const size of sizes) {
        const create: NewVmParameters = {
          ...{ name, cpus: request.cpus, memoryBytes: request.memoryBytes, firmware, disks: [] },
          ...(size ? { instanceTypes: [size.type.name], capacityType } : {}),
          ...(image ? { image: { imageId: image.imageId } } : {}),
          ...(securityGroups ? { securityGroups } : {}),
          ...(request.publicAddress === undefined ? {} : { publicAddress: request.publicAddress }),
          architecture: request.architecture ?? "x86_64",
          nics: network ? [{ networkId: network.networkId }] : [],
          publishPorts: request.publishPorts ?? [],
          tags: request.tags ?? {},
        };
        const micros = (disk?.amount?.micros ?? 0) / hoursPerMonth + (egress?.amount?.micros ?? 0);
        const unpriced = [
          ...(disk && !disk.amount ? ["its disk"] : []),
          ...(egress && !egress.amount ? ["what it sends"] : []),
        ];
        const of = { site: site.site, capacityType, create };
        const offer = priced(of, size?.price, size?.type.name, { micros, unpriced });
        const held = heldBack(offer, backOffs, nowMs);
        if (held) out.push({ ...brief(offer), detail: held });
        else if (settings.monthlyBudget && offer.hourlyMicros === undefined) {
          out.push({ ...brief(offer), detail: "its price is not known, and the pool has a budget" });
        } else offers.push(offer);
      }
    }
  }
  offers.sort(byWorth);
  return { offers, candidates: [...offers.map(brief), ...out] };
}

/** How many of `more` VMs may be of capacity that is taken back, beside those that are there. */
export function spotRoom(
  onDemandShare: number,
  there: { readonly spot: number; readonly onDemand: number },
  more: number,
): number {
  const all = there.spot + there.onDemand + more;
  return Math.max(0, Math.min(more, Math.floor(all * (1 - onDemandShare) + 1e-9) - there.spot));
}

function priced(
  offer: Pick<BurstOffer, "site" | "capacityType" | "create">,
  price: Price | undefined,
  instanceType: string | undefined,
  beside: { readonly micros: number; readonly unpriced: readonly string[] },
): BurstOffer {
  const named = instanceType === undefined ? {} : { instanceType };
  const what = [instanceType, offer.capacityType].filter(Boolean).join(", ");
  if (!price) return { ...offer, ...named, detail: `${what}: price not known` };
  const hourlyMicros = Math.round(price.price.micros + beside.micros);
  const { currency } = price.price;
  const risk = interruptions[price.size?.interruptionBand ?? interruptions.length - 1] ?? 0;
  const lost = offer.capacityType === "spot" ? (risk / hoursPerMonth) * lostHours * price.price.micros : 0;
  const danger = offer.capacityType === "spot" ? `, taken back up to ${Math.round(risk * 100)} % a month` : "";
  const without = beside.unpriced.length > 0 ? ` without ${beside.unpriced.join(" and ")} (price not known)` : "";
  const detail = `${what}: ${(hourlyMicros / 1e6).toFixed(4)} ${currency} an hour${without}${danger}`;
  return { ...offer, ...named, hourlyMicros, currency, worthMicros: hourlyMicros + lost, detail };
}

function heldBack(offer: BurstOffer, backOffs: readonly BackOff[], nowMs: number): string | undefined {
  const held = backOffs.find(
    ({ site, instanceType, capacityType, until }) =>
      site === offer.site &&
      (instanceType === "*" || instanceType === offer.instanceType) &&
      (capacityType === "*" || capacityType === offer.capacityType) &&
      Date.parse(until) > nowMs,
  );
  return held && `failed ${held.failures} times (${held.code}); not asked again before ${held.until}`;
}

function brief({ site, instanceType, capacityType, hourlyMicros, currency, detail }: BurstOffer): BurstCandidate {
  return {
    ...{ site, capacityType, detail },
    ...(instanceType === undefined ? {} : { instanceType }),
    ...(hourlyMicros === undefined || currency === undefined ? {} : { hourly: { micros: hourlyMicros, currency } }),
  };
}

function byWorth(a: BurstOffer, b: BurstOffer): number {
  const worth = ({ worthMicros }: BurstOffer) => worthMicros ?? Number.POSITIVE_INFINITY;
  if (worth(a) !== worth(b)) return worth(a) < worth(b) ? -1 : 1;
  return a.site < b.site ? -1 : a.site > b.site ? 1 : 0;
}
