import { mib } from "./format.ts";
import type { MigrationStep } from "./migration.ts";

/** How long a step of an earlier move over the same route took, until the next one began. */
export interface StepSample {
  readonly migrationId: string;
  readonly step: MigrationStep;
  readonly seconds: number;
  readonly bytesCopied: number;
  /** What its plan said would be moved at most. */
  readonly bytesPlanned: number;
  /** As its plan knew it: at most. */
  readonly allocatedBytes: number;
  /** Whether only differences were moved. */
  readonly incremental: boolean;
  /** Whether the source ran before. */
  readonly stopped: boolean;
  /** Whether a boot was proven. */
  readonly booted: boolean;
  /** Whether most of it was moved before, while the source ran. */
  readonly warm: boolean;
  /** Whether it never stopped. Absent: it did. */
  readonly live?: boolean;
}

export interface PlannedTimes {
  readonly seconds: number;
  readonly downtimeSeconds: number;
  readonly basis: string;
  /** Earlier moves that it rests on; 0: it is assumed. */
  readonly moves: number;
}

export interface MoveAhead {
  /** At most. */
  readonly bytesToMove: number;
  readonly allocatedBytes: number;
  readonly incremental: boolean;
  /** What so many bytes take at the bandwidth limits alone, in the hours that they will flow in. */
  readonly secondsAtLimits?: (bytes: number) => number;
  readonly stops: boolean;
  readonly boots: boolean;
}

/** Assumed for a link that nothing was moved over yet; the first move replaces it. */
const assumedBytesPerSecond = 200e6;
/** Time a move takes beside the copying, seen with local libvirt hosts. */
const assumedSeconds = 5;
const assumedBootSeconds = 10;

const steps = [
  "validate",
  "network",
  "stop",
  "copy",
  "seal",
  "prove",
  "materialise",
  "create",
  "verify",
  "complete",
] as const;
/** While these run the VM is down. */
const down: ReadonlySet<MigrationStep> = new Set(["stop", "copy", "seal", "prove", "materialise", "create", "verify"]);

/**
 * How long a move will take, from the newest moves over the same route: what depends on bytes by a line through its samples, all
 * else by the median. Snapshots, imports and boots of a cloud are in there, as they were in those moves.
 */
export function predictTimes(all: readonly StepSample[], ahead: MoveAhead): PlannedTimes {
  // Steps of the same name are about other things in a live one.
  const samples = all.filter(({ live }) => live !== true);
  if (samples.length === 0) {
    const { bytesToMove } = ahead;
    const copying = Math.max(bytesToMove / assumedBytesPerSecond, ahead.secondsAtLimits?.(bytesToMove) ?? 0);
    const rate = copying > 0 ? bytesToMove / copying : assumedBytesPerSecond;
    const seconds = Math.ceil(copying + assumedSeconds + (ahead.boots ? assumedBootSeconds : 0));
    const basis = `${mib(rate)} MiB/s assumed; nothing was moved over this link yet`;
    return { seconds, downtimeSeconds: ahead.stops ? seconds : 0, basis, moves: 0 };
  }
  let seconds = 0;
  let downtime = 0;
  for (const step of steps) {
    const part = stepSeconds(samples, step, ahead);
    seconds += part;
    if (down.has(step)) downtime += part;
  }
  const moves = new Set(samples.map(({ migrationId }) => migrationId)).size;
  const basis = `the median of the last ${moves} move(s) over this route`;
  return { seconds: Math.ceil(seconds), downtimeSeconds: ahead.stops ? Math.ceil(downtime) : 0, basis, moves };
}

/** The same of a live move, whose guest runs on: by the rate of earlier ones over the route, disks and memory together. */
export function predictLive(
  all: readonly StepSample[],
  { bytesToMove, secondsAtLimits }: Pick<MoveAhead, "bytesToMove" | "secondsAtLimits">,
): Omit<PlannedTimes, "downtimeSeconds"> {
  const samples = all.filter(({ live }) => live === true);
  const least = secondsAtLimits?.(bytesToMove) ?? 0;
  const moving = samples.filter(({ step }) => step === "live");
  if (moving.length === 0) {
    const seconds = Math.ceil(Math.max(bytesToMove / assumedBytesPerSecond, least) + assumedSeconds);
    const basis = `${mib(assumedBytesPerSecond)} MiB/s assumed; nothing was moved live over this link yet`;
    return { seconds, basis, moves: 0 };
  }
  const amounts = moving.map(({ bytesCopied, seconds }) => ({ amount: bytesCopied, seconds }));
  const others = steps.reduce((sum, step) => sum + (usualSeconds(samples, step) ?? 0), 0);
  const seconds = Math.ceil(Math.max(secondsFor(bytesToMove, amounts), least) + others);
  return { seconds, basis: `the last ${moving.length} live move(s) over this route`, moves: moving.length };
}

/** The usual seconds of a step; undefined when it never ran. */
export function usualSeconds(samples: readonly StepSample[], step: MigrationStep): number | undefined {
  const known = samples.filter((sample) => sample.step === step);
  return known.length > 0 ? median(known.map(({ seconds }) => seconds)) : undefined;
}

function stepSeconds(all: readonly StepSample[], step: MigrationStep, ahead: MoveAhead): number {
  const samples = all.filter((sample) => sample.step === step);
  // Of a warm move these steps concern the last difference, and the bytes all rounds.
  const cold = samples.filter(({ warm }) => !warm);
  if (step === "copy") {
    const amounts = cold.map(({ bytesCopied, seconds }) => ({ amount: bytesCopied, seconds }));
    const bytes = ahead.bytesToMove * shareMoved(cold, ahead);
    return Math.max(secondsFor(bytes, amounts), ahead.secondsAtLimits?.(bytes) ?? 0);
  }
  if (step === "prove") {
    const amounts = cold.map(({ allocatedBytes, seconds }) => ({ amount: allocatedBytes, seconds }));
    return secondsFor(ahead.allocatedBytes, amounts);
  }
  const alike = samples.filter((sample) =>
    step === "stop" ? sample.stopped === ahead.stops : step === "verify" ? sample.booted === ahead.boots : true,
  );
  const known = alike.length > 0 ? alike : samples;
  return known.length > 0 ? median(known.map(({ seconds }) => seconds)) : 0;
}

/** Where a site can't tell beforehand what changed or is allocated, plans name all of it: how much of that was moved in the end. */
function shareMoved(samples: readonly StepSample[], { incremental }: MoveAhead): number {
  const alike = samples.filter((sample) => sample.incremental === incremental && sample.bytesPlanned > 0);
  if (alike.length === 0) return 1;
  return Math.min(1, median(alike.map(({ bytesCopied, bytesPlanned }) => bytesCopied / bytesPlanned)));
}

interface Sample {
  readonly amount: number;
  readonly seconds: number;
}

/** A move that took so much longer than the line says counts as no worse: it was paused or disturbed. None is ever quicker by
 *  chance. */
const astray = 0.2;

/** Samples of smaller amounts say little about a rate. */
const tellingBytes = 16 * 2 ** 20;

interface Line {
  readonly fixed: number;
  readonly perByte: number;
}

/**
 * The line (a fixed part, and a part that grows with the amount) with the least sum of relative deviations from the samples. Such
 * a line goes through two of them, or through one with one of its parts given, so all of those are tried.
 */
function secondsFor(amount: number, samples: readonly Sample[]): number {
  const assumed: Line = { fixed: 0, perByte: 1 / assumedBytesPerSecond };
  let best = assumed;
  let least = Number.POSITIVE_INFINITY;
  for (const line of [...throughOne(samples), ...throughTwo(samples)]) {
    const deviation = samples.reduce((sum, sample) => {
      const off = (line.fixed + line.perByte * sample.amount - sample.seconds) / Math.max(sample.seconds, 0.01);
      return sum + (off > 0 ? off : Math.min(-off, astray));
    }, 0);
    if (deviation >= least) continue;
    [best, least] = [line, deviation];
  }
  return best.fixed + best.perByte * amount;
}

/** All of it rate where the amount tells something about that; else at the assumed rate; else all of it fixed. */
function throughOne(samples: readonly Sample[]): Line[] {
  return [
    ...samples
      .filter((sample) => sample.amount >= tellingBytes)
      .map((sample) => ({ fixed: 0, perByte: sample.seconds / sample.amount })),
    ...samples.map((sample) => {
      const fixed = Math.max(0, sample.seconds - sample.amount / assumedBytesPerSecond);
      return { fixed, perByte: 1 / assumedBytesPerSecond };
    }),
    ...samples.map((sample) => ({ fixed: sample.seconds, perByte: 0 })),
  ];
}

function throughTwo(samples: readonly Sample[]): Line[] {
  return samples.flatMap((a, index) =>
    samples.slice(index + 1).flatMap((b) => {
      const perByte = (a.seconds - b.seconds) / (a.amount - b.amount);
      const fixed = a.seconds - a.amount * perByte;
      return Number.isFinite(perByte) && perByte >= 0 && fixed >= 0 ? [{ fixed, perByte }] : [];
    }),
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
