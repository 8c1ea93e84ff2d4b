import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { rename, stat } from "node:fs/promises";
import { join } from "node:path";
import type { CostFinding, CostFormat } from "../domain/cost.ts";
import { ProviderError } from "../domain/errors.ts";
import type { CostRepository, CostSegment } from "../store/index.ts";
import type { GivenColumn } from "./adapters/adapter.ts";
import { adapterOf } from "./adapters/index.ts";
import { type Engine, type EngineSession, literal } from "./engine.ts";
import { checkRows } from "./rules.ts";

/** A delivery of costs. */
export interface Delivery {
  readonly importId: string;
  readonly sourceId: string;
  /** The kind of site: `aws`. */
  readonly provider: string;
  /** Where all of it is of one site… */
  readonly site?: string | undefined;
  /** …or else which site each region of it is. */
  readonly siteOfRegion?: Readonly<Record<string, string>> | undefined;
  /** Which of several deliveries of a month it is; '' for one that has the months whole. */
  readonly part: string;
  /** Absent takes the one that its columns show. */
  readonly format?: CostFormat | undefined;
  /** Its files, all with the same columns: CSV, JSON lines or Parquet, the former two also gzipped. */
  readonly files: readonly string[];
}

export interface Delivered {
  readonly format: CostFormat;
  readonly rows: number;
  readonly bytes: number;
  readonly months: readonly string[];
  readonly findings: readonly CostFinding[];
  /** False when all of it had been taken before. */
  readonly changed: boolean;
}

/** What would be read otherwise from then on: segments that were made before are made again. */
const readerVersion = "1";
const compression = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880";

/**
 * Takes a delivery whole or not at all: reads it as FOCUS, holds it to the rules, and puts each of its billing months in the place
 * of what the source had said of that month before. So a repeat changes nothing, late rows and corrections come with the next
 * delivery of their month, and nothing is counted twice.
 * @throws ProviderError InvalidInput for what can't be read, or breaks a rule that sums depend on.
 */
export async function takeDelivery(
  { engine, costs, dir }: { engine: Engine; costs: CostRepository; dir: string },
  delivery: Delivery,
): Promise<Delivered> {
  const contentHash = await hashOf(delivery);
  return engine.with(async (session) => {
    // Times with a zone are kept in UTC.
    await session.run("SET TimeZone = 'UTC'");
    const staged = join(dir, `${delivery.importId}.staged.parquet`);
    const format = await stage(session, delivery, staged);
    const findings = await checkRows(session, staged);
    refuse(delivery, findings);
    const months = await monthsOf(session, staged);
    const known = await costs.contents(delivery.sourceId, delivery.part);
    const fresh = months.filter(({ month }) => known.get(month) !== contentHash);
    const segments: (CostSegment & { read(): AsyncIterable<Buffer> })[] = [];
    for (const { month, rows, first, last } of fresh) {
      const segmentId = `${delivery.importId}-${month}`;
      const file = join(dir, `${segmentId}.parquet`);
      await writeMonth(session, { staged, file, month, whole: months.length === 1 });
      const { size } = await stat(file);
      segments.push({
        ...{ segmentId, sourceId: delivery.sourceId, billingMonth: month, part: delivery.part },
        ...{ importId: delivery.importId, contentHash, rows, bytes: size, chargesFrom: first, chargesTo: last },
        read: () => createReadStream(file, { highWaterMark: 4 * 2 ** 20 }),
      });
    }
    if (segments.length > 0) await costs.replace(delivery, segments);
    return {
      format,
      findings,
      rows: months.reduce((sum, { rows }) => sum + rows, 0),
      bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
      months: months.map(({ month }) => month),
      changed: segments.length > 0,
    };
  });
}

async function stage(session: EngineSession, delivery: Delivery, staged: string): Promise<CostFormat> {
  const given = readerOf(delivery.files);
  const described = await session.rows<{ column_name: string; column_type: string }>(`DESCRIBE SELECT * FROM ${given}`);
  const columns = new Map<string, GivenColumn>(
    described.map(({ column_name: name, column_type: type }) => [name, { name, type }]),
  );
  const { format, adapter } = adapterOf(columns, delivery.format, delivery.files[0] ?? delivery.sourceId);
  const { provider, site, siteOfRegion = {}, sourceId } = delivery;
  const regions = Object.entries(siteOfRegion).map(([region, of]) => `WHEN ${literal(region)} THEN ${literal(of)}`);
  const place =
    site !== undefined
      ? literal(site)
      : regions.length > 0
        ? `CASE "RegionId" ${regions.join(" ")} END`
        : "NULL::VARCHAR";
  await session.run(
    `COPY (SELECT *, ${literal(provider)} AS "x_Provider", ${place} AS "x_Site", ${literal(sourceId)} AS "x_Source"
      FROM (${adapter.select(given, columns)})) TO ${literal(staged)} (${compression})`,
  );
  return format;
}

function readerOf(files: readonly string[]): string {
  const list = `[${files.map(literal).join(", ")}]`;
  const [first = ""] = files;
  if (/\.parquet$/i.test(first)) return `read_parquet(${list}, union_by_name = true)`;
  if (/\.(?:json|jsonl|ndjson)(?:\.gz)?$/i.test(first)) {
    return `read_json(${list}, format = 'newline_delimited', union_by_name = true, sample_size = -1)`;
  }
  // Values are read as texts and turned into what FOCUS says that they are, never into what they look like.
  return `read_csv(${list}, header = true, all_varchar = true, union_by_name = true)`;
}

function refuse({ sourceId, files }: Delivery, findings: readonly CostFinding[]): void {
  const refused = findings.filter(({ severity }) => severity === "refused");
  if (refused.length === 0) return;
  throw new ProviderError("InvalidInput", {
    operation: "import costs",
    resource: files[0] ?? sourceId,
    reason: refused.map(({ what, rows, rule }) => `${what} in ${rows} row(s) (${rule})`).join("; "),
    action: "Nothing was taken. Correct the export, or leave those rows out of it, and import it again.",
  });
}

async function monthsOf(session: EngineSession, staged: string) {
  return session.rows<{ month: string; rows: number; first: string; last: string }>(
    `SELECT strftime("BillingPeriodStart", '%Y-%m') AS month, count(*)::DOUBLE AS rows,
        CAST(CAST(min("ChargePeriodStart") AS DATE) AS VARCHAR) AS first,
        CAST(CAST(max("ChargePeriodStart") AS DATE) + 1 AS VARCHAR) AS last
      FROM read_parquet(${literal(staged)}) GROUP BY ALL ORDER BY month`,
  );
}

async function writeMonth(
  session: EngineSession,
  { staged, file, month, whole }: { staged: string; file: string; month: string; whole: boolean },
): Promise<void> {
  if (whole) {
    await rename(staged, file);
    return;
  }
  await session.run(
    `COPY (SELECT * FROM read_parquet(${literal(staged)}) WHERE strftime("BillingPeriodStart", '%Y-%m') = ${literal(month)})
      TO ${literal(file)} (${compression})`,
  );
}

async function hashOf({ files, format, provider, site = "", siteOfRegion = {} }: Delivery): Promise<string> {
  const hash = createHash("sha256");
  hash.update(
    JSON.stringify([
      readerVersion,
      format ?? "",
      provider,
      site,
      Object.entries(siteOfRegion).sort(([a], [b]) => (a < b ? -1 : 1)),
    ]),
  );
  for (const file of files) for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
