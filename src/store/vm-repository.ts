import { type Kysely, sql } from "kysely";
import type { Scope } from "../domain/access.ts";
import { scopesExpression } from "../domain/search/scope.ts";
import type { PowerState, Vm } from "../domain/vm.ts";
import { clampLimit, decodeCursor, toPage } from "./paging.ts";
import { limitOf, runPrepared, unseen } from "./prepared.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";
import { seesAll } from "./scopes.ts";
import { conditionOf } from "./search-sql.ts";

/** A VM as the inventory saw it last. */
export type InventoryVm = Vm & { readonly observedAt: string };

export interface SiteFreshness {
  readonly site: string;
  /** When the inventory last read the site's VMs; absent when it never could. */
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

/** Both are looked up for the rows of a page alone: as joins, the planner would like to begin with them. */
const document = sql<string>`(select d.document from resource_documents d where d.resource_no = r.resource_no)`;
/** A listing that is still being read has rows that are newer than the last complete one. */
const observedAt = sql<string>`greatest((
  select i.observed_at from inventory_reads i where i.site = r.site and i.kind = 'vm'), r.refreshed_at, r.changed_at)`;

/** The inventory's VMs, by the lists that every screen begins with; each is read off an index in its order. */
export class VmRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** In the order of names (then site, then id). */
  async list(query: VmQuery): Promise<VmPage> {
    const limit = clampLimit(query.limit);
    const { site, state, name, cursor, scopes } = query;
    // Scopes come in any number of forms: what has some is planned for itself.
    const isPrepared = seesAll(scopes);
    const given = isPrepared ? unseen : (value: string) => sql<string>`${value}`;
    let select = this.#vms().select([
      "r.site",
      "r.resource_id",
      "r.name",
      document.as("document"),
      observedAt.as("observed_at"),
    ]);
    if (!isPrepared) select = select.where(conditionOf(scopesExpression(scopes)));
    if (site !== undefined) select = select.where("r.site", "=", given(site));
    if (state !== undefined) select = select.where("r.state", "=", given(state));
    if (name?.endsWith("*")) {
      const prefix = name.slice(0, -1);
      // A range instead of LIKE: it needs no escaping and always uses the index. U+10FFFF is the last code point.
      const end = `${prefix}\u{10ffff}`;
      if (prefix) select = select.where("r.name", ">=", given(prefix)).where("r.name", "<", given(end));
    } else if (name !== undefined) select = select.where("r.name", "=", given(name));
    if (cursor !== undefined) {
      const [lastName, lastSite, lastId] = decodeCursor(cursor, "string", "string", "string").map(given);
      select = select.where(
        site === undefined
          ? sql<boolean>`(r.name, r.site, r.resource_id) > (${lastName}, ${lastSite}, ${lastId})`
          : sql<boolean>`(r.name, r.resource_id) > (${lastName}, ${lastId})`,
      );
    }
    const ordered = site === undefined ? select.orderBy("r.name").orderBy("r.site") : select.orderBy("r.name");
    const statement = ordered.orderBy("r.resource_id").limit(limitOf(limit + 1));
    const rows = isPrepared ? await runPrepared(this.#db, statement) : await statement.execute();
    // Put together here: string_agg takes PostgreSQL longer than the whole rest of the statement.
    const { items, nextCursor } = toPage(rows, limit, wireVm, (row) => [row.name, row.site, row.resource_id]);
    const json = `[${items.join()}]`;
    return nextCursor === undefined ? { json } : { json, nextCursor };
  }

  /** JSON text of a `Wire<InventoryVm>`. */
  async get(site: string, vmId: string): Promise<string | undefined> {
    const [row] = await runPrepared(
      this.#db,
      this.#vms()
        .select([document.as("document"), observedAt.as("observed_at")])
        .where("r.site", "=", unseen(site))
        .where("r.resource_id", "=", unseen(vmId)),
    );
    return row && wireVm(row);
  }

  /** Those at the site that have the id or the name. */
  async find(site: string, nameOrId: string): Promise<readonly { vmId: string; tags: Record<string, string> }[]> {
    const rows = await this.#vms()
      .select(["r.resource_id", sql<Record<string, string>>`${document}::jsonb -> 'tags'`.as("tags")])
      .where("r.site", "=", site)
      .where((e) => e.or([e("r.resource_id", "=", nameOrId), e("r.name", "=", nameOrId)]))
      .execute();
    return rows.map(({ resource_id: vmId, tags }) => ({ vmId, tags }));
  }

  /** Ids of those at the site, by their state, or by what reaches them. */
  async ids(site: string, { state, scopes }: Pick<VmQuery, "state" | "scopes"> = {}): Promise<readonly string[]> {
    let select = this.#vms().select("r.resource_id").where("r.site", "=", site).orderBy("r.resource_id");
    if (state !== undefined) select = select.where("r.state", "=", state);
    if (!seesAll(scopes)) select = select.where(conditionOf(scopesExpression(scopes)));
    return (await select.execute()).map(({ resource_id: vmId }) => vmId);
  }

  /** How many of the site's VMs the scopes reach. */
  async count(site: string, scopes: readonly Scope[]): Promise<number> {
    const row = await this.#vms()
      .select(sql<number>`count(*)`.as("count"))
      .where("r.site", "=", site)
      .where(conditionOf(scopesExpression(scopes)))
      .executeTakeFirstOrThrow();
    return row.count;
  }

  async sites(): Promise<readonly SiteFreshness[]> {
    const rows = await this.#db
      .selectFrom("inventory_reads")
      .select(["site", "observed_at", "error", "failed_at", "resources"])
      .where("kind", "=", "vm")
      .orderBy("site")
      .execute();
    return rows.map((row) => ({
      site: row.site,
      vmCount: row.resources,
      ...present({ observedAt: row.observed_at, error: row.error, failedAt: row.failed_at }),
    }));
  }

  #vms() {
    // Written out, not a parameter: the lists' indexes are of VMs only.
    return this.#db.selectFrom("resources as r").where(sql<boolean>`r.kind = 'vm'`);
  }
}

function wireVm(row: { document: string; observed_at: string }): string {
  return `{"observed_at":"${row.observed_at}",${row.document.slice(1)}`;
}
