import { type Kysely, type Selectable, sql } from "kysely";
import type {
  ControlPlane,
  ControlPlaneClaim,
  InterruptedKind,
  InterruptedOutcome,
  InterruptedRun,
  OpenRun,
} from "../domain/control-plane.ts";
import type { ControlPlanePlaceTable } from "./control-plane-schema.ts";
import { toJson, toText } from "./json.ts";
import { present } from "./present.ts";
import { appendProtectionEvent } from "./protection-events.ts";
import type { Database } from "./schema.ts";

/** How the backups at one site are. */
export interface BackupPlace {
  readonly site: string;
  readonly backupId?: string;
  /** The moment that the newest one shows. */
  readonly takenAt?: string;
  readonly provenAt?: string;
  /** As it lies there. */
  readonly bytes?: number;
  readonly rows?: number;
  /** So many are there. */
  readonly kept?: number;
  readonly tookMs?: number;
  readonly triedAt: string;
  /** Why the newest attempt failed. */
  readonly problem?: string;
}

/** This control plane: which one it is, whether it may act, and where its backups are. */
export class ControlPlaneRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  async get(): Promise<ControlPlane & { readonly rebuiltAt?: string }> {
    const row = await this.#db.selectFrom("control_plane").selectAll().executeTakeFirstOrThrow();
    return {
      installationId: row.installation_id,
      holderId: row.holder_id,
      epoch: row.epoch,
      ...present({ seenAt: row.seen_at, supersededBy: row.superseded_by, rebuiltAt: row.rebuilt_at }),
    };
  }

  /** Whether its claim was seen within the time, by the store's clock. */
  async seenWithin(ms: number): Promise<boolean> {
    const row = await this.#db
      .selectFrom("control_plane")
      .select(sql<boolean>`coalesce(seen_at > now() - ${ms} * interval '1 millisecond', false)`.as("seen"))
      .executeTakeFirstOrThrow();
    return row.seen;
  }

  /** Its claim lies at a site, as its own. */
  async seen(): Promise<void> {
    await this.#db.updateTable("control_plane").set({ seen_at: sql`now()` }).execute();
  }

  /** Another one has taken over: everything is frozen, for good. Harmless when that is known. */
  async supersede(claim: ControlPlaneClaim): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      await tx
        .updateTable("control_plane")
        .set({ superseded_by: toJson(claim) })
        .execute();
      await sql`lock table freezes in exclusive mode`.execute(tx);
      const reason = `another control plane (epoch ${claim.epoch}, on ${claim.host}) has taken over, at ${claim.takenAt}`;
      await tx
        .insertInto("freezes")
        .values({ by: "system/control-plane", reason: toText(reason) })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    });
  }

  /** It was rebuilt, and acts under this claim from now on. What it was told of an earlier life is forgotten. */
  async rebuilt(claim: Pick<ControlPlaneClaim, "epoch" | "holderId">): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      const { epoch, holderId } = claim;
      await tx
        .updateTable("control_plane")
        .set({ epoch, holder_id: holderId, seen_at: sql`now()`, superseded_by: null, rebuilt_at: sql`now()` })
        .execute();
      await tx.deleteFrom("freezes").where("by", "=", "system/control-plane").execute();
      await tx.deleteFrom("interrupted_runs").execute();
    });
  }

  async places(): Promise<readonly BackupPlace[]> {
    const rows = await this.#db.selectFrom("control_plane_places").selectAll().orderBy("site").execute();
    return rows.map(toPlace);
  }

  async backedUp(place: Required<Omit<BackupPlace, "triedAt" | "problem">>): Promise<void> {
    const { site, backupId, takenAt, provenAt, bytes, rows, kept, tookMs } = place;
    const values = {
      ...{ backup_id: backupId, taken_at: takenAt, proven_at: provenAt, bytes, rows, kept, took_ms: tookMs },
      ...{ tried_at: sql<string>`now()`, problem: null },
    };
    await this.#db
      .insertInto("control_plane_places")
      .values({ site, ...values })
      .onConflict((conflict) => conflict.column("site").doUpdateSet(values))
      .execute();
  }

  async notBackedUp(site: string, problem: string): Promise<void> {
    const values = { tried_at: sql<string>`now()`, problem: toText(problem) };
    await this.#db
      .insertInto("control_plane_places")
      .values({ site, ...values })
      .onConflict((conflict) => conflict.column("site").doUpdateSet(values))
      .execute();
  }

  /** Everything whose rows say that it is under way. */
  async openRuns(): Promise<readonly OpenRun[]> {
    const { rows } = await sql<{
      kind: InterruptedKind;
      id: string;
      workflow_id: string;
      subject: string;
      state: string;
      untouched: boolean;
    }>`
      select 'migration' as kind, migration_id as id, workflow_id, vm_name || ' from ' || from_site || ' to ' || to_site as subject,
          state, state in ('running', 'queued') and wave_id is null and not exists (select from migration_steps as s where s.migration_id = m.migration_id) as untouched
        from migrations as m where ended_at is null and state not in ('finalized', 'undone', 'rolled-back', 'cancelled', 'failed')
      union all select 'wave', wave_id, workflow_id, name, state, started_at is null from waves where ended_at is null
      union all select 'operation', operation_id, workflow_id, kind, state,
          not exists (select from operation_items as i where i.operation_id = o.operation_id)
        from operations as o where ended_at is null
      union all select 'migration-test', test_id, workflow_id, vm_name, state, false from migration_tests where ended_at is null
      union all select 'assessment', assessment_id, workflow_id, from_site || ' to ' || to_site, state, true
        from assessments where ended_at is null
      union all select 'protection-group', group_id, workflow_id, name, state, true
        from protection_groups where state <> 'deleted'
      union all select 'recovery-run', run_id, workflow_id, mode || ' of ' || group_id, state, false
        from recovery_runs where ended_at is null
      union all select 'restore', restore_id, workflow_id, vm_name || ' from ' || from_site || ' at ' || to_site, state, state = 'running'
        from restores where ended_at is null`.execute(this.#db);
    return rows.map(({ workflow_id: workflowId, ...row }) => ({ ...row, workflowId }));
  }

  /** Puts it on record, and lets what is to be started anew be found by who starts what was only registered. */
  async interrupted(run: OpenRun, outcome: InterruptedOutcome, advice?: string): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      const { workflowId, kind, id, subject, state } = run;
      const values = { kind, subject: toText(subject), state, outcome, advice: advice ?? null };
      await tx
        .insertInto("interrupted_runs")
        .values({ workflow_id: workflowId, ...values })
        .onConflict((conflict) => conflict.column("workflow_id").doUpdateSet({ ...values, at: sql<string>`now()` }))
        .execute();
      if (outcome === "restarted") await startAnew(tx, kind, id);
      else if (outcome === "lost" && advice !== undefined) await end(tx, kind, id, advice);
    });
  }

  /** All that were under way were looked for. */
  async reconciled(): Promise<void> {
    await this.#db.updateTable("control_plane").set({ rebuilt_at: null }).execute();
  }

  async interruptedRuns(): Promise<readonly InterruptedRun[]> {
    const rows = await this.#db
      .selectFrom("interrupted_runs")
      .selectAll()
      .orderBy("at")
      .orderBy("workflow_id")
      .execute();
    return rows.map((row) => ({
      workflowId: row.workflow_id,
      kind: row.kind as InterruptedKind,
      subject: row.subject,
      state: row.state,
      outcome: row.outcome as InterruptedOutcome,
      at: row.at,
      ...present({ advice: row.advice }),
    }));
  }
}

/** As if it had only been registered: what looks for such things starts it. */
async function startAnew(tx: Kysely<Database>, kind: InterruptedKind, id: string): Promise<void> {
  if (kind === "protection-group") {
    await tx.updateTable("protection_groups").set({ started_at: null }).where("group_id", "=", id).execute();
  } else if (kind === "assessment") {
    await tx.updateTable("assessments").set({ started_at: null }).where("assessment_id", "=", id).execute();
  } else if (kind === "wave") {
    await tx.updateTable("waves").set({ started_at: null }).where("wave_id", "=", id).execute();
  } else if (kind === "migration") {
    await tx.updateTable("migrations").set({ state: "running" }).where("migration_id", "=", id).execute();
  } else if (kind === "restore") {
    // Its steps find by their keys what they had made.
    await tx.updateTable("restores").set({ step: null }).where("restore_id", "=", id).execute();
  }
}

/** Nothing of it happens any more by itself, and it says so. */
async function end(tx: Kysely<Database>, kind: InterruptedKind, id: string, advice: string): Promise<void> {
  const at = new Date().toISOString();
  const message = `Its run was lost with the control plane. ${advice}`;
  const problem = toJson({ code: "Unavailable", message });
  if (kind === "protection-group") {
    // What the failover had done is not known; the lease at the recovery site is asked before anything is replicated again.
    const released = { state: "paused", takeover: null, writable_site: sql<string>`current_site`, started_at: null };
    await tx.updateTable("protection_groups").set(released).where("group_id", "=", id).execute();
    await appendProtectionEvent(tx, id, { type: "failover", message, data: {} });
  }
  if (kind === "migration") {
    const ended = { state: "failed", problem, ended_at: at } as const;
    await tx.updateTable("migrations").set(ended).where("migration_id", "=", id).execute();
  } else if (kind === "wave") {
    await tx.updateTable("waves").set({ state: "incomplete", ended_at: at }).where("wave_id", "=", id).execute();
  } else if (kind === "operation") {
    const open = tx.updateTable("operation_items").where("operation_id", "=", id).where("ended_at", "is", null);
    await open.set({ state: "failed", problem, ended_at: at }).execute();
    await tx.updateTable("operations").set({ state: "failed", ended_at: at }).where("operation_id", "=", id).execute();
  } else if (kind === "recovery-run") {
    await tx
      .updateTable("recovery_runs")
      .set({ state: "failed", problem, ended_at: at })
      .where("run_id", "=", id)
      .execute();
  } else if (kind === "restore") {
    const ended = { state: "failed", report: sql<string>`report || jsonb_build_object('problem', ${problem}::jsonb)` };
    await tx
      .updateTable("restores")
      .set({ ...ended, ended_at: at })
      .where("restore_id", "=", id)
      .execute();
  } else if (kind === "migration-test") {
    await tx.updateTable("migration_tests").set({ expires_at: at }).where("test_id", "=", id).execute();
  }
}

function toPlace(row: Selectable<ControlPlanePlaceTable>): BackupPlace {
  return {
    site: row.site,
    triedAt: row.tried_at,
    ...present({
      backupId: row.backup_id,
      takenAt: row.taken_at,
      provenAt: row.proven_at,
      bytes: row.bytes,
      rows: row.rows,
      kept: row.kept,
      tookMs: row.took_ms,
      problem: row.problem,
    }),
  };
}
