/**
 * `burst-replay`: how many VMs a pool has over a load that was, beside a rule of thresholds alone and a schedule that knows
 * all of it beforehand. The score of each is its VM-hours and λ for each minute above the threshold.
 */
import { burstDefaults } from "../src/domain/burst-pool.ts";
import { allKnowingScore, type ReplayTerms, replayPool } from "../src/domain/burst-replay.ts";
import { type LoadTrace, madeUpTrace, readLoadTraces } from "./lib/load-trace.ts";
import { type Bench, type BenchContext, type Figure, figure } from "./lib/report.ts";

export const burstReplayBench: Bench = {
  name: "burst-replay",
  summary: "VM-hours and minutes over of a pool on a load trace, beside a threshold rule and an all-knowing schedule",
  takes: ["load"],
  run,
};

/** What the site itself is worth, and where its threshold is reached: half of the time the load is beyond it. */
const ownVms = 4;
const { cpu, maxVms, sustainSeconds, cooldownSeconds, overMinuteWorth } = burstDefaults;
const terms: ReplayTerms = {
  ...{ ownVms, maxVms, overMinuteWorth, leadMinutes: 2, threshold: cpu.threshold },
  cooldownMinutes: cooldownSeconds / 60,
};
const shareOfBest = 1.3;
/** For information: how it goes where a minute above the threshold is worth more. */
const dearer = 0.5;

async function run({ note, load, seed = 1 }: BenchContext): Promise<Figure[]> {
  const traces = load === undefined ? [madeUpTrace(seed)] : await readLoadTraces(load);
  if (load === undefined) note("no --load FILE: the load is made up");
  note(
    `λ = ${overMinuteWorth} VM-hours a minute above ${terms.threshold}; the site is worth ${ownVms} VMs, at most ${maxVms} more, a VM serves ${terms.leadMinutes} minutes after its order and is paid for from then on`,
  );
  return traces.flatMap((trace) => replay(trace, note));
}

function replay(trace: LoadTrace, note: (line: string) => void): Figure[] {
  const { name, startMs, stepMinutes } = trace;
  const unit = unitOf(trace);
  const world = { startMs, perMinute: trace.perMinute.map((requests) => requests / unit) };
  const signal = { metric: "cpu.utilisation", measures: "utilisation" as const, ...cpu, sustainSeconds };
  const rule = { enabled: true, ownVms, maxVms, cooldownSeconds, sampleSeconds: 60, signals: [signal] };
  const pool = { ...rule, forecast: { leadSeconds: terms.leadMinutes * 60, overMinuteWorth } };
  const began = performance.now();
  const ours = replayPool(pool, world, terms);
  const tookMs = performance.now() - began;
  const threshold = replayPool(rule, world, terms);
  const best = allKnowingScore(world, terms);
  const dear = { ...terms, overMinuteWorth: dearer };
  const cautious = { ...pool, forecast: { ...pool.forecast, overMinuteWorth: dearer } };
  const days = world.perMinute.length / 1_440;
  note(
    `${name}: ${days.toFixed(1)} days${stepMinutes > 1 ? `, a straight line within each ${stepMinutes} minutes` : ""}; a VM takes ${unit.toPrecision(3)} requests a minute; ours ${ours.vmHours.toFixed(0)} VM-hours and ${ours.minutesOver} minutes over (most ${ours.mostVms} VMs, decided in ${tookMs.toFixed(0)} ms), the threshold rule ${threshold.vmHours.toFixed(0)} and ${threshold.minutesOver}, all-knowing ${best.toFixed(0)} in all`,
  );
  const of = (what: string) => `${name}: ${what}`;
  const score = { value: ours.score, unit: "VM-hours", better: "lower" as const };
  return [
    figure({ ...score, name: of("score"), peer: "threshold rule", peer_value: threshold.score, goal: 1 }),
    figure({
      ...score,
      name: of("score beside the best there is"),
      peer: "all-knowing",
      peer_value: best,
      goal: shareOfBest,
    }),
    figure({
      ...score,
      name: of(`score at λ = ${dearer}`),
      value: replayPool(cautious, world, dear).score,
      peer: "all-knowing",
      peer_value: allKnowingScore(world, dear),
    }),
    figure({ name: of("VM-hours"), value: ours.vmHours, unit: "h", better: "lower" }),
    figure({ name: of("minutes over"), value: ours.minutesOver, unit: "min", better: "lower" }),
    figure({
      name: of("direction changes a day"),
      value: ours.directionChanges / days,
      unit: "",
      better: "lower",
      peer: "threshold rule",
      peer_value: threshold.directionChanges / days,
    }),
  ];
}

/** Requests a minute that are one VM's worth: the usual load is where the site reaches its threshold; the peak still fits into
 *  the most VMs there may be. */
function unitOf({ perMinute }: LoadTrace): number {
  const sorted = perMinute.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return Math.max(at(0.5) / (terms.threshold * ownVms), at(0.9999) / (terms.threshold * (ownVms + maxVms)));
}
