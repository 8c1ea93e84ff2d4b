import { type Kysely, type Selectable, sql } from "kysely";
import type { MigrationProblem, MigrationState } from "../domain/migration.ts";
import type { MemberState, WaveMemberView, WaveState, WaveView } from "../domain/wave.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";
import type { WaveTable } from "./wave-schema.ts";

interface MemberRow {
  readonly wave_id: string;
  readonly position: number;
  readonly group_name: string;
  readonly migration_id: string;
  readonly vm_name: string;
  readonly from_site: string;
  readonly to_site: string;
  readonly tags: Record<string, string>;
  readonly state: string;
  readonly reason: string | null;
  readonly bytes_to_move: number;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly migration_state: string | null;
  readonly progress: number | null;
  readonly bytes_copied: number | null;
  readonly downtime_seconds: number | null;
  readonly problem: MigrationProblem | null;
}

/** The members of waves with what their migrations say of themselves. */
export async function readWaveMembers(db: Kysely<Database>, waveIds: readonly string[]): Promise<MemberRow[]> {
  if (waveIds.length === 0) return [];
  const { rows } = await sql<MemberRow>`
    select m.wave_id, m.position, m.group_name, m.migration_id, m.vm_name, m.from_site, m.to_site, m.tags, m.state,
      m.reason, m.bytes_to_move, m.started_at, m.ended_at, g.state as migration_state, g.progress, g.bytes_copied,
      g.downtime_seconds, g.problem
    from wave_members m left join migrations g on g.migration_id = m.migration_id
    where m.wave_id = any(${waveIds}::text[]) order by m.wave_id, m.position`.execute(db);
  return rows;
}

export function toWaveView(row: Selectable<WaveTable>, rows: readonly MemberRow[]): WaveView {
  const members = rows.map(toMemberView);
  const count = (state: MemberState) => members.filter((member) => member.state === state).length;
  const sum = (value: (member: WaveMemberView) => number) => members.reduce((total, each) => total + value(each), 0);
  const until = row.ended_at === null ? Date.now() : Date.parse(row.ended_at);
  return {
    waveId: row.wave_id,
    name: row.name,
    planId: row.plan_id,
    workflowId: row.workflow_id,
    state: row.state as WaveState,
    groups: row.groups,
    totals: {
      vms: members.length,
      waiting: count("waiting"),
      running: count("running"),
      moved: count("moved"),
      failed: count("failed"),
      skipped: count("skipped"),
      cancelled: count("cancelled"),
      bytesToMove: sum((member) => member.bytesToMove),
      bytesCopied: sum((member) => member.bytesCopied),
      seconds: row.started_at === null ? 0 : Math.max(0, (until - Date.parse(row.started_at)) / 1000),
      downtimeSeconds: sum((member) => member.downtimeSeconds ?? 0),
    },
    members,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    ...present({ parallel: row.parallel, startedAt: row.started_at, endedAt: row.ended_at }),
  };
}

function toMemberView(row: MemberRow): WaveMemberView {
  return {
    position: row.position,
    vm: row.vm_name,
    group: row.group_name,
    from: row.from_site,
    to: row.to_site,
    state: row.state as MemberState,
    migrationId: row.migration_id,
    progress: row.progress ?? 0,
    bytesToMove: row.bytes_to_move,
    bytesCopied: row.bytes_copied ?? 0,
    ...present({
      reason: row.reason,
      migrationState: row.migration_state as MigrationState | null,
      downtimeSeconds: row.downtime_seconds,
      problem: row.problem,
      startedAt: row.started_at,
      endedAt: row.ended_at,
    }),
  };
}
