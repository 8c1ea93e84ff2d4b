import { type Kysely, sql } from "kysely";
import type { Scope, ScopedResource } from "../domain/access.ts";
import { ProviderError } from "../domain/errors.ts";
import type { LeftAlone } from "../domain/finalize.ts";
import type {
  ClosingStep,
  DiskResult,
  MigrationEvent,
  MigrationProblem,
  MigrationState,
  MigrationStep,
  MigrationView,
  StepRecord,
} from "../domain/migration.ts";
import type { MigrationStatistics } from "../domain/migration-statistics.ts";
import type { StepSample } from "../domain/migration-times.ts";
import type { Expression } from "../domain/search/query.ts";
import type { TrafficView } from "../domain/traffic.ts";
import type { UndoView } from "../domain/undo.ts";
import { toJson, toText } from "./json.ts";
import type { Listener } from "./listener.ts";
import { countActiveMigrations } from "./migration-count.ts";
import {
  appendMigrationEvent,
  type NewMigrationEvent,
  readMigrationEvents,
  subscribeToMigration,
} from "./migration-events.ts";
import { readStatistics, type StatisticsQuery } from "./migration-statistics.ts";
import { migrationColumns, toMigrationView, viewRow } from "./migration-view.ts";
import { behind, clampLimit, type Page, toPage } from "./paging.ts";
import type { Database } from "./schema.ts";
import { seesAll, withinScopes } from "./scopes.ts";
import { readStepSamples } from "./step-samples.ts";

/** What a migration is registered with; the rest of the view starts empty. */
export type NewMigration = Pick<MigrationView, "migrationId" | "planId" | "workflowId" | "vm" | "from" | "to"> &
  Partial<Pick<MigrationView, "state" | "bytesToMove" | "createdAt">> & {
    /** Of the VM, as they were when it was planned: they decide who reaches the migration. */
    readonly tags?: Readonly<Record<string, string>>;
    readonly waveId?: string;
  };

/** Members left out (or undefined) stay as they are. */
export interface MigrationPatch {
  readonly state?: MigrationState;
  readonly step?: MigrationStep | ClosingStep;
  readonly progress?: number;
  readonly targetVmId?: string;
  readonly bytesToMove?: number;
  readonly bytesCopied?: number;
  readonly bytesResent?: number;
  readonly disks?: readonly DiskResult[];
  readonly downtimeSeconds?: number;
  readonly bootProof?: NonNullable<MigrationView["bootProof"]>;
  readonly certificateId?: string;
  readonly problem?: MigrationProblem;
  readonly undo?: UndoView;
  readonly traffic?: TrafficView;
  readonly leftAlone?: readonly LeftAlone[];
  readonly endedAt?: string;
}

const columns = {
  sites: [sql.ref("migrations.from_site"), sql.ref("migrations.to_site")],
  tags: sql.ref("migrations.tags"),
};

export class MigrationRepository {
  readonly #db: Kysely<Database>;
  readonly #listener: Listener;

  constructor(db: Kysely<Database>, listener: Listener) {
    this.#db = db;
    this.#listener = listener;
  }

  /** A repeat with a known id changes nothing. */
  async create(migration: NewMigration): Promise<void> {
    await this.#db
      .insertInto("migrations")
      .values({
        migration_id: migration.migrationId,
        plan_id: migration.planId,
        workflow_id: migration.workflowId,
        vm_name: migration.vm.name,
        source_vm_id: migration.vm.sourceVmId,
        target_vm_id: migration.vm.targetVmId ?? null,
        from_site: migration.from,
        to_site: migration.to,
        state: migration.state ?? "running",
        bytes_to_move: migration.bytesToMove ?? 0,
        created_at: migration.createdAt,
        tags: toJson(migration.tags ?? {}),
        wave_id: migration.waveId ?? null,
      })
      .onConflict((conflict) => conflict.column("migration_id").doNothing())
      .execute();
  }

  /** With what decides who reaches it. */
  async getScoped(
    migrationId: string,
  ): Promise<{ migration: MigrationView; subjects: readonly ScopedResource[] } | undefined> {
    const row = await viewRow(this.#db).where("migration_id", "=", migrationId).executeTakeFirst();
    if (!row) return undefined;
    const { from_site: from, to_site: to, tags } = row;
    return { migration: toMigrationView(row), subjects: [from, to].map((site) => ({ site, tags })) };
  }

  async get(migrationId: string): Promise<MigrationView | undefined> {
    const row = await viewRow(this.#db).where("migration_id", "=", migrationId).executeTakeFirst();
    return row && toMigrationView(row);
  }

  /** Newest first. `vm` is a name or the id at the source. */
  async list(query: {
    cursor?: string;
    limit: number;
    state?: MigrationState;
    vm?: string;
    scopes?: readonly Scope[];
  }): Promise<Page<MigrationView>> {
    const limit = clampLimit(query.limit);
    const { state, vm, cursor, scopes } = query;
    let select = viewRow(this.#db);
    if (!seesAll(scopes)) select = select.where(withinScopes(scopes, columns));
    if (state !== undefined) select = select.where("state", "=", state);
    if (vm !== undefined) select = select.where((e) => e.or([e("vm_name", "=", vm), e("source_vm_id", "=", vm)]));
    if (cursor !== undefined) select = select.where(behind(cursor, "migration_id"));
    const rows = await select
      .orderBy("created_at", "desc")
      .orderBy("migration_id", "desc")
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, toMigrationView, (row) => [row.created_at, row.migration_id]);
  }

  /** How many were under way at the moment (by default now), of VMs that match at either end: from their start until they
   *  are final, rolled back, cancelled or failed. */
  async countActive(about: {
    readonly where: Expression;
    /** Of migrations, and of VMs. */
    readonly scopes: readonly Scope[];
    readonly vmScopes: readonly Scope[];
    readonly asOf?: string | undefined;
  }): Promise<number> {
    return countActiveMigrations(this.#db, { ...about, columns });
  }

  /** @throws ProviderError NotFound. */
  async update(migrationId: string, patch: MigrationPatch): Promise<void> {
    const result = await this.#db
      .updateTable("migrations")
      .set({ ...migrationColumns(patch), updated_at: sql`now()` })
      .where("migration_id", "=", migrationId)
      .executeTakeFirst();
    if (result.numUpdatedRows === 0n) throw unknownMigration("update migration", migrationId);
  }

  /** What watchers see while a disk is copied; the story gets a line when the whole percentage has changed. */
  async noteProgress(
    migrationId: string,
    seen: { progress: number; bytesCopied: number; bytesResent: number; message: string },
  ): Promise<void> {
    const { progress, bytesCopied, bytesResent, message } = seen;
    await this.update(migrationId, { progress, bytesCopied, bytesResent });
    await this.appendEvent(migrationId, {
      at: new Date().toISOString(),
      type: "progress",
      message,
      data: { progress, bytesCopied, bytesResent },
      dedupeKey: `progress/${Math.floor(progress)}`,
    });
  }

  /** What those that the scopes reach add up to. */
  statistics(query: StatisticsQuery): Promise<MigrationStatistics> {
    return readStatistics(this.#db, query);
  }

  /** What predictions for a route rest on; empty when nothing was moved over it yet. */
  stepSamples(from: string, to: string): Promise<readonly StepSample[]> {
    return readStepSamples(this.#db, from, to);
  }

  /** Marks the step as running and as the migration's current one. A repeat keeps the time of the first start. */
  async startStep(migrationId: string, step: StepRecord["step"], at: string, detail?: string): Promise<void> {
    const text = detail === undefined ? null : toText(detail);
    await this.#db.transaction().execute(async (tx) => {
      const result = await tx
        .updateTable("migrations")
        .set({ step, updated_at: sql`now()` })
        .where("migration_id", "=", migrationId)
        .executeTakeFirst();
      if (result.numUpdatedRows === 0n) throw unknownMigration("start step", migrationId);
      await tx
        .insertInto("migration_steps")
        .values({ migration_id: migrationId, step, state: "running", started_at: at, detail: text })
        .onConflict((conflict) =>
          conflict.columns(["migration_id", "step"]).doUpdateSet({ state: "running", ended_at: null, detail: text }),
        )
        .execute();
    });
  }

  /** Ends the step; without `detail` it keeps the one it started with. A step that never started (a skipped one) is noted
   *  with this moment as its start. */
  async endStep(
    migrationId: string,
    step: StepRecord["step"],
    state: Exclude<StepRecord["state"], "running">,
    at: string,
    detail?: string,
  ): Promise<void> {
    const ended = { state, ended_at: at, ...(detail === undefined ? {} : { detail: toText(detail) }) };
    await this.#db
      .insertInto("migration_steps")
      .values({ migration_id: migrationId, step, started_at: at, ...ended })
      .onConflict((conflict) => conflict.columns(["migration_id", "step"]).doUpdateSet(ended))
      .execute();
  }

  /** Returns the event's sequence (1, 2, 3… within the migration). With a `dedupeKey` that was used before, the earlier
   *  event stays as it is and its sequence is returned. */
  appendEvent(migrationId: string, event: NewMigrationEvent): Promise<number> {
    return appendMigrationEvent(this.#db, migrationId, event);
  }

  /** Events after `afterSequence` (0: from the first), in order. */
  events(migrationId: string, afterSequence: number, limit: number): Promise<readonly MigrationEvent[]> {
    return readMigrationEvents(this.#db, migrationId, afterSequence, limit);
  }

  /** Every event after `afterSequence`, then each new one as it is committed, until the signal aborts (which ends the
   *  iteration without an error). A database that is away only delays it. */
  subscribe(migrationId: string, afterSequence: number, signal: AbortSignal): AsyncIterable<MigrationEvent> {
    return subscribeToMigration(this.#db, this.#listener, migrationId, afterSequence, signal);
  }
}

function unknownMigration(operation: string, migrationId: string): ProviderError {
  return new ProviderError("NotFound", {
    operation,
    resource: `migration/${migrationId}`,
    reason: "the store has no migration with this id",
    action: "List the migrations to find the right id.",
  });
}
