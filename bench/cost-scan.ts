/**
 * `cost-scan`: a month of 100,000 VMs. A delivery of 10 million cost rows is imported (read, checked against the rules of FOCUS,
 * kept in PostgreSQL) and summed in three ways, each beside the same question asked of plain DuckDB over the delivered file; and
 * 72 million hourly samples of CPU and memory are read beside what each VM cost. Smaller with `--rows`: there are as many VMs
 * for each row, and the report says so. The delivery and the samples are made up.
 */
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CostBook } from "../src/costs/index.ts";
import type { CostDimension } from "../src/domain/cost.ts";
import { withStore } from "./lib/bench-store.ts";
import { interleave, median, seconds } from "./lib/measure.ts";
import { type Bench, type BenchContext, type Figure, figure } from "./lib/report.ts";

export const costScanBench: Bench = {
  name: "cost-scan",
  summary:
    "10 million cost rows imported and summed beside plain DuckDB, 72 million samples of 100,000 VMs read; memory",
  takes: ["rows"],
  run,
};

const wholeRows = 10_000_000;
const rowsPerVm = 100;
const hours = 30 * 24;
const goalSeconds = 300;
const goalMemory = 2 * 2 ** 30;
const threads = 2;
const month = { from: "2026-09-01", to: "2026-10-01" } as const;

const questions: Readonly<Record<string, { readonly groupBy: readonly CostDimension[]; readonly plain: string }>> = {
  "by service and region": { groupBy: ["service", "region"], plain: `"ServiceName", "RegionId"` },
  "by project and day": {
    groupBy: ["day", "tag:project"],
    plain: `CAST("ChargePeriodStart" AS DATE), "Tags"['project']`,
  },
  "by resource": { groupBy: ["resource"], plain: `"ResourceId"` },
};

async function run({ note, runs = 3, rows = wholeRows }: BenchContext): Promise<Figure[]> {
  const vms = Math.max(1, Math.round(rows / rowsPerVm));
  const dir = await mkdtemp(join(tmpdir(), "nvc-b-costs-"));
  try {
    const { DuckDBInstance } = await import("@duckdb/node-api");
    const options = { threads: String(threads), memory_limit: "768MiB", temp_directory: join(dir, "spill") };
    const instance = await DuckDBInstance.create(":memory:", options);
    const plain = await instance.connect();
    await plain.run("SET TimeZone = 'UTC'; SET preserve_insertion_order = false");
    const delivery = join(dir, "delivery.parquet");
    const samples = join(dir, "samples.parquet");
    note(`${rows} cost rows of ${vms} VMs are made up, and ${vms * hours} samples`);
    await plain.run(deliverySql(rows, vms, delivery));
    await plain.run(samplesSql(vms, samples));
    note(`they take ${await mebibytes(delivery)} and ${await mebibytes(samples)} MiB`);
    return await withStore(async (store) => {
      const book = new CostBook({ costs: store.costs, threads });
      try {
        const importSeconds = await seconds(() =>
          book.take({
            ...{ importId: "bench", sourceId: "bench", provider: "aws", part: "" },
            siteOfRegion: { "region-0": "aws-region-0" },
            files: [delivery],
          }),
        );
        note(`imported in ${importSeconds.toFixed(1)} s`);
        const figures: Figure[] = [];
        let ours = importSeconds;
        for (const [name, { groupBy, plain: columns }] of Object.entries(questions)) {
          const times = await interleave(runs, {
            ours: () => seconds(() => book.sum({ ...month, groupBy, limit: 5_000 })),
            plain: () => seconds(() => plain.runAndReadAll(plainSql(delivery, columns))),
          });
          const [own, peer] = [median(times.ours), median(times.plain)];
          ours += own;
          note(`${name}: ours ${own.toFixed(2)} s, plain DuckDB ${peer.toFixed(2)} s`);
          figures.push(
            figure({
              name: `sums ${name}`,
              value: rows / own,
              unit: "rows/s",
              peer: "plain DuckDB over the delivered file",
              peer_value: rows / peer,
              goal: 0.8,
              better: "higher",
            }),
          );
        }
        const scanSeconds = await seconds(() => book.query(month, scanSql(samples)));
        note(`the samples and costs of all VMs are read in ${scanSeconds.toFixed(1)} s`);
        const small = rows === wholeRows ? "" : `, ${rows} rows instead of ${wholeRows}`;
        const { maxRSS } = process.resourceUsage();
        return [
          figure({ name: `import${small}`, value: importSeconds, unit: "s", better: "lower" }),
          ...figures,
          figure({ name: `samples beside costs, ${vms} VMs`, value: scanSeconds, unit: "s", better: "lower" }),
          figure({
            name: `all of it${small}`,
            value: ours + scanSeconds,
            unit: "s",
            goal: goalSeconds,
            better: "lower",
          }),
          figure({
            name: "peak memory, making it up included",
            value: maxRSS * 1024,
            unit: "bytes",
            goal: goalMemory,
            better: "lower",
          }),
        ];
      } finally {
        await book.close();
        plain.closeSync();
        instance.closeSync();
      }
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** A hundred rows a VM: three charges a day and a bit, over five services, sixteen regions and fifty projects. */
function deliverySql(rows: number, vms: number, file: string): string {
  return `COPY (SELECT
      cost AS "BilledCost", cost * 0.8 AS "EffectiveCost", cost * 1.2 AS "ListCost", cost AS "ContractedCost",
      'payer' AS "BillingAccountId", 'USD' AS "BillingCurrency",
      TIMESTAMP '2026-09-01' AS "BillingPeriodStart", TIMESTAMP '2026-10-01' AS "BillingPeriodEnd",
      'Usage' AS "ChargeCategory", 'Usage-Based' AS "ChargeFrequency",
      TIMESTAMP '2026-09-01' + to_days(CAST((i // ${vms}) % 30 AS INTEGER)) AS "ChargePeriodStart",
      TIMESTAMP '2026-09-02' + to_days(CAST((i // ${vms}) % 30 AS INTEGER)) AS "ChargePeriodEnd",
      'Standard' AS "PricingCategory", 'AWS' AS "ProviderName", 'region-' || (vm % 16) AS "RegionId",
      'vm-' || vm AS "ResourceId", 'Compute' AS "ServiceCategory", 'Service ' || (i % 5) AS "ServiceName",
      'account-' || (vm % 40) AS "SubAccountId", MAP {'project': 'project-' || (vm % 50), 'env': 'prod'} AS "Tags"
    FROM (SELECT i, i % ${vms} AS vm, (hash(i) % 1000000) / 1000000.0 AS cost FROM range(${rows}) AS r(i)))
    TO '${file}' (FORMAT parquet, COMPRESSION zstd)`;
}

function samplesSql(vms: number, file: string): string {
  return `COPY (SELECT 'vm-' || (i // ${hours}) AS vm, TIMESTAMP '2026-09-01' + to_hours(CAST(i % ${hours} AS INTEGER)) AS at,
      CAST((hash(i) % 10000) / 10000.0 AS FLOAT) AS cpu, CAST((hash(i + 1) % 10000) / 10000.0 AS FLOAT) AS memory
    FROM range(${vms * hours}) AS r(i)) TO '${file}' (FORMAT parquet, COMPRESSION zstd)`;
}

function plainSql(file: string, columns: string): string {
  return `SELECT ${columns}, sum("ListCost"), sum("ContractedCost"), sum("BilledCost") AS billed, sum("EffectiveCost"), count(*)
    FROM '${file}' WHERE "ChargePeriodStart" >= TIMESTAMP '2026-09-01' AND "ChargePeriodStart" < TIMESTAMP '2026-10-01'
    GROUP BY ALL ORDER BY billed DESC LIMIT 5000`;
}

/** What a look for savings asks of every VM: how busy it was, hour by hour, and what it cost. */
function scanSql(samples: string): string {
  return `SELECT count(*)::DOUBLE AS vms, sum(cost)::DOUBLE AS cost FROM (
      SELECT vm, max(cpu) AS most, avg(cpu) AS mean, approx_quantile(cpu, 0.99) AS p99, max(memory) AS memory
      FROM read_parquet('${samples}') GROUP BY vm) AS used
    JOIN (SELECT "ResourceId" AS vm, sum("EffectiveCost") AS cost FROM cost_rows GROUP BY 1) AS paid USING (vm)`;
}

async function mebibytes(file: string): Promise<string> {
  return ((await stat(file)).size / 2 ** 20).toFixed(0);
}
