import type { UsageSeries } from "../../src/domain/savings/usage.ts";
import { seededRandom } from "./random.ts";

/** A VM over two months: the first is looked at, the second says what would have come of it. */
export interface TracedVm {
  readonly vmId: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly usage: UsageSeries;
  /** Absent when the VM was gone by then. */
  readonly nextMonth?: UsageSeries;
}

export interface TraceFiles {
  /** Parquet or CSV: vm_id, step, cpu_permille, mem_used_mib, and net_tx_kbps and net_rx_kbps where they are known. */
  readonly traces: string;
  /** CSV or Parquet: vm_id, vcpus, mem_gib. */
  readonly vms: string;
  readonly nextMonth: string;
}

const stepSeconds = 300;
const days = 28;
const steps = (days * 86_400) / stepSeconds;
const startMs = Date.UTC(2013, 7, 1);
const nextStartMs = Date.UTC(2013, 8, 1);
const mib = 2 ** 20;
const gib = 2 ** 30;

export async function readTraces({ traces, vms, nextMonth }: TraceFiles): Promise<TracedVm[]> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:", { threads: "2", memory_limit: "1GB" });
  const connection = await instance.connect();
  const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjects();
  const read = (file: string) =>
    `${file.endsWith(".parquet") ? "read_parquet" : "read_csv"}('${file.replaceAll("'", "''")}')`;
  try {
    const known = await rows(`select vm_id, vcpus, mem_gib from ${read(vms)} order by vm_id`);
    const sizes = new Map(known.map((row) => [String(row.vm_id), row]));
    const series = async (file: string, first: number) => {
      const columns = (await rows(`describe select * from ${read(file)}`)).map((row) => String(row.column_name));
      const network = columns.includes("net_tx_kbps") && columns.includes("net_rx_kbps");
      const found = new Map<string, Columns>();
      const sql = `select vm_id, step, cpu_permille, mem_used_mib${network ? ", net_tx_kbps + net_rx_kbps as net" : ""}`;
      const result = await connection.stream(`${sql} from ${read(file)}`);
      for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
        const [ids, at, cpu, memory, net] = chunk.getColumns();
        for (let row = 0; row < chunk.rowCount; row++) {
          const vmId = String(ids?.[row]);
          const column = found.get(vmId) ?? empty(network);
          found.set(vmId, column);
          const step = Number(at?.[row]);
          column.cpu[step] = measured(cpu?.[row]) / 1000;
          column.memory[step] = measured(memory?.[row]) * mib;
          if (column.network) column.network[step] = measured(net?.[row]) * 1000;
        }
      }
      return (vmId: string, cpus: number): UsageSeries | undefined => {
        const column = found.get(vmId);
        return column && seriesOf(column, cpus, first);
      };
    };
    const [month, after] = [await series(traces, startMs), await series(nextMonth, nextStartMs)];
    return [...sizes].flatMap(([vmId, row]) => {
      const cpus = Number(row.vcpus);
      const [usage, later] = [month(vmId, cpus), after(vmId, cpus)];
      if (!usage) return [];
      return [{ vmId, cpus, memoryBytes: Number(row.mem_gib) * gib, usage, ...(later ? { nextMonth: later } : {}) }];
    });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

interface Columns {
  readonly cpu: Float64Array;
  readonly memory: Float64Array;
  readonly network?: Float64Array;
}

function empty(network: boolean): Columns {
  const gaps = () => new Float64Array(steps).fill(Number.NaN);
  return { cpu: gaps(), memory: gaps(), ...(network ? { network: gaps() } : {}) };
}

function measured(value: unknown): number {
  return value === null || value === undefined ? Number.NaN : Number(value);
}

function seriesOf({ cpu, memory, network }: Columns, cpus: number, first: number): UsageSeries {
  return {
    startMs: first,
    stepSeconds,
    cpu: cpu.map((share) => share * cpus),
    memoryBytes: memory,
    ...(network ? { networkBytesPerSecond: network } : {}),
  };
}

/** Repeat with the seed. VMs of five kinds, some of which change from the one month to the next. */
export function madeUpTraces(count: number, seed: number): TracedVm[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const cpus = [1, 2, 2, 4, 4, 8][Math.floor(random() * 6)] ?? 2;
    const memoryBytes = cpus * ([2, 4, 8][Math.floor(random() * 3)] ?? 4) * gib;
    const kind = kinds[index % kinds.length] ?? "steady";
    const level = 0.05 + 0.5 * random();
    const memory = 0.1 + 0.6 * random();
    const month = (first: number, growth: number): UsageSeries => {
      const columns = empty(true);
      for (let step = 0; step < steps; step++) {
        const share = Math.min(1, useOf(kind, level, new Date(first + step * stepSeconds * 1000), random) * growth);
        columns.cpu[step] = share;
        columns.memory[step] = memoryBytes * Math.min(1, memory * (0.9 + 0.15 * random()) * growth);
        if (columns.network) columns.network[step] = kind === "idle" ? 100 : share * 1e6;
      }
      return seriesOf(columns, cpus, first);
    };
    const usage = month(startMs, 1);
    const growth = random() < 0.04 ? 2 : 0.95 + 0.1 * random();
    return { vmId: `made-${index}`, cpus, memoryBytes, usage, nextMonth: month(nextStartMs, growth) };
  });
}

const kinds = ["idle", "steady", "office", "batch", "spiky"] as const;

function useOf(kind: (typeof kinds)[number], level: number, at: Date, random: () => number): number {
  const noise = 0.9 + 0.2 * random();
  const [hour, day] = [at.getUTCHours(), at.getUTCDay()];
  if (kind === "idle") return 0.01 * noise;
  if (kind === "steady") return level * 0.4 * noise;
  if (kind === "office") return (day > 0 && day < 6 && hour >= 7 && hour < 19 ? level : 0.01) * noise;
  if (kind === "batch") return (hour < 3 ? 0.9 : 0.02) * noise;
  return random() < 0.01 ? level : 0.04 * noise;
}
