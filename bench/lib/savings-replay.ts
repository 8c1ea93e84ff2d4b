import { type Alternative, alternatives, GrowthLearner } from "../../src/domain/savings/alternatives.ts";
import { toleratedShareAbove } from "../../src/domain/savings/capacity.ts";
import { bestCommitment } from "../../src/domain/savings/commitments.ts";
import { shareAbove, wholeCpus } from "../../src/domain/savings/credits.ts";
import { chooseWithin } from "../../src/domain/savings/harm-limit.ts";
import { isOff, longestOff, peaksByHour, peakWhileOff, shareOff } from "../../src/domain/savings/off-hours.ts";
import { type Offer, worthwhile } from "../../src/domain/savings/offers.ts";
import type { SavingsSettings } from "../../src/domain/savings/settings.ts";
import { heldPeak, highest, type UsageSeries } from "../../src/domain/savings/usage.ts";
import type { TracedVm } from "./vm-traces.ts";

/** A VM on the cheapest size that fits what it was given: what savings are measured against. */
export interface PlacedVm extends TracedVm {
  readonly offer: Offer;
}

/** Burstable sizes fit only where their credits would have held; other architectures never. */
export function place(vms: readonly TracedVm[], offers: readonly Offer[], burstable: boolean): PlacedVm[] {
  const own = offers.filter(({ architecture }) => architecture === "x86_64");
  return vms.flatMap((vm) => {
    const offer = own.find(
      ({ cpus, memoryBytes, burst }) =>
        cpus >= vm.cpus &&
        memoryBytes >= vm.memoryBytes &&
        burst !== undefined &&
        (burst.baselineShare === 1 || burstable) &&
        shareAbove(vm.usage, { cpus, burst }) <= toleratedShareAbove,
    );
    return offer ? [{ ...vm, offer }] : [];
  });
}

/** What is chosen for each of `vms`, from their first month and what was learnt from that of `learnFrom`. */
export function choose(
  vms: readonly PlacedVm[],
  learnFrom: readonly PlacedVm[],
  offers: readonly Offer[],
  settings: SavingsSettings,
): readonly Alternative[] {
  const learner = new GrowthLearner(settings);
  for (const vm of learnFrom) learner.add(vm);
  const growth = learner.learnt(settings);
  const sizes = worthwhile(offers);
  return chooseWithin(
    vms.map((vm) => alternatives(vm, sizes, growth, settings)),
    settings,
  );
}

/** Whether the following month would have been too much for it; undefined for a VM that was gone by then. */
export function harmed(vm: PlacedVm, chosen: Alternative): boolean | undefined {
  const { nextMonth } = vm;
  if (!nextMonth) return undefined;
  if (chosen.kind === "keep") return false;
  if (chosen.kind === "stop") return highest(nextMonth.cpu) > idleShare * vm.cpus;
  if (chosen.off && peakWhileOff(peaksByHour(nextMonth), chosen.off) > idleShare * vm.cpus) return true;
  if (chosen.offer === vm.offer) return false;
  return tooSmall(nextMonth, chosen.offer);
}

const idleShare = 0.05;

function tooSmall(usage: UsageSeries, { cpus, burst, memoryBytes }: Offer): boolean {
  const above = shareAbove(usage, { cpus, burst: burst ?? wholeCpus });
  return above > toleratedShareAbove || (usage.memoryBytes ? heldPeak(usage.memoryBytes) > memoryBytes : false);
}

/** What somebody would choose who knew the following month: the same kinds of alternatives, and nobody harmed. */
export function knowingAll(vm: PlacedVm, offers: readonly Offer[]): number {
  const { nextMonth: usage, offer: present, cpus } = vm;
  if (!usage) return present.hourMicros;
  if (highest(usage.cpu) <= idleShare * cpus) return 0;
  const own = offers.filter(
    ({ architecture, hourMicros, burst }) =>
      architecture === present.architecture && burst && hourMicros < present.hourMicros,
  );
  const least = own.find((offer) => !tooSmall(usage, offer))?.hourMicros ?? present.hourMicros;
  const off = longestOff(peaksByHour(usage), idleShare * cpus);
  return off ? least * (1 - shareOff(off)) : least;
}

/**
 * What the chosen sizes cost an hour when each is committed to for a year as far as that pays by the first month, and the
 * following month then runs what is still there. A size without such a price stays on demand.
 */
export function withCommitments(vms: readonly PlacedVm[], chosen: readonly Alternative[]): number {
  const byType = new Map<string, { offer: Offer; before: Float64Array; after: Float64Array }>();
  for (const [index, vm] of vms.entries()) {
    const alternative = chosen[index];
    if (!alternative || alternative.kind === "stop") continue;
    const { offer, off } = alternative;
    const type = byType.get(offer.instanceType) ?? {
      offer,
      before: new Float64Array(168),
      after: new Float64Array(168),
    };
    byType.set(offer.instanceType, type);
    for (let hour = 0; hour < 168; hour++) {
      if (off && isOff(off, hour)) continue;
      type.before[hour] = (type.before[hour] ?? 0) + 1;
      if (vm.nextMonth) type.after[hour] = (type.after[hour] ?? 0) + 1;
    }
  }
  let micros = 0;
  for (const [item, { offer, before, after }] of byType) {
    const { hourMicros, reserved1yMicros: committed } = offer;
    const choice =
      committed === undefined
        ? undefined
        : bestCommitment({ item, running: before, onDemandMicros: hourMicros, committedMicros: committed, months: 12 });
    const count = choice?.count ?? 0;
    micros += count * (committed ?? 0);
    for (const running of after) micros += (Math.max(0, running - count) * hourMicros) / after.length;
  }
  return micros;
}
