import { type Kysely, type Selectable, sql, type Updateable } from "kysely";
import type { MigrationState, MigrationView, MoveTimes, StepRecord, TestCount } from "../domain/migration.ts";
import { toJson } from "./json.ts";
import type { MigrationPatch } from "./migration-repository.ts";
import { present } from "./present.ts";
import type { Database, MigrationTable } from "./schema.ts";

interface StepRow {
  step: StepRecord["step"];
  state: StepRecord["state"];
  started_at: string;
  ended_at: string | null;
  detail: string | null;
}

type TimesRow = { [K in keyof MoveTimes]: MoveTimes[K] | null };

/** A migration with its steps in one round trip. */
export function viewRow(db: Kysely<Database>) {
  return db
    .selectFrom("migrations")
    .selectAll("migrations")
    .select([
      sql<StepRow[]>`coalesce((
      select jsonb_agg(jsonb_build_object('step', s.step, 'state', s.state, 'started_at', s.started_at,
        'ended_at', s.ended_at, 'detail', s.detail) order by s.started_at, s.ordinal)
      from migration_steps s where s.migration_id = migrations.migration_id), '[]')`.as("steps"),
      sql<TestCount | null>`(
      select jsonb_build_object('passed', count(*) filter (where t.state = 'passed'),
        'failed', count(*) filter (where t.state = 'failed'))
      from migration_tests t where t.migration_id = migrations.migration_id having count(*) > 0)`.as("tests"),
      sql<TimesRow | null>`(
      select jsonb_build_object(
        'predictedSeconds', p.body->'estimates'->'seconds',
        'predictedDowntimeSeconds', p.body->'estimates'->'downtimeSeconds',
        'basis', p.body->'estimates'->'basis',
        'seconds', taken.seconds,
        'bulkCopySeconds', case when taken.seconds is not null then coalesce(rounds.seconds, taken.copying) end)
      from plans p,
        lateral (
          select extract(epoch from
              max(s.ended_at) filter (where s.step = 'complete' and s.state = 'done') - min(s.started_at)) as seconds,
            extract(epoch from
              max(s.ended_at - s.started_at) filter (where s.step in ('copy', 'live') and s.state = 'done')) as copying
          from migration_steps s where s.migration_id = migrations.migration_id) taken,
        lateral (
          select extract(epoch from sum(r.proven_at - r.taken_at)) as seconds
          from replica_rounds r where r.replication_id = migrations.migration_id) rounds
      where p.plan_id = migrations.plan_id)`.as("times"),
    ]);
}

export function toMigrationView(
  row: Selectable<MigrationTable> & { steps: StepRow[]; tests: TestCount | null; times: TimesRow | null },
): MigrationView {
  return {
    migrationId: row.migration_id,
    planId: row.plan_id,
    workflowId: row.workflow_id,
    vm: { name: row.vm_name, sourceVmId: row.source_vm_id, ...present({ targetVmId: row.target_vm_id }) },
    from: row.from_site,
    to: row.to_site,
    state: row.state as MigrationState,
    progress: row.progress,
    steps: row.steps.map((step) => ({
      step: step.step,
      state: step.state,
      startedAt: new Date(step.started_at).toISOString(),
      ...present({ endedAt: step.ended_at && new Date(step.ended_at).toISOString(), detail: step.detail }),
    })),
    bytesToMove: row.bytes_to_move,
    bytesCopied: row.bytes_copied,
    bytesResent: row.bytes_resent,
    disks: row.disks,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    ...present({
      step: row.step as MigrationView["step"] | null,
      downtimeSeconds: row.downtime_seconds,
      bootProof: row.boot_proof as MigrationView["bootProof"] | null,
      certificateId: row.certificate_id,
      problem: row.problem,
      warm: row.warm,
      live: row.live,
      waveId: row.wave_id,
      undo: row.undo,
      traffic: row.traffic,
      leftAlone: row.left_alone,
      tests: row.tests,
      times: row.times && present(row.times),
      endedAt: row.ended_at,
    }),
  };
}

export function migrationColumns(patch: MigrationPatch): Updateable<MigrationTable> {
  return {
    state: patch.state,
    step: patch.step,
    progress: patch.progress,
    target_vm_id: patch.targetVmId,
    bytes_to_move: patch.bytesToMove,
    bytes_copied: patch.bytesCopied,
    bytes_resent: patch.bytesResent,
    disks: patch.disks && toJson(patch.disks),
    downtime_seconds: patch.downtimeSeconds,
    boot_proof: patch.bootProof,
    certificate_id: patch.certificateId,
    problem: patch.problem && toJson(patch.problem),
    undo: patch.undo && toJson(patch.undo),
    traffic: patch.traffic && toJson(patch.traffic),
    left_alone: patch.leftAlone && toJson(patch.leftAlone),
    ended_at: patch.endedAt,
  };
}
