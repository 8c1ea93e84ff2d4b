import { type Kysely, type Selectable, sql } from "kysely";
import type {
  RecoveryMode,
  RecoveryReport,
  RecoveryRun,
  RecoveryState,
  RecoveryStepRecord,
  RecoveryStepState,
} from "../domain/recovery-run.ts";
import { toJson, toText } from "./json.ts";
import { behind, clampLimit, type Page, toPage } from "./paging.ts";
import { present } from "./present.ts";
import type { RecoveryRunTable, RecoveryStepTable } from "./recovery-schema.ts";
import type { Database } from "./schema.ts";

/** What a run is registered with. */
export type NewRecoveryRun = Pick<
  RecoveryRun,
  "runId" | "groupId" | "workflowId" | "planId" | "mode" | "reason" | "from" | "to" | "createdBy"
>;

/** Members left out stay as they are. */
export interface RecoveryRunPatch {
  readonly state?: RecoveryState;
  /** Empty: it waits for nobody any more. */
  readonly waitsFor?: string;
  readonly report?: RecoveryReport;
  readonly problem?: RecoveryRun["problem"];
  readonly recoveryPlanVersion?: number;
  readonly endedAt?: string;
}

/** Failovers, planned failovers and drills of groups, with their steps. */
export class RecoveryRunRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** A repeat with a known id changes nothing. */
  async create(run: NewRecoveryRun): Promise<void> {
    await this.#db
      .insertInto("recovery_runs")
      .values({
        run_id: run.runId,
        group_id: run.groupId,
        workflow_id: run.workflowId,
        plan_id: run.planId,
        mode: run.mode,
        reason: toText(run.reason),
        from_site: run.from,
        to_site: run.to,
        created_by: run.createdBy,
      })
      .onConflict((conflict) => conflict.column("run_id").doNothing())
      .execute();
  }

  async get(runId: string): Promise<RecoveryRun | undefined> {
    const row = await this.#db.selectFrom("recovery_runs").selectAll().where("run_id", "=", runId).executeTakeFirst();
    return row && toRun(row);
  }

  /** The newest first. */
  async list(query: {
    readonly limit: number;
    readonly cursor?: string | undefined;
    readonly groupId: string;
    readonly mode?: RecoveryMode | undefined;
  }): Promise<Page<RecoveryRun>> {
    const limit = clampLimit(query.limit);
    const { groupId, mode, cursor } = query;
    let select = this.#db.selectFrom("recovery_runs").selectAll().where("group_id", "=", groupId);
    if (mode !== undefined) select = select.where("mode", "=", mode);
    if (cursor !== undefined) select = select.where(behind(cursor, "run_id"));
    const rows = await select
      .orderBy("created_at", "desc")
      .orderBy("run_id", "desc")
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, toRun, (row) => [row.created_at, row.run_id]);
  }

  /** The newest drill that came to its own end, of that version of the plan; a passed one only, where that is asked for. */
  async newestDrill(
    groupId: string,
    wanted: { readonly version?: number; readonly passed?: boolean } = {},
  ): Promise<RecoveryRun | undefined> {
    let select = this.#db
      .selectFrom("recovery_runs")
      .selectAll()
      .where("group_id", "=", groupId)
      .where("mode", "=", "drill" satisfies RecoveryMode)
      .where("state", "<>", "given-up" satisfies RecoveryState)
      .where("ended_at", "is not", null);
    if (wanted.version !== undefined) select = select.where("recovery_plan_version", "=", wanted.version);
    if (wanted.passed) select = select.where("state", "=", "done" satisfies RecoveryState);
    const row = await select.orderBy("ended_at", "desc").limit(1).executeTakeFirst();
    return row && toRun(row);
  }

  /** Those whose run has done nothing yet. */
  async notBegun(olderThanMs: number): Promise<readonly RecoveryRun[]> {
    const rows = await this.#db
      .selectFrom("recovery_runs")
      .selectAll()
      .where("ended_at", "is", null)
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom("recovery_steps").whereRef("recovery_steps.run_id", "=", "recovery_runs.run_id"))),
      )
      .where(sql<boolean>`created_at < now() - make_interval(secs => ${olderThanMs / 1000})`)
      .execute();
    return rows.map(toRun);
  }

  async update(runId: string, patch: RecoveryRunPatch): Promise<void> {
    const { state, waitsFor, report, problem, recoveryPlanVersion, endedAt } = patch;
    await this.#db
      .updateTable("recovery_runs")
      .set({
        run_id: runId,
        ...(state === undefined ? {} : { state }),
        ...(waitsFor === undefined ? {} : { waits_for: waitsFor === "" ? null : waitsFor }),
        ...(report === undefined ? {} : { report: toJson(report) }),
        ...(problem === undefined ? {} : { problem: toJson(problem) }),
        ...(recoveryPlanVersion === undefined ? {} : { recovery_plan_version: recoveryPlanVersion }),
        ...(endedAt === undefined ? {} : { ended_at: endedAt }),
      })
      .where("run_id", "=", runId)
      .execute();
  }

  /** As it is now: a repeat of the same position replaces it. */
  async recordStep(runId: string, record: RecoveryStepRecord): Promise<void> {
    const { position, step, detail, bootGroup, vm, state, startedAt, endedAt, outcome, problem } = record;
    const values = {
      ...{ step, detail: toText(detail), state, started_at: startedAt },
      ...{ boot_group: bootGroup ?? null, vm: vm ?? null, ended_at: endedAt ?? null },
      outcome: outcome === undefined ? null : toText(outcome),
      problem: problem === undefined ? null : toJson(problem),
    };
    await this.#db
      .insertInto("recovery_steps")
      .values({ run_id: runId, position, ...values })
      .onConflict((conflict) => conflict.columns(["run_id", "position"]).doUpdateSet(values))
      .execute();
  }

  /** In the order of their beginning. */
  async steps(runId: string): Promise<readonly RecoveryStepRecord[]> {
    const rows = await this.#db
      .selectFrom("recovery_steps")
      .selectAll()
      .where("run_id", "=", runId)
      .orderBy("position")
      .execute();
    return rows.map(toStep);
  }
}

function toRun(row: Selectable<RecoveryRunTable>): RecoveryRun {
  return {
    runId: row.run_id,
    groupId: row.group_id,
    workflowId: row.workflow_id,
    planId: row.plan_id,
    mode: row.mode as RecoveryMode,
    reason: row.reason,
    from: row.from_site,
    to: row.to_site,
    state: row.state as RecoveryState,
    ...present({ waitsFor: row.waits_for, report: row.report, problem: row.problem, endedAt: row.ended_at }),
    createdBy: row.created_by,
    createdAt: row.created_at,
  };
}

function toStep(row: Selectable<RecoveryStepTable>): RecoveryStepRecord {
  return {
    position: row.position,
    step: row.step,
    detail: row.detail,
    ...present({ bootGroup: row.boot_group, vm: row.vm }),
    state: row.state as RecoveryStepState,
    startedAt: row.started_at,
    ...present({ endedAt: row.ended_at, outcome: row.outcome, problem: row.problem }),
  };
}
