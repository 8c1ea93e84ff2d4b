// Long because segments, deliveries, rates and statements make one catalogue.
import { type Kysely, type Selectable, sql } from "kysely";
import type { CostImport, CostStatement, ExchangeRate } from "../domain/cost.ts";
import type { StatedForecast } from "../domain/cost-forecast.ts";
import type { CostImportTable, CostStatementTable } from "./cost-schema.ts";
import { clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";

/** What one delivery says of one billing month, as Parquet in the columns of FOCUS. */
export interface CostSegment {
  readonly segmentId: string;
  readonly sourceId: string;
  readonly billingMonth: string;
  readonly part: string;
  readonly importId: string;
  readonly contentHash: string;
  /** Days: the first that has a charge, and the one after the last. */
  readonly chargesFrom: string;
  readonly chargesTo: string;
  readonly rows: number;
  readonly bytes: number;
}

export interface CostSource {
  readonly sourceId: string;
  readonly provider: string;
  readonly site?: string;
  readonly months: number;
  readonly rows: number;
  readonly newestMonth?: string;
  readonly importedAt?: string;
}

/** A chunk in a row of the store; PostgreSQL takes it whole. */
const chunkBytes = 4 * 2 ** 20;

export class CostRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** A repeat with a known id changes nothing. */
  async addImport(entry: {
    readonly importId: string;
    readonly sourceId: string;
    readonly provider: string;
    readonly site?: string | undefined;
    readonly part: string;
    readonly format?: string | undefined;
    readonly fileName?: string | undefined;
    readonly createdBy: string;
  }): Promise<void> {
    await this.#db
      .insertInto("cost_imports")
      .values({
        import_id: entry.importId,
        source_id: entry.sourceId,
        provider: entry.provider,
        site: entry.site ?? null,
        part: entry.part,
        format: entry.format ?? null,
        file_name: entry.fileName ?? null,
        state: "waiting",
        bytes: 0,
        rows: 0,
        months: "[]",
        findings: "[]",
        created_by: entry.createdBy,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  async noteImport(
    importId: string,
    patch: Partial<Pick<CostImport, "state" | "message" | "bytes" | "rows" | "months" | "findings" | "format">>,
  ): Promise<void> {
    const { months, findings, ...plain } = patch;
    const ended = patch.state !== undefined && patch.state !== "waiting" && patch.state !== "running";
    await this.#db
      .updateTable("cost_imports")
      .set({
        ...plain,
        ...(months ? { months: JSON.stringify(months) } : {}),
        ...(findings ? { findings: JSON.stringify(findings) } : {}),
        ...(ended ? { ended_at: sql<string>`now()` } : {}),
      })
      .where("import_id", "=", importId)
      .execute();
  }

  async getImport(importId: string): Promise<CostImport | undefined> {
    const row = await this.#db
      .selectFrom("cost_imports")
      .selectAll()
      .where("import_id", "=", importId)
      .executeTakeFirst();
    return row && toImport(row);
  }

  async listImports(query: {
    readonly limit: number;
    readonly cursor?: string | undefined;
    readonly source?: string | undefined;
  }): Promise<Page<CostImport>> {
    const limit = clampLimit(query.limit);
    let select = this.#db.selectFrom("cost_imports").selectAll();
    if (query.source !== undefined) select = select.where("source_id", "=", query.source);
    if (query.cursor !== undefined) {
      const [at, id] = decodeCursor(query.cursor, "string", "string");
      select = select.where(sql<boolean>`(created_at, import_id) < (${at}, ${id})`);
    }
    const rows = await select
      .orderBy("created_at", "desc")
      .orderBy("import_id", "desc")
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, toImport, (row) => [row.created_at, row.import_id]);
  }

  /** In order, from 0. A repeat changes nothing. */
  async putUpload(importId: string, sequence: number, bytes: Buffer): Promise<void> {
    await this.#db
      .insertInto("cost_uploads")
      .values({ import_id: importId, sequence, bytes })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  async *upload(importId: string): AsyncGenerator<Buffer> {
    for (let sequence = 0; ; sequence += 1) {
      const row = await this.#db
        .selectFrom("cost_uploads")
        .select("bytes")
        .where("import_id", "=", importId)
        .where("sequence", "=", sequence)
        .executeTakeFirst();
      if (!row) return;
      yield row.bytes;
    }
  }

  async dropUpload(importId: string): Promise<void> {
    await this.#db.deleteFrom("cost_uploads").where("import_id", "=", importId).execute();
  }

  /** By billing month, what the source's part was last made of. */
  async contents(sourceId: string, part: string): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#db
      .selectFrom("cost_segments")
      .select(["billing_month", "content_hash"])
      .where("source_id", "=", sourceId)
      .where("part", "=", part)
      .execute();
    return new Map(rows.map((row) => [row.billing_month, row.content_hash]));
  }

  /** Makes the store have these instead of what it had of the same source, months and part: all of them at once. */
  async replace(
    source: { readonly sourceId: string; readonly provider: string; readonly site?: string | undefined },
    segments: readonly (CostSegment & { read(): AsyncIterable<Buffer> })[],
  ): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      const { sourceId, provider, site = null } = source;
      await tx
        .insertInto("cost_sources")
        .values({ source_id: sourceId, provider, site })
        .onConflict((conflict) => conflict.column("source_id").doUpdateSet({ provider, site }))
        .execute();
      for (const segment of segments) {
        await tx
          .deleteFrom("cost_segments")
          .where("source_id", "=", sourceId)
          .where("billing_month", "=", segment.billingMonth)
          .where("part", "=", segment.part)
          .execute();
        await tx
          .insertInto("cost_segments")
          .values({
            segment_id: segment.segmentId,
            source_id: sourceId,
            billing_month: segment.billingMonth,
            part: segment.part,
            import_id: segment.importId,
            content_hash: segment.contentHash,
            charges_from: segment.chargesFrom,
            charges_to: segment.chargesTo,
            rows: segment.rows,
            bytes: segment.bytes,
          })
          .execute();
        let sequence = 0;
        for await (const bytes of segment.read()) {
          for (let at = 0; at < bytes.length; at += chunkBytes) {
            await tx
              .insertInto("cost_segment_chunks")
              .values({ segment_id: segment.segmentId, sequence, bytes: bytes.subarray(at, at + chunkBytes) })
              .execute();
            sequence += 1;
          }
        }
      }
    });
  }

  /** Those that may have a charge within the days. */
  async segments(from: string, to: string): Promise<readonly CostSegment[]> {
    const rows = await this.#db
      .selectFrom("cost_segments")
      .selectAll()
      .select([sql<string>`charges_from::text`.as("first_day"), sql<string>`charges_to::text`.as("last_day")])
      .where(sql<boolean>`charges_from < ${to}::date and charges_to > ${from}::date`)
      .orderBy("segment_id")
      .execute();
    return rows.map((row) => ({
      segmentId: row.segment_id,
      sourceId: row.source_id,
      billingMonth: row.billing_month,
      part: row.part,
      importId: row.import_id,
      contentHash: row.content_hash,
      chargesFrom: row.first_day,
      chargesTo: row.last_day,
      rows: row.rows,
      bytes: row.bytes,
    }));
  }

  /** Its bytes, in order; nothing for one that was replaced meanwhile. */
  async *read(segmentId: string): AsyncGenerator<Buffer> {
    for (let sequence = 0; ; sequence += 1) {
      const row = await this.#db
        .selectFrom("cost_segment_chunks")
        .select("bytes")
        .where("segment_id", "=", segmentId)
        .where("sequence", "=", sequence)
        .executeTakeFirst();
      if (!row) return;
      yield row.bytes;
    }
  }

  async sources(): Promise<readonly CostSource[]> {
    const rows = await this.#db
      .selectFrom("cost_sources as s")
      .leftJoin("cost_segments as g", "g.source_id", "s.source_id")
      .select(["s.source_id", "s.provider", "s.site"])
      .select([
        sql<number>`count(distinct g.billing_month)::integer`.as("months"),
        sql<number>`coalesce(sum(g.rows), 0)::bigint`.as("rows"),
        sql<string | null>`max(g.billing_month)`.as("newest"),
        sql<string | null>`max(g.imported_at)`.as("imported_at"),
      ])
      .groupBy(["s.source_id", "s.provider", "s.site"])
      .orderBy("s.source_id")
      .execute();
    return rows.map((row) => ({
      sourceId: row.source_id,
      provider: row.provider,
      months: row.months,
      rows: row.rows,
      ...present({ site: row.site, newestMonth: row.newest, importedAt: row.imported_at }),
    }));
  }

  async setRate({ from, to, month, rate, source }: ExchangeRate): Promise<void> {
    await this.#db
      .insertInto("exchange_rates")
      .values({ from_currency: from, to_currency: to, month, rate, source })
      .onConflict((conflict) =>
        conflict
          .columns(["from_currency", "to_currency", "month"])
          .doUpdateSet({ rate, source, set_at: sql<string>`now()` }),
      )
      .execute();
  }

  async rates(to?: string): Promise<readonly ExchangeRate[]> {
    let select = this.#db.selectFrom("exchange_rates").selectAll();
    if (to !== undefined) select = select.where("to_currency", "=", to);
    const rows = await select.orderBy("from_currency").orderBy("to_currency").orderBy("month").execute();
    return rows.map((row) => ({
      from: row.from_currency,
      to: row.to_currency,
      month: row.month,
      rate: row.rate,
      source: row.source,
    }));
  }

  /** What the provider says last counts. */
  async setStatement({ sourceId, month, amount, saidBy }: Omit<CostStatement, "saidAt">): Promise<void> {
    const { micros, currency } = amount;
    await this.#db
      .insertInto("cost_statements")
      .values({ source_id: sourceId, month, currency, micros, said_by: saidBy })
      .onConflict((conflict) =>
        conflict
          .columns(["source_id", "month", "currency"])
          .doUpdateSet({ micros, said_by: saidBy, said_at: sql<string>`now()` }),
      )
      .execute();
  }

  /** Takes the place of what the site's provider had said before. */
  async setForecast(site: string, { saidBy, currency, days, level }: StatedForecast): Promise<void> {
    const said = { said_by: saidBy, currency, days: JSON.stringify(days), level: level ?? null };
    await this.#db
      .insertInto("cost_forecasts")
      .values({ site, ...said })
      .onConflict((conflict) => conflict.column("site").doUpdateSet({ ...said, said_at: sql<string>`now()` }))
      .execute();
  }

  /** What providers say themselves, by site. */
  async forecasts(): Promise<readonly (StatedForecast & { readonly site: string; readonly saidAt: string })[]> {
    const rows = await this.#db.selectFrom("cost_forecasts").selectAll().orderBy("site").execute();
    return rows.map(({ site, said_by: saidBy, currency, days, level, said_at: saidAt }) => ({
      ...{ site, saidBy, currency, days, saidAt },
      ...(level === null ? {} : { level }),
    }));
  }

  async statements(month: string): Promise<readonly CostStatement[]> {
    const rows = await this.#db
      .selectFrom("cost_statements")
      .selectAll()
      .where("month", "=", month)
      .orderBy("source_id")
      .orderBy("currency")
      .execute();
    return rows.map(toStatement);
  }
}

function toStatement(row: Selectable<CostStatementTable>): CostStatement {
  return {
    sourceId: row.source_id,
    month: row.month,
    amount: { micros: row.micros, currency: row.currency },
    saidBy: row.said_by,
    saidAt: row.said_at,
  };
}

function toImport(row: Selectable<CostImportTable>): CostImport {
  return {
    importId: row.import_id,
    sourceId: row.source_id,
    provider: row.provider,
    part: row.part,
    state: row.state as CostImport["state"],
    bytes: row.bytes,
    rows: row.rows,
    months: row.months,
    findings: row.findings,
    createdBy: row.created_by,
    createdAt: row.created_at,
    ...present({
      site: row.site,
      format: row.format,
      fileName: row.file_name,
      message: row.message,
      endedAt: row.ended_at,
    }),
  };
}
