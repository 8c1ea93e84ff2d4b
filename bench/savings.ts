/**
 * `savings`: replays a month of VMs against the price list, and asks the following month who would have been harmed. Measured
 * against the cheapest size on demand that fits what each VM was given. Nothing but the two months' split decides: what is
 * chosen for a VM never rests on its following month.
 */
import type { Alternative } from "../src/domain/savings/alternatives.ts";
import { type Offer, offersOf } from "../src/domain/savings/offers.ts";
import { defaultSavingsSettings, type SavingsSettings } from "../src/domain/savings/settings.ts";
import { shippedPriceList } from "../src/store/price-catalogue.ts";
import { type Bench, type BenchContext, type Figure, figure } from "./lib/report.ts";
import { choose, harmed, knowingAll, type PlacedVm, place, withCommitments } from "./lib/savings-replay.ts";
import { madeUpTraces, readTraces } from "./lib/vm-traces.ts";

const madeUpVms = 200;
const goals = { alone: 0.3, committed: 0.55, harm: 0.02, ofAllKnowing: 0.9 } as const;
const aims = [0.125, 0.25, 0.375, 0.5, 0.75, 1];

export const savingsBench: Bench = {
  name: "savings",
  summary: "A month of VMs against the price list: savings by kind, and who the following month would have harmed",
  takes: ["traces"],
  run,
};

async function run({ note, seed = 1, traces }: BenchContext): Promise<Figure[]> {
  if (!traces) note(`No --traces, --vms and --next-month: the traces of ${madeUpVms} VMs are made up.`);
  const vms = traces ? await readTraces(traces) : madeUpTraces(madeUpVms, seed);
  const offers = await awsOffers();
  const placed = place(vms, offers, true);
  const left = vms.length - placed.length;
  const lasting = placed.filter(({ nextMonth }) => nextMonth !== undefined).length;
  note(`${placed.length} VMs, ${lasting} of them there in the following month; ${left} fit no size of the list.`);
  const [largest] = [...placed].sort((a, b) => b.offer.hourMicros - a.offer.hourMicros);
  const others = placed.filter((vm) => vm !== largest);
  const halves = [0, 1].map((half) => placed.filter(({ vmId }) => parity(vmId) === half));
  const whole = replay(placed, placed, offers, defaultSavingsSettings);
  const figures = [
    ...report("all VMs", whole, true),
    ...report("without the largest VM", replay(others, others, offers, defaultSavingsSettings), true),
    ...byKind(placed, whole.chosen),
    ...halves.flatMap((tested, half) => {
      const tunedOn = halves[1 - half] ?? [];
      const harmAim = tune(tunedOn, offers);
      note(`Half ${half + 1} was not tuned on: the other's following month chose to aim at ${harmAim} of the limit.`);
      const settings = { ...defaultSavingsSettings, harmAim };
      return report(`half ${half + 1}, tuned on the other`, replay(tested, tunedOn, offers, settings), false);
    }),
  ];
  const fixed = place(vms, offers, false);
  const against = replay(fixed, fixed, offers, defaultSavingsSettings);
  const name = "all VMs, against sizes that are not burstable: saved alone";
  return [...figures, figure({ name, value: against.alone, unit: "of the cost", better: "higher" })];
}

async function awsOffers(): Promise<Offer[]> {
  const list = await (await shippedPriceList()).read();
  const [provider, region] = ["aws", "us-east-1"];
  const own = list.prices.filter((price) => price.provider === provider && price.region === region);
  return offersOf({ provider, region, prices: own.map((price) => ({ ...price, source: "" })) });
}

interface Replayed {
  readonly chosen: readonly Alternative[];
  /** Shares of what the VMs that were still there cost in the following month. */
  readonly alone: number;
  readonly committed: number;
  readonly allKnowing: number;
  readonly harmed: number;
}

function replay(
  vms: readonly PlacedVm[],
  learnFrom: readonly PlacedVm[],
  offers: readonly Offer[],
  settings: SavingsSettings,
): Replayed {
  const chosen = choose(vms, learnFrom, offers, settings);
  let [before, after, best, lasting, hurt] = [0, 0, 0, 0, 0];
  for (const [index, vm] of vms.entries()) {
    const alternative = chosen[index];
    const harm = alternative && harmed(vm, alternative);
    if (!alternative || harm === undefined) continue;
    lasting += 1;
    if (harm) hurt += 1;
    before += vm.offer.hourMicros;
    after += alternative.hourMicros;
    best += knowingAll(vm, offers);
  }
  return {
    chosen,
    alone: 1 - after / before,
    committed: 1 - withCommitments(vms, chosen) / before,
    allKnowing: 1 - best / before,
    harmed: hurt / lasting,
  };
}

function report(whose: string, { alone, committed, allKnowing, harmed: hurt }: Replayed, goal: boolean): Figure[] {
  const unit = "of the cost";
  const aim = <T>(value: T) => (goal ? { goal: value } : {});
  return [
    figure({ name: `${whose}: saved alone`, value: alone, unit, better: "higher", ...aim(goals.alone) }),
    figure({
      name: `${whose}: saved with commitments`,
      value: committed,
      unit,
      better: "higher",
      ...aim(goals.committed),
    }),
    figure({
      name: `${whose}: harmed in the following month`,
      value: hurt,
      unit: "of the VMs",
      better: "lower",
      ...aim(goals.harm),
    }),
    figure({
      ...{ name: `${whose}: saved alone, beside who knows the following month`, value: alone, unit, better: "higher" },
      ...{ peer: "all-knowing", peer_value: allKnowing, ...aim(goals.ofAllKnowing) },
    }),
  ];
}

function byKind(vms: readonly PlacedVm[], chosen: readonly Alternative[]): Figure[] {
  const all = vms.reduce((sum, { offer }) => sum + offer.hourMicros, 0);
  const kinds = [...new Set(chosen.map(({ kind }) => kind))].filter((kind) => kind !== "keep").sort();
  return kinds.map((kind) => {
    const saved = vms.reduce((sum, { offer }, index) => {
      const alternative = chosen[index];
      return alternative?.kind === kind ? sum + offer.hourMicros - alternative.hourMicros : sum;
    }, 0);
    const count = chosen.filter((alternative) => alternative.kind === kind).length;
    return figure({
      name: `all VMs, by ${kind} (${count} VMs)`,
      value: saved / all,
      unit: "of the cost",
      better: "higher",
    });
  });
}

/** The most that may be aimed at without harming more than the limit in the following month of these. */
function tune(vms: readonly PlacedVm[], offers: readonly Offer[]): number {
  const [least = 1] = aims;
  const within = aims.filter(
    (harmAim) => replay(vms, vms, offers, { ...defaultSavingsSettings, harmAim }).harmed <= goals.harm,
  );
  return within.at(-1) ?? least;
}

/** Halves that have nothing to do with the VMs' order. */
function parity(vmId: string): number {
  let hash = 2_166_136_261;
  for (const character of vmId) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619);
  return (hash >>> 8) & 1;
}
