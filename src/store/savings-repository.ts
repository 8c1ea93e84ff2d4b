import { type Kysely, type Selectable, sql } from "kysely";
import type { Scope } from "../domain/access.ts";
import type { Finding, RecommendationType, SavingsAnalysis, SavingsTotals } from "../domain/savings/recommendation.ts";
import type { SavingsSettings } from "../domain/savings/settings.ts";
import { toJson } from "./json.ts";
import { clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import { present } from "./present.ts";
import type { SavingsAnalysisTable } from "./savings-schema.ts";
import type { Database } from "./schema.ts";
import { seesAll, withinScopes } from "./scopes.ts";

export interface FindingQuery {
  readonly cursor?: string;
  readonly limit: number;
  /** False: the resources for which nothing is recommended. */
  readonly recommended: boolean;
  readonly type?: RecommendationType;
  readonly site?: string;
  /** Only what these reach; all of it when absent. */
  readonly scopes?: readonly Scope[];
}

const insertedAtOnce = 2_000;
/** Half a year of weekly ones. */
const keptAnalyses = 26;

/** What analyses of costs found; what is asked for is the newest one that was completed. */
export class SavingsRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** A repeat changes nothing. */
  async begin(analysisId: string, settings: SavingsSettings, startedAt: string): Promise<void> {
    await this.#db
      .insertInto("savings_analyses")
      .values({ analysis_id: analysisId, state: "running", settings: toJson(settings), started_at: startedAt })
      .onConflict((conflict) => conflict.column("analysis_id").doNothing())
      .execute();
  }

  /** Its findings take the place of those of an earlier attempt; the oldest analyses go. */
  async complete(analysisId: string, findings: readonly Finding[], totals: SavingsTotals): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      await tx.deleteFrom("savings_findings").where("analysis_id", "=", analysisId).execute();
      for (let at = 0; at < findings.length; at += insertedAtOnce) {
        const rows = findings.slice(at, at + insertedAtOnce).map((finding) => ({
          analysis_id: analysisId,
          finding_id: finding.findingId,
          site: finding.site,
          tags: toJson(finding.tags),
          type: finding.recommended ? finding.type : null,
          current_micros: finding.recommended ? finding.currentCost.micros : 0,
          saving_micros: finding.recommended ? finding.potentialSavings.micros : 0,
          document: toJson(finding),
        }));
        await tx.insertInto("savings_findings").values(rows).execute();
      }
      await tx
        .updateTable("savings_analyses")
        .set({ state: "completed", totals: toJson(totals), ended_at: new Date().toISOString() })
        .where("analysis_id", "=", analysisId)
        .execute();
      await sql`delete from savings_analyses where analysis_id in (
        select analysis_id from savings_analyses order by started_at desc, analysis_id desc offset ${keptAnalyses})`.execute(
        tx,
      );
    });
  }

  async fail(analysisId: string, reason: string): Promise<void> {
    await this.#db
      .updateTable("savings_analyses")
      .set({ state: "failed", reason, ended_at: new Date().toISOString() })
      .where("analysis_id", "=", analysisId)
      .where("state", "=", "running")
      .execute();
  }

  /** The newest one, whatever became of it. */
  async newest(): Promise<SavingsAnalysis | undefined> {
    const row = await this.#db
      .selectFrom("savings_analyses")
      .selectAll()
      .orderBy("started_at", "desc")
      .orderBy("analysis_id", "desc")
      .limit(1)
      .executeTakeFirst();
    return row && toAnalysis(row);
  }

  /** The newest that was completed: what lists show. */
  async shown(): Promise<SavingsAnalysis | undefined> {
    const row = await this.#db
      .selectFrom("savings_analyses")
      .selectAll()
      .where("state", "=", "completed")
      .orderBy("started_at", "desc")
      .orderBy("analysis_id", "desc")
      .limit(1)
      .executeTakeFirst();
    return row && toAnalysis(row);
  }

  /** What the scopes reach of what can be saved, by type. */
  async sums(
    analysisId: string,
    scopes: readonly Scope[] | undefined,
  ): Promise<readonly { readonly type: RecommendationType; readonly count: number; readonly savingMicros: number }[]> {
    let select = this.#db
      .selectFrom("savings_findings")
      .select([
        "type",
        sql<number>`count(*)::integer`.as("count"),
        sql<number>`sum(saving_micros)::bigint`.as("micros"),
      ])
      .where("analysis_id", "=", analysisId)
      .where("type", "is not", null)
      .groupBy("type")
      .orderBy("micros", "desc");
    if (!seesAll(scopes)) select = select.where(reached(scopes));
    const rows = await select.execute();
    return rows.map(({ type, count, micros }) => ({ type: type as RecommendationType, count, savingMicros: micros }));
  }

  /** Those that save most come first. */
  async list(analysisId: string, query: FindingQuery): Promise<Page<Finding>> {
    const limit = clampLimit(query.limit);
    const { cursor, recommended, type, site, scopes } = query;
    let select = this.#db
      .selectFrom("savings_findings")
      .select(["finding_id", "saving_micros", "document"])
      .where("analysis_id", "=", analysisId)
      .where("type", recommended ? "is not" : "is", null);
    if (!seesAll(scopes)) select = select.where(reached(scopes));
    if (type !== undefined) select = select.where("type", "=", type);
    if (site !== undefined) select = select.where("site", "=", site);
    if (cursor !== undefined) {
      const [micros, id] = decodeCursor(cursor, "number", "string");
      select = select.where(sql<boolean>`(-saving_micros, finding_id) > (${-micros}, ${id})`);
    }
    const rows = await select
      .orderBy("saving_micros", "desc")
      .orderBy("finding_id")
      .limit(limit + 1)
      .execute();
    return toPage(
      rows,
      limit,
      (row) => row.document,
      (row) => [row.saving_micros, row.finding_id],
    );
  }

  async get(analysisId: string, findingId: string): Promise<Finding | undefined> {
    const row = await this.#db
      .selectFrom("savings_findings")
      .select("document")
      .where("analysis_id", "=", analysisId)
      .where("finding_id", "=", findingId)
      .executeTakeFirst();
    return row?.document;
  }
}

function reached(scopes: readonly Scope[]) {
  return withinScopes(scopes, { sites: [sql`savings_findings.site`], tags: sql`savings_findings.tags` });
}

function toAnalysis(row: Selectable<SavingsAnalysisTable>): SavingsAnalysis {
  return {
    analysisId: row.analysis_id,
    state: row.state as SavingsAnalysis["state"],
    startedAt: row.started_at,
    settings: row.settings,
    ...present({ reason: row.reason, totals: row.totals, endedAt: row.ended_at }),
  };
}
