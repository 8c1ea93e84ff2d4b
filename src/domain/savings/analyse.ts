import { formatMoney } from "../money.ts";
import { hoursPerMonth } from "../prices.ts";
import { type Alternative, alternatives, GrowthLearner, type UsedVm } from "./alternatives.ts";
import type { SiteFacts, VmFacts } from "./facts.ts";
import { month, percent, share, sum } from "./figures.ts";
import { chooseWithin } from "./harm-limit.ts";
import { hasLocalDisks, type Offer, worthwhile } from "./offers.ts";
import { type KeptVm, recommendCommitments } from "./recommend-commitments.ts";
import { recommendUnused } from "./recommend-unused.ts";
import { recommendVm } from "./recommend-vm.ts";
import type { NoRecommendation, Recommendation, SavingsReport, SavingsSubject } from "./recommendation.ts";
import type { SavingsSettings } from "./settings.ts";
import { measuredDays, type UsageSeries } from "./usage.ts";

/**
 * What would cost less, each resource once: of the alternatives of a VM the one that the estate's limit of harm leaves, and
 * commitments for what then goes on running. What gets none says why.
 */
export function analyse(sites: readonly SiteFacts[], settings: SavingsSettings, nowMs: number): SavingsReport {
  const without: NoRecommendation[] = [];
  const recommendations: Recommendation[] = [];
  const none = (subject: SavingsSubject, reason: string) => without.push({ ...subject, recommended: false, reason });
  const known = sites.flatMap(({ offers, vms }) => vms.map((vm) => priced(vm, offers)));
  const kept: KeptVm[] = [];
  const learner = new GrowthLearner(settings);
  const considered = known.flatMap((each) => {
    if (each.reason !== undefined) none(each.vm.subject, each.reason);
    const reason = each.used && tooLittle(each.vm, each.used, settings);
    if (reason !== undefined) none(each.vm.subject, reason);
    if (!each.used) return [];
    if (reason !== undefined) {
      kept.push({ site: each.vm.subject.site, alternative: stays(each.used) });
      return [];
    }
    learner.add(each.used);
    return [{ ...each, used: each.used }];
  });
  const growth = learner.learnt(settings);
  const sizes = new Map(sites.map(({ site, offers }) => [site, worthwhile(offers)]));
  const choices = considered.map(({ vm, used }) =>
    alternatives(used, sizes.get(vm.subject.site) ?? [], growth, settings),
  );
  const chosen = chooseWithin(choices, settings);
  let expectedHarm = 0;
  for (const [index, { vm, used }] of considered.entries()) {
    const alternative = chosen[index];
    const all = choices[index] ?? [];
    if (!alternative) continue;
    const saving = (used.offer.hourMicros - alternative.hourMicros) * hoursPerMonth;
    const worth = alternative.kind !== "keep" && saving >= settings.leastSavingMicros;
    kept.push({ site: vm.subject.site, alternative: worth ? alternative : stays(used) });
    if (worth) {
      expectedHarm += alternative.chanceOfHarm;
      recommendations.push(recommendVm(vm, used, alternative, nowMs));
    } else none(vm.subject, whyNot(all, used.offer, settings));
  }
  for (const { unused } of sites) {
    for (const each of unused) {
      const found = recommendUnused(each, settings);
      if (found.recommended) recommendations.push(found);
      else without.push(found);
    }
  }
  recommendations.push(...recommendCommitments(kept, settings, nowMs));
  const current = [
    ...known.flatMap(({ vm, used }) => (used && vm.running ? [month(used.offer.hourMicros, used.offer.currency)] : [])),
    ...sites.flatMap(({ unused }) => unused.flatMap(({ monthly }) => monthly.amount ?? [])),
  ];
  const [currentCost, potentialSavings] = [sum(current), sum(recommendations.map((each) => each.potentialSavings))];
  return {
    findings: [...recommendations, ...without].map((finding) => ({ ...finding, findingId: findingIdOf(finding) })),
    totals: {
      resources: known.length + sites.reduce((count, { unused }) => count + unused.length, 0),
      recommendations: recommendations.length,
      ...(currentCost ? { currentCost } : {}),
      ...(potentialSavings ? { potentialSavings } : {}),
      ...(currentCost && potentialSavings
        ? { savingsPercent: percent(potentialSavings.micros, currentCost.micros) }
        : {}),
      expectedHarm,
    },
  };
}

interface Known {
  readonly vm: VmFacts;
  readonly used?: UsedVm;
  readonly reason?: string;
}

const noUsage: UsageSeries = { startMs: 0, stepSeconds: 3_600, cpu: new Float64Array(0) };

function priced(vm: VmFacts, offers: readonly Offer[]): Known {
  const { cpus, memoryBytes, instanceType, usage = noUsage, subject } = vm;
  if (!vm.running) return { vm, reason: "it does not run; what is paid for then is its disks" };
  if (vm.spot) return { vm, reason: "it runs on spot capacity already" };
  if (instanceType === undefined) return { vm, reason: `${subject.site} has no sizes with prices` };
  const offer = offers.find((each) => each.instanceType === instanceType);
  if (!offer) {
    const unknown = `no price of ${instanceType} without graphics processors is known for ${subject.site}`;
    return { vm, reason: `${unknown}; load a list that has it` };
  }
  if (hasLocalDisks(instanceType)) {
    return { vm, reason: `${instanceType} has local disks, whose content is lost with a stop or another size` };
  }
  return { vm, used: { cpus, memoryBytes, offer, usage, interruptible: vm.interruptible } };
}

function tooLittle(vm: VmFacts, { usage }: UsedVm, { leastDays }: SavingsSettings): string | undefined {
  const days = measuredDays(usage.cpu, usage.stepSeconds);
  if (!vm.usage || days === 0) return "its CPU use was never measured; `novacron metrics` shows what is";
  if (days < leastDays) return `its use was measured for ${days.toFixed(1)} days; at least ${leastDays} are needed`;
  return undefined;
}

function whyNot(all: readonly Alternative[], offer: Offer, { leastSavingMicros, harmLimit }: SavingsSettings): string {
  const cheaper = all.filter(({ kind }) => kind !== "keep");
  const [least] = [...cheaper].sort((a, b) => a.hourMicros - b.hourMicros);
  if (!least) return `no smaller size holds what it used; ${offer.instanceType} is the cheapest that fits`;
  const saving = (offer.hourMicros - least.hourMicros) * hoursPerMonth;
  const [micros, currency] = [leastSavingMicros, offer.currency];
  if (saving < leastSavingMicros) {
    return `at most ${formatMoney({ micros: Math.round(saving), currency })} a month could be saved, less than the ${formatMoney({ micros, currency })} that count`;
  }
  const chance = Math.min(...cheaper.map(({ chanceOfHarm }) => chanceOfHarm));
  return `a cheaper choice would harm it with a chance of ${share(chance)} or more, and others save more for that; the limit is ${share(harmLimit)} of all VMs`;
}

function stays({ offer }: UsedVm): Alternative {
  return { kind: "keep", offer, hourMicros: offer.hourMicros, chanceOfHarm: 0 };
}

/** Names the resource: what is said of it may be another thing next week. */
function findingIdOf({ site, resourceKind, resourceId }: SavingsSubject): string {
  return encodeURIComponent(`${site}/${resourceKind}/${resourceId}`).replaceAll("%", "_");
}
