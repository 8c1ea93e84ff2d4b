import { type Kysely, sql } from "kysely";
import { migrationSteps } from "../domain/migration.ts";
import type { StepSample } from "../domain/migration-times.ts";
import type { Database } from "./schema.ts";

/** More would only make predictions slower to follow a link that changed. */
const newestMoves = 20;

/** How long the steps of the newest completed moves between two sites took, each until the next one began. */
export async function readStepSamples(db: Kysely<Database>, from: string, to: string): Promise<readonly StepSample[]> {
  const { rows } = await sql<{
    migration_id: string;
    step: StepSample["step"];
    seconds: number;
    bytes_copied: number;
    planned: number;
    incremental: boolean;
    allocated: number;
    stopped: boolean;
    booted: boolean;
    warm: boolean;
    live: boolean;
  }>`
    with newest as (
      select migration_id, bytes_copied,
        coalesce((select (body->'estimates'->>'bytesToMove')::bigint from plans p where p.plan_id = m.plan_id), 0) as planned,
        exists (select from jsonb_array_elements(disks) as disk where disk->>'tracking' <> 'full') as incremental, downtime_seconds is not null as stopped,
        coalesce(boot_proof = 'proven', false) as booted,
        exists (select 1 from migration_steps s where s.migration_id = m.migration_id and s.step = 'replicate') as warm,
        exists (select 1 from migration_steps s where s.migration_id = m.migration_id and s.step = 'live') as live,
        (select coalesce(sum((action->'parameters'->>'allocatedBytes')::bigint), 0)::bigint
          from plans p, jsonb_array_elements(p.body->'actions') as action
          where p.plan_id = m.plan_id and action->>'action' = 'copy-disk') as allocated
      from migrations m
      where from_site = ${from} and to_site = ${to} and exists (
        select 1 from migration_steps s where s.migration_id = m.migration_id and s.step = 'complete' and s.state = 'done')
      order by created_at desc limit ${newestMoves})
    select migration_id, step, bytes_copied, planned, incremental, allocated, stopped, booted, warm, live,
      extract(epoch from coalesce(
        lead(s.started_at) over (partition by migration_id order by s.started_at, s.ordinal), s.ended_at
      ) - s.started_at)::double precision as seconds
    from newest join migration_steps s using (migration_id)
    where s.state = 'done' and s.step = any(${[...migrationSteps]}::text[])
  `.execute(db);
  return rows.map((row) => ({
    migrationId: row.migration_id,
    step: row.step,
    seconds: row.seconds,
    bytesCopied: row.bytes_copied,
    bytesPlanned: row.planned,
    incremental: row.incremental,
    allocatedBytes: row.allocated,
    stopped: row.stopped,
    booted: row.booted,
    warm: row.warm,
    live: row.live,
  }));
}
