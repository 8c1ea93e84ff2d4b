import { type Kysely, sql } from "kysely";
import type { Scope, ScopedResource } from "../domain/access.ts";
import type { MemberState, WaveGroup, WaveState, WaveView } from "../domain/wave.ts";
import { toJson, toText } from "./json.ts";
import { behind, clampLimit, type Page, toPage } from "./paging.ts";
import type { Database } from "./schema.ts";
import { seesAll, withinScopes } from "./scopes.ts";
import { readWaveMembers, toWaveView } from "./wave-view.ts";

export interface NewWave {
  readonly waveId: string;
  readonly name: string;
  readonly planId: string;
  readonly workflowId: string;
  readonly parallel?: number;
  readonly groups: readonly WaveGroup[];
  /** By position. */
  readonly members: readonly {
    readonly group: string;
    readonly migrationId: string;
    readonly vmName: string;
    readonly sourceVmId: string;
    readonly from: string;
    readonly to: string;
    readonly tags: Readonly<Record<string, string>>;
    readonly bytesToMove: number;
  }[];
}

export class WaveRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** A repeat with a known id changes nothing. */
  async create(wave: NewWave): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      const made = await tx
        .insertInto("waves")
        .values({
          wave_id: wave.waveId,
          name: toText(wave.name),
          plan_id: wave.planId,
          workflow_id: wave.workflowId,
          state: "running",
          parallel: wave.parallel ?? null,
          groups: toJson(wave.groups),
        })
        .onConflict((conflict) => conflict.column("wave_id").doNothing())
        .executeTakeFirst();
      if (made.numInsertedOrUpdatedRows === 0n) return;
      const rows = wave.members.map((member, position) => ({
        wave_id: wave.waveId,
        position,
        group_name: toText(member.group),
        migration_id: member.migrationId,
        vm_name: toText(member.vmName),
        source_vm_id: member.sourceVmId,
        from_site: member.from,
        to_site: member.to,
        tags: toJson(member.tags),
        state: "waiting",
        bytes_to_move: member.bytesToMove,
      }));
      await tx.insertInto("wave_members").values(rows).execute();
    });
  }

  /** With what decides who reaches it. */
  async getScoped(waveId: string): Promise<{ wave: WaveView; subjects: readonly ScopedResource[] } | undefined> {
    const row = await this.#db.selectFrom("waves").selectAll().where("wave_id", "=", waveId).executeTakeFirst();
    if (!row) return undefined;
    const members = await readWaveMembers(this.#db, [waveId]);
    const subjects = members.flatMap(({ from_site, to_site, tags }) =>
      [from_site, to_site].map((site) => ({ site, tags })),
    );
    return { wave: toWaveView(row, members), subjects };
  }

  /** Newest first; only those of which the scopes reach every VM. */
  async list(query: { cursor?: string; limit: number; scopes?: readonly Scope[] }): Promise<Page<WaveView>> {
    const limit = clampLimit(query.limit);
    let select = this.#db.selectFrom("waves").selectAll("waves");
    const { scopes, cursor } = query;
    if (!seesAll(scopes)) {
      const sites = [sql.ref("m.from_site"), sql.ref("m.to_site")];
      const reached = withinScopes(scopes, { sites, tags: sql.ref("m.tags") });
      select = select.where(
        sql<boolean>`not exists (select from wave_members m where m.wave_id = waves.wave_id and not ${reached})`,
      );
    }
    if (cursor !== undefined) select = select.where(behind(cursor, "wave_id"));
    const rows = await select
      .orderBy("created_at", "desc")
      .orderBy("wave_id", "desc")
      .limit(limit + 1)
      .execute();
    const members = Map.groupBy(
      await readWaveMembers(
        this.#db,
        rows.map(({ wave_id }) => wave_id),
      ),
      ({ wave_id }) => wave_id,
    );
    return toPage(
      rows,
      limit,
      (row) => toWaveView(row, members.get(row.wave_id) ?? []),
      (row) => [row.created_at, row.wave_id],
    );
  }

  async update(waveId: string, patch: { state?: WaveState; startedAt?: string; endedAt?: string }): Promise<void> {
    await this.#db
      .updateTable("waves")
      .set({ state: patch.state, started_at: patch.startedAt, ended_at: patch.endedAt, updated_at: sql`now()` })
      .where("wave_id", "=", waveId)
      .execute();
  }

  async updateMember(
    waveId: string,
    position: number,
    patch: { state: MemberState; reason?: string; startedAt?: string; endedAt?: string },
  ): Promise<void> {
    await this.#db
      .updateTable("wave_members")
      .set({
        state: patch.state,
        reason: patch.reason === undefined ? undefined : toText(patch.reason),
        started_at: patch.startedAt,
        ended_at: patch.endedAt,
      })
      .where("wave_id", "=", waveId)
      .where("position", "=", position)
      .execute();
  }

  /** For those whose turn never came. */
  async endWaiting(waveId: string, reason: string, at: string): Promise<void> {
    await this.#db
      .updateTable("wave_members")
      .set({ state: "cancelled", reason: toText(reason), ended_at: at })
      .where("wave_id", "=", waveId)
      .where("state", "=", "waiting")
      .execute();
  }

  /** Registered by a process that could not start their run any more. */
  async notStarted(olderThanMs: number): Promise<readonly { waveId: string; planId: string; name: string }[]> {
    const rows = await this.#db
      .selectFrom("waves")
      .select(["wave_id", "plan_id", "name"])
      .where("state", "=", "running")
      .where("started_at", "is", null)
      .where(sql<boolean>`created_at < now() - ${olderThanMs} * interval '1 millisecond'`)
      .execute();
    return rows.map((row) => ({ waveId: row.wave_id, planId: row.plan_id, name: row.name }));
  }
}
