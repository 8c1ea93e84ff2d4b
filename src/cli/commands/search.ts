import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type ApiOptions, allPages, answerOf, connectApi, problemError, type Schemas } from "../client.ts";
import { type Format, show, table } from "../output.ts";
import { formatBytes, formatMoney, readCount } from "../units.ts";
import { findSearch } from "./searches.ts";

type Resource = Schemas["Resource"];
export type Freshness = Schemas["InventoryFreshness"];

export interface SearchOptions extends ApiOptions {
  readonly output: Format | "csv";
  readonly sort?: string;
  readonly limit?: string;
  readonly asOf?: string;
  /** Reads the sites first. */
  readonly refresh?: boolean;
  /** A saved search that has to match, too; its name or id. */
  readonly saved?: string;
}

const largestPage = 1_000;

export async function search(query: string | undefined, options: SearchOptions): Promise<void> {
  const { sort, asOf, limit, output, saved } = options;
  if (options.refresh) await answerOf(connectApi(options).api.POST("/v1/resources/refresh", { body: {} }));
  const within = saved ? await findSearch(connectApi(options).api, saved) : undefined;
  const wanted = {
    ...(within ? { search: within.search_id } : {}),
    ...(query ? { q: query } : {}),
    ...(sort ? { sort } : {}),
    ...(asOf ? { as_of: asOf } : {}),
  };
  if (output === "csv") await writeCsv(wanted, options, limit === undefined ? undefined : readCount(limit));
  else await showFound(await find(wanted, options, readCount(limit ?? "100")), output);
}

async function find(wanted: object, options: ApiOptions, limit: number) {
  const { api } = connectApi(options);
  let left = limit;
  let more = false;
  let first: Schemas["ResourceList"] | undefined;
  const items = await allPages(async (cursor) => {
    const query = { ...wanted, limit: Math.min(largestPage, left), ...(cursor ? { cursor } : {}) };
    // Without a format it is JSON.
    const page = (await answerOf(api.GET("/v1/resources", { params: { query } }))) as Schemas["ResourceList"];
    first ??= page;
    left -= page.items.length;
    more = page.next_cursor !== undefined;
    return left > 0 ? page : { items: page.items };
  });
  return { items, more, as_of: first?.as_of, freshness: first?.freshness };
}

async function showFound(found: Awaited<ReturnType<typeof find>>, output: Format): Promise<void> {
  await show(found, output, async ({ items, more, as_of: asOf, freshness }) => {
    const rows = await table<Resource>(
      items,
      [
        { head: "NAME", value: (row) => row.name },
        { head: "KIND", value: (row) => row.kind },
        { head: "SITE", value: (row) => row.site },
        { head: "STATE", value: (row) => row.state },
        { head: "CPU", align: "right", value: (row) => row.cpus },
        { head: "MEMORY", align: "right", value: (row) => row.memory_bytes && formatBytes(row.memory_bytes) },
        { head: "SIZE", align: "right", value: (row) => row.size_bytes && formatBytes(row.size_bytes) },
        { head: "A MONTH", align: "right", value: (row) => row.monthly_cost && formatMoney(row.monthly_cost) },
        { head: "ID", value: (row) => row.resource_id },
      ],
      "Nothing matches.",
    );
    const rest = more ? ["There are more: raise --limit, or narrow the search."] : [];
    return [rows, "", ...rest, ...describeFreshness(freshness, asOf)].join("\n");
  });
}

/** A line on how old it is, and one for each site that is not up to date. */
export function describeFreshness(freshness: Freshness | undefined, asOf?: string): string[] {
  if (!freshness) return [];
  const problems = freshness.sites.flatMap(({ site, problems: all }) =>
    all.map(({ error, kinds, failed_at: at }) => {
      const what = kinds.length > 3 ? `${kinds.length} kinds` : kinds.join(", ");
      return `${site} (${what}): ${error}${at ? `, ${at}` : ""}`;
    }),
  );
  return [`${asOf ? `As of ${asOf}. ` : ""}${freshness.summary}`, ...problems];
}

/** As it comes: it may be large. How fresh it is goes to stderr. */
async function writeCsv(wanted: object, options: ApiOptions, limit: number | undefined): Promise<void> {
  const { api } = connectApi(options);
  const query = { ...wanted, format: "csv" as const, ...(limit === undefined ? {} : { limit }) };
  const answer = await api.GET("/v1/resources", { params: { query }, parseAs: "stream" });
  const { data, error, response } = answer;
  if (!data) throw problemError(error, response.status);
  await pipeline(Readable.fromWeb(data), process.stdout, { end: false });
  process.stderr.write(`${response.headers.get("x-freshness") ?? ""}\n`);
}
