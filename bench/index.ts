import type { Bench, BenchReport } from "./lib/report.ts";
import { formatReport, machine } from "./lib/report.ts";
import type { TraceFiles } from "./lib/vm-traces.ts";

/** Every bench, by name; each is loaded when it runs. A new one is a file and a line here. */
const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  transfer: async () => (await import("./transfer.ts")).transferBench,
  api: async () => (await import("./api.ts")).apiBench,
  chaos: async () => (await import("./chaos.ts")).chaosBench,
  authz: async () => (await import("./authz.ts")).authzBench,
  convert: async () => (await import("./convert.ts")).convertBench,
  inventory: async () => (await import("./inventory.ts")).inventoryBench,
  "load-time": async () => (await import("./load-time.ts")).loadTimeBench,
  transit: async () => (await import("./transit.ts")).transitBench,
  prepare: async () => (await import("./prepare.ts")).prepareBench,
  replication: async () => (await import("./replication.ts")).replicationBench,
  warm: async () => (await import("./warm.ts")).warmBench,
  policy: async () => (await import("./policy.ts")).policyBench,
  typical: async () => (await import("./typical.ts")).typicalBench,
  failover: async () => (await import("./failover.ts")).failoverBench,
  "tunnel-failover": async () => (await import("./tunnel-failover.ts")).tunnelFailoverBench,
  wave: async () => (await import("./wave.ts")).waveBench,
  routes: async () => (await import("./routes.ts")).routesBench,
  savings: async () => (await import("./savings.ts")).savingsBench,
  forecast: async () => (await import("./forecast.ts")).forecastBench,
  console: async () => (await import("./console.ts")).consoleBench,
  overhead: async () => (await import("./overhead.ts")).overheadBench,
  "cost-scan": async () => (await import("./cost-scan.ts")).costScanBench,
  "burst-replay": async () => (await import("./burst-replay.ts")).burstReplayBench,
};

export interface BenchOptions {
  /** What stdout has is the report as JSON, and nothing else. */
  readonly json?: boolean;
  /** Makes the exit code 1 where a goal is not met. */
  readonly check?: boolean;
  readonly runs?: number;
  readonly seed?: number;
  readonly sizeGib?: number;
  readonly pairs?: string;
  readonly resources?: number;
  readonly load?: string;
  readonly traces?: TraceFiles;
  readonly rows?: number;
}

export async function listBenches(): Promise<{ name: string; summary: string }[]> {
  const loaded = await Promise.all(Object.values(benches).map((load) => load()));
  return loaded.map(({ name, summary }) => ({ name, summary }));
}

/** Runs a bench, prints its report to stdout (what it does meanwhile goes to stderr), and returns the exit code. */
export async function runBench(name: string, options: BenchOptions = {}): Promise<number> {
  const open = benches[name];
  if (!open) {
    process.stderr.write(`There is no bench ${name}. There are: ${Object.keys(benches).join(", ")}.\n`);
    return 2;
  }
  const { json = false, check = false, runs, seed, sizeGib, pairs, resources, load, rows, traces } = options;
  const note = (line: string): void => void process.stderr.write(`${line}\n`);
  const bench = await open();
  const refused = Object.entries({ size: sizeGib, pairs, resources, load, rows, traces })
    .filter(([option, value]) => value !== undefined && !bench.takes?.some((taken) => taken === option))
    .map(([option]) => `--${option}`);
  if (refused.length > 0) {
    process.stderr.write(`The bench ${name} has no ${refused.join(" and no ")}.\n`);
    return 2;
  }
  const figures = await bench.run({ note, runs, seed, sizeGib, pairs, resources, load, rows, traces });
  const report: BenchReport = { bench: name, machine: machine(), figures };
  process.stdout.write(`${json ? JSON.stringify(report) : formatReport(report)}\n`);
  return check && report.figures.some((figure) => figure.met === false) ? 1 : 0;
}
