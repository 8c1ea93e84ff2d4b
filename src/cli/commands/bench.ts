import { resolve } from "node:path";
import { type BenchOptions, listBenches, runBench } from "../../../bench/index.ts";
import { usageError } from "../failure.ts";
import { show, table } from "../output.ts";
import type { CommonOptions } from "./options.ts";

export interface BenchCommandOptions extends CommonOptions {
  readonly list?: boolean;
  readonly json?: boolean;
  readonly check?: boolean;
  readonly runs?: string;
  readonly seed?: string;
  readonly size?: string;
  readonly pairs?: string;
  readonly resources?: string;
  readonly load?: string;
  readonly traces?: string;
  readonly vms?: string;
  readonly nextMonth?: string;
  readonly rows?: string;
}

/** Returns the exit code. */
export async function bench(name: string | undefined, options: BenchCommandOptions): Promise<number> {
  const json = (options.json ?? false) || options.output === "json";
  if (options.list) {
    await show(await listBenches(), json ? "json" : options.output, (rows) =>
      table(
        rows,
        [
          { head: "BENCH", value: (row) => row.name },
          { head: "WHAT", value: (row) => row.summary },
        ],
        "No benches.",
      ),
    );
    return 0;
  }
  if (!name) throw usageError("bench needs a name", "novacron bench --list names them.");
  if (options.output === "yaml") throw usageError("A bench's report is a table or JSON", "Use --output json.");
  return runBench(name, {
    json,
    check: options.check ?? false,
    ...(options.runs === undefined ? {} : { runs: readCount(options.runs, "--runs") }),
    ...(options.seed === undefined ? {} : { seed: readCount(options.seed, "--seed") }),
    ...(options.size === undefined ? {} : { sizeGib: readCount(options.size, "--size") }),
    ...(options.resources === undefined ? {} : { resources: readCount(options.resources, "--resources") }),
    ...(options.rows === undefined ? {} : { rows: readCount(options.rows, "--rows") }),
    ...(options.load === undefined ? {} : { load: options.load }),
    ...(options.pairs === undefined ? {} : { pairs: options.pairs }),
    ...readTraces(options),
  });
}

function readTraces({ traces, vms, nextMonth }: BenchCommandOptions): Pick<BenchOptions, "traces"> {
  if (traces === undefined && vms === undefined && nextMonth === undefined) return {};
  if (traces !== undefined && vms !== undefined && nextMonth !== undefined) {
    return { traces: { traces: resolve(traces), vms: resolve(vms), nextMonth: resolve(nextMonth) } };
  }
  throw usageError("The traces are three files", "Give --traces, --vms and --next-month, or none of them.");
}

function readCount(text: string, option: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw usageError(`${option} ${text} is not a count`, "Write a whole number from 1.");
}
