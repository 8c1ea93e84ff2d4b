import { availableParallelism, totalmem } from "node:os";
import type { TraceFiles } from "./vm-traces.ts";

/** One measured value. With a peer the goal is for `ratio`, else for `value`; without a goal it is for information. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly peer?: string;
  readonly peer_value?: number;
  /** `value / peer_value`. */
  readonly ratio?: number;
  readonly goal?: number;
  readonly better: "higher" | "lower";
  readonly met?: boolean;
}

export interface BenchReport {
  readonly bench: string;
  readonly machine: { readonly cpus: number; readonly memory_gib: number };
  readonly figures: readonly Figure[];
}

export interface Bench {
  readonly name: string;
  readonly summary: string;
  /** Which of the options that only some benches have it takes. */
  readonly takes?: readonly ("size" | "pairs" | "resources" | "load" | "rows" | "traces")[];
  run(context: BenchContext): Promise<Figure[]>;
}

export interface BenchContext {
  /** A line for a person who waits; never part of the result. */
  note(line: string): void;
  /** `--runs N`, where the bench repeats something; undefined is its default. */
  readonly runs?: number;
  /** `--seed N`, where the bench draws something. */
  readonly seed?: number;
  /** `--size N`, in GiB: of what is measured, where that can be chosen. */
  readonly sizeGib?: number;
  /** `--pairs A:B,…`: only these, where pairs are measured. */
  readonly pairs?: string;
  /** `--resources N`: how many the inventory holds. */
  readonly resources?: number;
  /** `--load FILE`: a load that was, where one is replayed. */
  readonly load?: string;
  /** `--traces`, `--vms`, `--next-month`: files of what VMs used, where such are replayed. */
  readonly traces?: TraceFiles;
  /** `--rows N`: how many rows of costs. */
  readonly rows?: number;
}

export function figure(input: Omit<Figure, "ratio" | "met">): Figure {
  const { peer_value, goal, better } = input;
  const ratio = peer_value === undefined ? undefined : round(input.value / peer_value);
  const measured = ratio ?? input.value;
  const met = goal === undefined ? undefined : better === "higher" ? measured >= goal : measured <= goal;
  return {
    ...input,
    value: round(input.value),
    ...(peer_value !== undefined && { peer_value: round(peer_value), ratio }),
    ...(met !== undefined && { goal: round(goal ?? 0), met }),
  };
}

export function machine(): BenchReport["machine"] {
  return { cpus: availableParallelism(), memory_gib: Math.round(totalmem() / 1024 ** 3) };
}

export function formatReport({ bench, machine, figures }: BenchReport): string {
  const lines = figures.map(({ name, value, unit, peer, peer_value, ratio, goal, better, met }) => {
    const beside = peer === undefined ? "" : `, ${peer} ${peer_value} ${unit}, ratio ${ratio}`;
    const aim =
      goal === undefined ? "" : ` (goal ${better === "higher" ? "≥" : "≤"} ${goal}: ${met ? "met" : "NOT MET"})`;
    return `  ${name}: ${value} ${unit}${beside}${aim}`;
  });
  return [`${bench} on ${machine.cpus} CPUs, ${machine.memory_gib} GiB`, ...lines].join("\n");
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
