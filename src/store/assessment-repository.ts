import { type Kysely, type Selectable, sql } from "kysely";
import type { Scope, ScopedResource } from "../domain/access.ts";
import type {
  AssessedVm,
  AssessmentReport,
  AssessmentRequest,
  AssessmentState,
  AssessmentView,
  VmAssessment,
} from "../domain/assessment.ts";
import type { AssessmentTable } from "./assessment-schema.ts";
import { toJson, toText } from "./json.ts";
import { behind, clampLimit, type Page, toPage } from "./paging.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";
import { seesAll, withinScopes } from "./scopes.ts";

export interface NewAssessment {
  readonly assessmentId: string;
  readonly workflowId: string;
  readonly request: AssessmentRequest;
  /** Who asked, and answers for the plans. */
  readonly requester: string;
  readonly vms: readonly Omit<AssessedVm, "position">[];
}

/** Columns of a view; of the request, which has all flow records, only what it shows. */
const shown = [
  "assessment_id",
  "from_site",
  "to_site",
  "workflow_id",
  "state",
  "reason",
  "created_at",
  "ended_at",
] as const;
/** Rows of one insert: PostgreSQL takes 65,535 parameters. */
const insertedAtOnce = 5_000;

export class AssessmentRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** A repeat with a known id changes nothing. */
  async create({ assessmentId, workflowId, request, requester, vms }: NewAssessment): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      const made = await tx
        .insertInto("assessments")
        .values({
          assessment_id: assessmentId,
          from_site: request.from,
          to_site: request.to,
          request: toJson(request),
          requester,
          workflow_id: workflowId,
          state: "running",
        })
        .onConflict((conflict) => conflict.column("assessment_id").doNothing())
        .executeTakeFirst();
      if (made.numInsertedOrUpdatedRows === 0n) return;
      const rows = vms.map(({ vmId, name, tags }, position) => ({
        assessment_id: assessmentId,
        position,
        vm_id: vmId,
        vm_name: toText(name),
        tags: toJson(tags),
      }));
      for (let at = 0; at < rows.length; at += insertedAtOnce) {
        await tx
          .insertInto("assessment_vms")
          .values(rows.slice(at, at + insertedAtOnce))
          .execute();
      }
    });
  }

  async asked(assessmentId: string): Promise<{ request: AssessmentRequest; requester: string } | undefined> {
    return this.#db
      .selectFrom("assessments")
      .select(["request", "requester"])
      .where("assessment_id", "=", assessmentId)
      .executeTakeFirst();
  }

  /** With what decides who reaches it, and what was found of each VM so far. */
  async getScoped(
    assessmentId: string,
  ): Promise<
    { assessment: AssessmentView; vms: readonly VmAssessment[]; subjects: readonly ScopedResource[] } | undefined
  > {
    const row = await this.#db
      .selectFrom("assessments")
      .select([...shown, "report"])
      .select(sql<{ query?: string }>`jsonb_build_object('query', request -> 'query')`.as("request"))
      .where("assessment_id", "=", assessmentId)
      .executeTakeFirst();
    if (!row) return undefined;
    const vms = await this.#db
      .selectFrom("assessment_vms")
      .select(["tags", "outcome"])
      .where("assessment_id", "=", assessmentId)
      .orderBy("position")
      .execute();
    const outcomes = vms.flatMap(({ outcome }) => outcome ?? []);
    const subjects = vms.flatMap(({ tags }) => [row.from_site, row.to_site].map((site) => ({ site, tags })));
    return { assessment: toView(row, vms.length, outcomes.length), vms: outcomes, subjects };
  }

  /** Newest first, without their reports; only those of which the scopes reach every VM. */
  async list(query: { cursor?: string; limit: number; scopes?: readonly Scope[] }): Promise<Page<AssessmentView>> {
    const limit = clampLimit(query.limit);
    const { scopes, cursor } = query;
    let select = this.#db
      .selectFrom("assessments")
      .select(shown)
      .select(sql<{ query?: string }>`jsonb_build_object('query', request -> 'query')`.as("request"))
      .select(
        sql<number>`(select count(*) from assessment_vms v where v.assessment_id = assessments.assessment_id)`.as(
          "vms",
        ),
      )
      .select(
        sql<number>`(select count(v.outcome) from assessment_vms v where v.assessment_id = assessments.assessment_id)`.as(
          "assessed",
        ),
      );
    if (!seesAll(scopes)) {
      const sites = [sql.ref("assessments.from_site"), sql.ref("assessments.to_site")];
      const reached = withinScopes(scopes, { sites, tags: sql.ref("v.tags") });
      select = select.where(
        sql<boolean>`not exists (select from assessment_vms v
          where v.assessment_id = assessments.assessment_id and not ${reached})`,
      );
    }
    if (cursor !== undefined) select = select.where(behind(cursor, "assessment_id"));
    const rows = await select
      .orderBy("created_at", "desc")
      .orderBy("assessment_id", "desc")
      .limit(limit + 1)
      .execute();
    return toPage(
      rows,
      limit,
      ({ vms, assessed, ...row }) => toView({ ...row, report: null }, vms, assessed),
      (row) => [row.created_at, row.assessment_id],
    );
  }

  /** The next VMs that were not looked at yet, and how many there are of them in all. */
  async next(assessmentId: string, limit: number): Promise<{ vms: readonly AssessedVm[]; left: number }> {
    const open = this.#db
      .selectFrom("assessment_vms")
      .where("assessment_id", "=", assessmentId)
      .where("outcome", "is", null);
    const rows = await open.select(["position", "vm_id", "vm_name", "tags"]).orderBy("position").limit(limit).execute();
    const counted = await open.select(sql<number>`count(*)`.as("left")).executeTakeFirst();
    const vms = rows.map((row) => ({ position: row.position, vmId: row.vm_id, name: row.vm_name, tags: row.tags }));
    return { vms, left: counted?.left ?? 0 };
  }

  async recordVm(assessmentId: string, position: number, outcome: VmAssessment): Promise<void> {
    await this.#db
      .updateTable("assessment_vms")
      .set({ outcome: toJson(outcome) })
      .where("assessment_id", "=", assessmentId)
      .where("position", "=", position)
      .execute();
  }

  async update(
    assessmentId: string,
    patch: {
      state?: AssessmentState;
      reason?: string;
      report?: AssessmentReport;
      startedAt?: string;
      endedAt?: string;
    },
  ): Promise<void> {
    const { state, reason, report, startedAt, endedAt } = patch;
    await this.#db
      .updateTable("assessments")
      .set({
        state,
        reason: reason === undefined ? undefined : toText(reason),
        report: report === undefined ? undefined : toJson(report),
        started_at: startedAt,
        ended_at: endedAt,
      })
      .where("assessment_id", "=", assessmentId)
      .execute();
  }

  /** Registered by a process that could not start their run any more. */
  async notStarted(olderThanMs: number): Promise<readonly { assessmentId: string; from: string; to: string }[]> {
    const rows = await this.#db
      .selectFrom("assessments")
      .select(["assessment_id", "from_site", "to_site"])
      .where("state", "=", "running")
      .where("started_at", "is", null)
      .where(sql<boolean>`created_at < now() - ${olderThanMs} * interval '1 millisecond'`)
      .execute();
    return rows.map((row) => ({ assessmentId: row.assessment_id, from: row.from_site, to: row.to_site }));
  }
}

type ShownRow = Pick<Selectable<AssessmentTable>, (typeof shown)[number] | "report"> & {
  readonly request: { readonly query?: string | null };
};

function toView(row: ShownRow, vms: number, assessed: number): AssessmentView {
  const { request, reason, ended_at: endedAt, report } = row;
  return {
    assessmentId: row.assessment_id,
    from: row.from_site,
    to: row.to_site,
    workflowId: row.workflow_id,
    state: row.state as AssessmentState,
    vms,
    assessed,
    createdAt: row.created_at,
    ...present({ query: request.query, reason, endedAt, report }),
  };
}
