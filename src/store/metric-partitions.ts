import { type Kysely, sql, type Transaction } from "kysely";
import { metricTiers } from "../domain/metric.ts";
import type { Database } from "./schema.ts";

export type TierTable = "metric_samples" | "metric_minutes" | "metric_hours";

/** Any fixed number: whoever makes or drops partitions holds it. */
const partitionLock = 7_238_114_531;
const dayMs = 86_400_000;

interface Tier {
  readonly table: TierTable;
  readonly days: number;
  /** What its rows become when they are old; absent where they only go. */
  readonly next?: { readonly table: TierTable; readonly stepSeconds: number };
  readonly byMonth: boolean;
}

/** The finest first: what one hands on is there before the next one hands on. */
export const tiers: readonly Tier[] = [
  {
    table: "metric_samples",
    days: metricTiers.raw.days,
    next: { table: "metric_minutes", stepSeconds: metricTiers.fiveMinutes.stepSeconds },
    byMonth: false,
  },
  {
    table: "metric_minutes",
    days: metricTiers.fiveMinutes.days,
    next: { table: "metric_hours", stepSeconds: metricTiers.hours.stepSeconds },
    byMonth: false,
  },
  { table: "metric_hours", days: metricTiers.hours.days, byMonth: true },
];

/** The partition that a moment falls into. */
export function partitionOf(table: TierTable, atMs: number): { name: string; from: string; to: string } {
  const byMonth = tiers.find((tier) => tier.table === table)?.byMonth ?? false;
  const day = new Date(atMs);
  const [year, month] = [day.getUTCFullYear(), day.getUTCMonth()];
  const from = byMonth ? Date.UTC(year, month) : Date.UTC(year, month, day.getUTCDate());
  const to = byMonth ? Date.UTC(year, month + 1) : from + dayMs;
  const iso = (ms: number) => new Date(ms).toISOString();
  return { name: `${table}_${iso(from).slice(0, 10).replaceAll("-", "")}`, from: iso(from), to: iso(to) };
}

/** Sees to it that rows of these moments have their partitions. */
export async function ensurePartitions(
  db: Kysely<Database>,
  table: TierTable,
  moments: readonly number[],
): Promise<readonly string[]> {
  const wanted = new Map(moments.map((at) => [partitionOf(table, at).name, partitionOf(table, at)]));
  await db.transaction().execute(async (tx) => {
    await lockPartitions(tx);
    for (const { name, from, to } of wanted.values()) {
      await sql`create table if not exists ${sql.table(name)} partition of ${sql.table(table)}
        for values from (${sql.lit(from)}) to (${sql.lit(to)})`.execute(tx);
    }
  });
  return [...wanted.keys()];
}

export async function lockPartitions(tx: Transaction<Database>): Promise<void> {
  await sql`select pg_advisory_xact_lock(${partitionLock})`.execute(tx);
}

/** Partitions that hold nothing of this moment or later, the oldest first. */
export async function partitionsBefore(
  db: Kysely<Database>,
  table: TierTable,
  beforeMs: number,
): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`select c.relname as name from pg_inherits i
    join pg_class c on c.oid = i.inhrelid where i.inhparent = ${table}::regclass order by 1`.execute(db);
  const before = partitionOf(table, beforeMs).name;
  return rows.map(({ name }) => name).filter((name) => name < before);
}
