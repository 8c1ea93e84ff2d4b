import { type Kysely, sql } from "kysely";
import type { Scope } from "../domain/access.ts";
import type { PowerState, Vm } from "../domain/vm.ts";
import { toWire } from "../domain/wire.ts";
import { toJson, toText } from "./json.ts";
import { clampLimit, decodeCursor, toPage } from "./paging.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";
import { seesAll, withinScopes } from "./scopes.ts";

/** A VM as the inventory saw it last. */
export type InventoryVm = Vm & { readonly observedAt: string };

export interface SiteFreshness {
  readonly site: string;
  /** When the inventory last read the whole site; absent when it never could. */
  readonly observedAt?: string;
  /** Why the latest reading failed; absent after a success. */
  readonly error?: string;
  readonly failedAt?: string;
  readonly vmCount: number;
}

export interface VmQuery {
  readonly cursor?: string;
  readonly limit: number;
  readonly site?: string;
  readonly state?: PowerState;
  /** An exact name, or a beginning followed by `*`. */
  readonly name?: string;
  /** Only what these reach; all of it when absent. */
  readonly scopes?: readonly Scope[];
}

/** VMs as they go to a caller: parsing and writing them again would be most of what a list costs. */
export interface VmPage {
  /** JSON text of an array of `Wire<InventoryVm>`. */
  readonly json: string;
  /** Passed as `cursor` to get the next page; absent on the last one. */
  readonly nextCursor?: string;
}

const rowsPerStatement = 2_000;
/** Fewer changed rows than this leave the planner's picture right. */
const analyzeFrom = 1_000;
const scopedColumns = { sites: [sql.ref("vms.site")], tags: sql`(vms.wire::jsonb -> 'tags')` };
const observedAt = sql<string>`(select s.observed_at from sites s where s.site = vms.site)`.as("observed_at");

export class VmRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** Makes the inventory of the site exactly `vms`, in one transaction; unchanged rows are not written. A reading older
   *  than the one in the store changes nothing. */
  async replaceSite(site: string, vms: readonly Vm[], seenAt: string): Promise<void> {
    const changed = await this.#db.transaction().execute(async (tx) => {
      await tx
        .insertInto("sites")
        .values({ site })
        .onConflict((c) => c.column("site").doNothing())
        .execute();
      const current = await tx
        .selectFrom("sites")
        .select("observed_at")
        .where("site", "=", site)
        .forUpdate()
        .executeTakeFirstOrThrow();
      if (current.observed_at !== null && Date.parse(current.observed_at) > Date.parse(seenAt)) return 0;
      const removed = await sql`
        delete from vms where site = ${site} and not exists (
          select 1 from unnest(${vms.map((vm) => vm.vmId)}::text[]) as kept(vm_id) where kept.vm_id = vms.vm_id)
      `.execute(tx);
      let count = Number(removed.numAffectedRows ?? 0n);
      for (let start = 0; start < vms.length; start += rowsPerStatement) {
        const part = vms.slice(start, start + rowsPerStatement);
        const written = await sql`
          insert into vms (site, vm_id, name, state, wire)
          select ${site}, vm_id, name, state, wire from unnest(
            ${part.map((vm) => vm.vmId)}::text[], ${part.map((vm) => toText(vm.name))}::text[],
            ${part.map((vm) => vm.state)}::text[], ${part.map((vm) => toJson(toWire(vm)))}::text[]
          ) as seen(vm_id, name, state, wire)
          on conflict (site, vm_id) do update
            set name = excluded.name, state = excluded.state, wire = excluded.wire
            where vms.wire is distinct from excluded.wire
        `.execute(tx);
        count += Number(written.numAffectedRows ?? 0n);
      }
      await tx
        .updateTable("sites")
        .set({ observed_at: seenAt, error: null, failed_at: null, vm_count: vms.length })
        .where("site", "=", site)
        .execute();
      return count;
    });
    if (changed >= analyzeFrom) await sql`analyze vms`.execute(this.#db);
  }

  /** In the order of names (then site, then id). */
  async list(query: VmQuery): Promise<VmPage> {
    const limit = clampLimit(query.limit);
    const { site, state, name, cursor, scopes } = query;
    let select = this.#db.selectFrom("vms").select(["site", "vm_id", "name", "wire", observedAt]);
    if (!seesAll(scopes)) select = select.where(withinScopes(scopes, scopedColumns));
    if (site !== undefined) select = select.where("site", "=", site);
    if (state !== undefined) select = select.where("state", "=", state);
    if (name?.endsWith("*")) {
      const prefix = name.slice(0, -1);
      // A range instead of LIKE: it needs no escaping and always uses the index. U+10FFFF is the last code point.
      if (prefix) select = select.where("name", ">=", prefix).where("name", "<", `${prefix}\u{10ffff}`);
    } else if (name !== undefined) select = select.where("name", "=", name);
    if (cursor !== undefined) {
      const [lastName, lastSite, lastId] = decodeCursor(cursor, "string", "string", "string");
      select = select.where(
        site === undefined
          ? sql<boolean>`(name, site, vm_id) > (${lastName}, ${lastSite}, ${lastId})`
          : sql<boolean>`(name, vm_id) > (${lastName}, ${lastId})`,
      );
    }
    const ordered = site === undefined ? select.orderBy("name").orderBy("site") : select.orderBy("name");
    const rows = await ordered
      .orderBy("vm_id")
      .limit(limit + 1)
      .execute();
    // Put together here: string_agg takes PostgreSQL longer than the whole rest of the statement.
    const { items, nextCursor } = toPage(rows, limit, wireVm, (row) => [row.name, row.site, row.vm_id]);
    const json = `[${items.join()}]`;
    return nextCursor === undefined ? { json } : { json, nextCursor };
  }

  /** JSON text of a `Wire<InventoryVm>`. */
  async get(site: string, vmId: string): Promise<string | undefined> {
    const row = await this.#db
      .selectFrom("vms")
      .select(["wire", observedAt])
      .where("site", "=", site)
      .where("vm_id", "=", vmId)
      .executeTakeFirst();
    return row && wireVm(row);
  }

  /** Those at the site that have the id or the name. */
  async find(site: string, nameOrId: string): Promise<readonly { vmId: string; tags: Record<string, string> }[]> {
    const rows = await this.#db
      .selectFrom("vms")
      .select(["vm_id", sql<Record<string, string>>`${scopedColumns.tags}`.as("tags")])
      .where("site", "=", site)
      .where((e) => e.or([e("vm_id", "=", nameOrId), e("name", "=", nameOrId)]))
      .execute();
    return rows.map(({ vm_id: vmId, tags }) => ({ vmId, tags }));
  }

  /** How many of the site's VMs the scopes reach. */
  async count(site: string, scopes: readonly Scope[]): Promise<number> {
    const row = await this.#db
      .selectFrom("vms")
      .select(sql<number>`count(*)`.as("count"))
      .where("site", "=", site)
      .where(withinScopes(scopes, scopedColumns))
      .executeTakeFirstOrThrow();
    return row.count;
  }

  async sites(): Promise<readonly SiteFreshness[]> {
    const rows = await this.#db.selectFrom("sites").selectAll().orderBy("site").execute();
    return rows.map((row) => ({
      site: row.site,
      vmCount: row.vm_count,
      ...present({ observedAt: row.observed_at, error: row.error, failedAt: row.failed_at }),
    }));
  }

  /** The site could not be read; what was seen before stays, with its age. */
  async noteFailure(site: string, message: string, at: string): Promise<void> {
    const failure = { error: toText(message), failed_at: at };
    await this.#db
      .insertInto("sites")
      .values({ site, ...failure })
      .onConflict((conflict) => conflict.column("site").doUpdateSet(failure))
      .execute();
  }
}

function wireVm(row: { wire: string; observed_at: string }): string {
  return `{"observed_at":"${row.observed_at}",${row.wire.slice(1)}`;
}
