import { type Kysely, sql } from "kysely";
import { ProviderError } from "../domain/errors.ts";
import type { Price, PriceBook, PriceKind, PriceTerms, PriceUnit } from "../domain/prices.ts";
import { clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import type { Database, PriceTable } from "./schema.ts";

export interface PriceListSource {
  readonly sourceId: string;
  readonly source: string;
  readonly derived?: string;
}

/** A list as somebody published it. */
export interface PriceList {
  /** `shipped`, or of which cloud and region it was read. */
  readonly listId: string;
  readonly contentHash: string;
  /** Only called when the store doesn't have this content. */
  read(): Promise<{
    readonly sources: readonly PriceListSource[];
    readonly prices: readonly (Omit<Price, "source" | "derived"> & { readonly sourceId: string })[];
  }>;
}

export interface PriceQuery {
  readonly cursor?: string;
  readonly limit: number;
  readonly provider?: string;
  readonly region?: string;
  readonly kind?: PriceKind;
  readonly terms?: PriceTerms;
  /** An exact name, or a beginning followed by `*`. */
  readonly item?: string;
  /** Instance types with at least so much. */
  readonly minCpus?: number;
  readonly minMemoryBytes?: number;
  readonly architecture?: "x86_64" | "aarch64";
  /** Default `name`: by provider, region, kind and item. `price`: the cheapest first. */
  readonly order?: "name" | "price";
}

const rowsPerStatement = 5_000;
/** Any fixed number: whoever loads price lists holds it, so that two processes that start together load one once. */
const loadLock = 7_238_114_502;

export class PriceRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /**
   * Makes the store have this list, in place of an earlier state of it; returns false when it has it already. A price that
   * another list has of a later day stays.
   */
  async load(list: PriceList): Promise<boolean> {
    if (await this.#has(this.#db, list)) return false;
    const { sources, prices } = await list.read();
    requireSources(list.listId, sources, prices);
    const loaded = await this.#db.transaction().execute(async (tx) => {
      await sql`select pg_advisory_xact_lock(${loadLock})`.execute(tx);
      if (await this.#has(tx, list)) return false;
      const { listId, contentHash } = list;
      await tx.deleteFrom("prices").where("list_id", "=", listId).execute();
      await tx.deleteFrom("price_lists").where("list_id", "=", listId).execute();
      await tx.insertInto("price_lists").values({ list_id: listId, content_hash: contentHash }).execute();
      for (const { sourceId, source, derived = null } of sources) {
        await tx
          .insertInto("price_sources")
          .values({ list_id: listId, source_id: sourceId, source, derived })
          .execute();
      }
      for (let start = 0; start < prices.length; start += rowsPerStatement) {
        await insert(tx, listId, prices.slice(start, start + rowsPerStatement));
      }
      return true;
    });
    if (loaded) await sql`analyze prices`.execute(this.#db);
    return loaded;
  }

  async list(query: PriceQuery): Promise<Page<Price>> {
    const limit = clampLimit(query.limit);
    const { provider, region, kind, terms, item, minCpus, minMemoryBytes, architecture, cursor } = query;
    let select = this.#rows();
    if (provider !== undefined) select = select.where("provider", "=", provider);
    if (region !== undefined) select = select.where("region", "=", region);
    if (kind !== undefined) select = select.where("kind", "=", kind);
    if (terms !== undefined) select = select.where("terms", "=", terms);
    if (item?.endsWith("*")) {
      const prefix = item.slice(0, -1);
      if (prefix) select = select.where("item", ">=", prefix).where("item", "<", `${prefix}\u{10ffff}`);
    } else if (item !== undefined) select = select.where("item", "=", item);
    if (minCpus !== undefined) select = select.where("cpus", ">=", minCpus);
    if (minMemoryBytes !== undefined) select = select.where("memory_bytes", ">=", minMemoryBytes);
    if (architecture !== undefined) select = select.where("architecture", "=", architecture);
    const byPrice = query.order === "price";
    if (cursor !== undefined) {
      const [micros, ...key] = decodeCursor(
        cursor,
        "number",
        "string",
        "string",
        "string",
        "string",
        "string",
        "number",
      );
      const [lastProvider, lastRegion, lastKind, lastItem, lastTerms, lastAbove] = key;
      const last = sql`${lastProvider}, ${lastRegion}, ${lastKind}, ${lastItem}, ${lastTerms}, ${lastAbove}`;
      select = select.where(
        byPrice
          ? sql<boolean>`(micros, provider, region, kind, item, terms, above) > (${micros}, ${last})`
          : sql<boolean>`(provider, region, kind, item, terms, above) > (${last})`,
      );
    }
    if (byPrice) select = select.orderBy("micros");
    const rows = await select
      .orderBy("provider")
      .orderBy("region")
      .orderBy("kind")
      .orderBy("item")
      .orderBy("terms")
      .orderBy("above")
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, toPrice, (row) => [
      row.micros,
      row.provider,
      row.region,
      row.kind,
      row.item,
      row.terms,
      row.above,
    ]);
  }

  /** The regions that prices of machines are known of. */
  async markets(): Promise<readonly { readonly provider: string; readonly region: string }[]> {
    return this.#db
      .selectFrom("prices")
      .select(["provider", "region"])
      .where("kind", "=", "instance")
      .distinct()
      .orderBy("provider")
      .orderBy("region")
      .execute();
  }

  /** Everything that is known of a region; empty where nothing is. */
  async book(provider: string, region: string): Promise<PriceBook> {
    const rows = await this.#rows().where("provider", "=", provider).where("region", "=", region).execute();
    return { provider, region, prices: rows.map(toPrice) };
  }

  #rows() {
    return this.#db
      .selectFrom("prices")
      .innerJoin("price_sources", (join) =>
        join
          .onRef("price_sources.list_id", "=", "prices.list_id")
          .onRef("price_sources.source_id", "=", "prices.source_id"),
      )
      .selectAll("prices")
      .select(["source", "derived"]);
  }

  async #has(db: Kysely<Database>, { listId, contentHash }: PriceList): Promise<boolean> {
    const row = await db
      .selectFrom("price_lists")
      .select("content_hash")
      .where("list_id", "=", listId)
      .executeTakeFirst();
    return row?.content_hash === contentHash;
  }
}

type ListedPrice = Awaited<ReturnType<PriceList["read"]>>["prices"][number];

function requireSources(listId: string, sources: readonly PriceListSource[], prices: readonly ListedPrice[]): void {
  const known = new Set(sources.map(({ sourceId }) => sourceId));
  const orphan = prices.find(({ sourceId }) => !known.has(sourceId));
  if (!orphan) return;
  throw new ProviderError("InvalidInput", {
    operation: "load the price list",
    resource: `price-list/${listId}`,
    reason: `the price of ${orphan.item} names the source ${orphan.sourceId}, which the list doesn't have`,
    action: "Add the source to the list.",
  });
}

async function insert(db: Kysely<Database>, listId: string, part: readonly ListedPrice[]): Promise<void> {
  const column = <T>(value: (price: ListedPrice) => T): T[] => part.map(value);
  await sql`
    insert into prices (list_id, provider, region, kind, item, terms, above, micros, currency, unit, priced_on, source_id,
      cpus, memory_bytes, architecture, gpus, burstable, interruption_band)
    select ${listId}, * from unnest(
      ${column((price) => price.provider)}::text[], ${column((price) => price.region)}::text[],
      ${column((price) => price.kind)}::text[], ${column((price) => price.item)}::text[],
      ${column((price) => price.terms)}::text[], ${column((price) => price.above)}::integer[],
      ${column((price) => price.price.micros)}::bigint[], ${column((price) => price.price.currency)}::text[],
      ${column((price) => price.unit)}::text[], ${column((price) => price.pricedOn)}::text[],
      ${column((price) => price.sourceId)}::text[],
      ${column((price) => price.size?.cpus)}::double precision[], ${column((price) => price.size?.memoryBytes)}::bigint[],
      ${column((price) => price.size?.architecture)}::text[], ${column((price) => price.size?.gpus)}::integer[],
      ${column((price) => price.size?.burstable)}::boolean[],
      ${column((price) => price.size?.interruptionBand)}::integer[])
    on conflict (provider, region, kind, item, terms, above) do update set
      list_id = excluded.list_id, source_id = excluded.source_id, micros = excluded.micros, currency = excluded.currency,
      unit = excluded.unit, priced_on = excluded.priced_on, cpus = excluded.cpus, memory_bytes = excluded.memory_bytes,
      architecture = excluded.architecture, gpus = excluded.gpus, burstable = excluded.burstable,
      interruption_band = excluded.interruption_band
      where prices.priced_on <= excluded.priced_on
  `.execute(db);
}

function toPrice(row: PriceTable & { source: string; derived: string | null }): Price {
  const { provider, region, item, above, micros, currency, priced_on: pricedOn, source, derived } = row;
  const { cpus, memory_bytes: memoryBytes, architecture, gpus, burstable, interruption_band: band } = row;
  const sized = cpus !== null && memoryBytes !== null && architecture !== null && gpus !== null && burstable !== null;
  return {
    provider,
    region,
    kind: row.kind as PriceKind,
    item,
    terms: row.terms as PriceTerms,
    above,
    price: { micros, currency },
    unit: row.unit as PriceUnit,
    pricedOn,
    source,
    ...(derived === null ? {} : { derived }),
    ...(sized
      ? {
          size: {
            cpus,
            memoryBytes,
            architecture,
            gpus,
            burstable,
            ...(band === null ? {} : { interruptionBand: band }),
          },
        }
      : {}),
  };
}
