import { type Kysely, type Selectable, sql } from "kysely";
import type { HealthAction, HealthSample, Probe, Sight, Verdict } from "../domain/site-health.ts";
import type { DecisionAnswer, HealthDecisionTable } from "./health-schema.ts";
import { toJson, toText } from "./json.ts";
import { clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";

export interface HealthDecision {
  readonly decisionId: string;
  readonly site: string;
  /** Of a decision about one group. */
  readonly groupId?: string;
  readonly epoch?: number;
  readonly at: string;
  readonly verdict: Verdict;
  readonly action: HealthAction;
  readonly reasons: readonly string[];
  /** What it was decided on. */
  readonly samples: readonly HealthSample[];
  /** Until when a person is asked. */
  readonly deadline?: string;
  readonly makeSureOf?: readonly string[];
  readonly answeredAt?: string;
  readonly answeredBy?: string;
  readonly answer?: DecisionAnswer;
}

export type NewHealthDecision = Omit<HealthDecision, "at" | "answeredAt" | "answeredBy" | "answer">;

const samplesKept = sql`interval '7 days'`;
const sweepEvery = 500;

/** What vantage points see of sites, and what was decided on that. */
export class HealthRepository {
  readonly #db: Kysely<Database>;
  #noted = 0;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** By the store's clock, so that samples of several machines can be compared. */
  async note(sample: {
    readonly site: string;
    readonly vantage: string;
    readonly failureDomain: string;
    readonly sees: Sight;
    readonly probes: readonly Probe[];
  }): Promise<void> {
    const { site, vantage, failureDomain, sees, probes } = sample;
    await this.#db
      .insertInto("health_samples")
      .values({ site, vantage, failure_domain: failureDomain, sees, probes: toJson(probes) })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    this.#noted += 1;
    if (this.#noted % sweepEvery !== 0) return;
    await this.#db.deleteFrom("health_samples").where(sql<boolean>`at < now() - ${samplesKept}`).execute();
  }

  /** Of the last so many milliseconds, oldest first, with the store's time. */
  async samples(site: string, forMs: number): Promise<{ samples: readonly HealthSample[]; now: string }> {
    const rows = await this.#db
      .selectFrom("health_samples")
      .selectAll()
      .where("site", "=", site)
      .where(sql<boolean>`at > now() - make_interval(secs => ${forMs / 1_000}::double precision)`)
      .orderBy("at")
      .execute();
    const now = await sql<{ now: string }>`select now()::timestamptz(3) as now`.execute(this.#db);
    const samples = rows.map(({ failure_domain: failureDomain, sees, ...rest }) => ({
      ...rest,
      failureDomain,
      sees: sees as Sight,
    }));
    return { samples, now: now.rows[0]?.now ?? new Date().toISOString() };
  }

  /** A repeat with a known id changes nothing. */
  async decide(decision: NewHealthDecision): Promise<void> {
    const { decisionId, groupId, epoch, deadline, makeSureOf, site, verdict, action, reasons, samples } = decision;
    await this.#db
      .insertInto("health_decisions")
      .values({
        ...{ decision_id: decisionId, site, verdict, action },
        group_id: groupId ?? null,
        epoch: epoch ?? null,
        reasons: toJson(reasons.map(toText)),
        samples: toJson(samples),
        deadline: deadline ?? null,
        make_sure_of: makeSureOf ? toJson(makeSureOf) : null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  async decision(decisionId: string): Promise<HealthDecision | undefined> {
    const row = await this.#db
      .selectFrom("health_decisions")
      .selectAll()
      .where("decision_id", "=", decisionId)
      .executeTakeFirst();
    return row && toDecision(row);
  }

  /** Newest first. */
  async decisions(query: { site: string; cursor?: string; limit: number }): Promise<Page<HealthDecision>> {
    const limit = clampLimit(query.limit);
    let select = this.#db.selectFrom("health_decisions").selectAll().where("site", "=", query.site);
    if (query.cursor !== undefined) {
      const [at, id] = decodeCursor(query.cursor, "string", "string");
      select = select.where(sql<boolean>`(at, decision_id) < (${at}::timestamptz, ${id})`);
    }
    const rows = await select
      .orderBy("at", "desc")
      .orderBy("decision_id", "desc")
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, toDecision, (row) => [row.at, row.decision_id]);
  }

  /** The newest one about the site itself. */
  async latest(site: string): Promise<HealthDecision | undefined> {
    const row = await this.#db
      .selectFrom("health_decisions")
      .selectAll()
      .where("site", "=", site)
      .where("group_id", "is", null)
      .orderBy("at", "desc")
      .orderBy("decision_id", "desc")
      .limit(1)
      .executeTakeFirst();
    return row && toDecision(row);
  }

  /** What a person said. False when it was answered before, or its time is over. */
  async answer(decisionId: string, by: string, answer: DecisionAnswer): Promise<boolean> {
    const changed = await this.#db
      .updateTable("health_decisions")
      .set({ answered_at: sql`now()`, answered_by: by, answer: toJson(answer) })
      .where("decision_id", "=", decisionId)
      .where("answered_at", "is", null)
      .where(sql<boolean>`deadline > now()`)
      .executeTakeFirst();
    return changed.numUpdatedRows > 0n;
  }
}

function toDecision(row: Selectable<HealthDecisionTable>): HealthDecision {
  const { group_id: groupId, epoch, deadline, make_sure_of: makeSureOf, answered_at: answeredAt } = row;
  return {
    decisionId: row.decision_id,
    site: row.site,
    at: row.at,
    verdict: row.verdict as Verdict,
    action: row.action as HealthAction,
    reasons: row.reasons,
    samples: row.samples,
    ...present({ groupId, epoch, deadline, makeSureOf, answeredAt, answeredBy: row.answered_by, answer: row.answer }),
  };
}
