import { answerOf, connectApi, type Schemas } from "../client.ts";
import { usageError } from "../failure.ts";
import { fields, show, table } from "../output.ts";
import { formatBytes, formatSeconds } from "../units.ts";
import type { CommonOptions } from "./options.ts";

type Statistics = Schemas["MigrationStatistics"];
type Totals = Omit<Statistics, "states" | "routes">;

export async function migrationStatistics(options: CommonOptions & { since?: string; until?: string }): Promise<void> {
  const { api } = connectApi(options);
  const query = {
    ...(options.since === undefined ? {} : { since: readTime(options.since) }),
    ...(options.until === undefined ? {} : { until: readTime(options.until) }),
  };
  const sums = await answerOf(api.GET("/v1/migrations/statistics", { params: { query } }));
  await show(sums, options.output, describe);
}

async function describe(sums: Statistics): Promise<string> {
  const states = sums.states.filter(({ migrations }) => migrations > 0);
  const routes = await table(
    sums.routes,
    [
      { head: "FROM", value: (row) => row.from },
      { head: "TO", value: (row) => row.to },
      { head: "ALL", align: "right", value: (row) => row.total_migrations },
      { head: "MOVED", align: "right", value: (row) => row.completed_migrations },
      { head: "FAILED", align: "right", value: (row) => row.failed_migrations },
      { head: "BYTES", align: "right", value: (row) => formatBytes(row.bytes_copied) },
      { head: "RATE", align: "right", value: (row) => rateOf(row) },
      { head: "TOOK", align: "right", value: (row) => tookOf(row) },
      { head: "DOWN", align: "right", value: (row) => downOf(row) },
    ],
    "No migrations.",
  );
  const { downtime, predictions } = sums;
  return [
    fields([
      ["Migrations", `${sums.total_migrations}, ${sums.completed_migrations} moved, ${sums.failed_migrations} failed`],
      ["States", states.map(({ state, migrations }) => `${migrations} ${state}`).join(", ") || undefined],
      ["On the wire", sums.bytes_on_wire > 0 ? formatBytes(sums.bytes_on_wire) : undefined],
      ["Bytes", `${formatBytes(sums.bytes_copied)}, ${formatBytes(sums.bytes_resent)} of them sent again`],
      ["Rate", rateOf(sums) || undefined],
      ["Took", tookOf(sums) || undefined],
      [
        "Downtime",
        downtime &&
          `${formatSeconds(downtime.median_seconds)} at the median of ${downtime.count}, ${formatSeconds(downtime.p95_seconds)} at 95 %, ${formatSeconds(downtime.max_seconds)} at most`,
      ],
      [
        "Predicted",
        predictions &&
          `${predictions.kept} of ${predictions.count} within 20 %; took ${predictions.median_ratio.toFixed(2)} of it at the median`,
      ],
    ]),
    routes,
  ].join("\n\n");
}

function rateOf({ copy_bytes_per_second: rate }: Totals): string {
  return rate === undefined ? "" : `${formatBytes(rate)}/s`;
}

function tookOf({ median_seconds: seconds }: Totals): string {
  return seconds === undefined ? "" : formatSeconds(seconds);
}

function downOf({ downtime }: Totals): string {
  return downtime === undefined ? "" : formatSeconds(downtime.median_seconds);
}

function readTime(text: string): string {
  const at = new Date(text);
  if (!Number.isNaN(at.getTime())) return at.toISOString();
  throw usageError(`${text} is not a time`, "Write one such as 2030-01-31T22:00:00Z.");
}
