import { type Freshness, freshnessOf } from "../domain/freshness.ts";
import type { ResourceKind } from "../domain/resource.ts";
import { allOf, type Expression } from "../domain/search/query.ts";
import { scopesExpression } from "../domain/search/scope.ts";
import type { KeptReading } from "../store/index.ts";
import type { Access } from "./route.ts";
import type { ApiContext } from "./routes/context.ts";

const recentMs = 1_000;
const recent = new WeakMap<ApiContext, { rows: Promise<readonly KeptReading[]>; until: number }>();

/** How old and how complete an answer to the search is, for what the caller reaches. */
export async function freshness(
  context: ApiContext,
  access: Access,
  about: {
    readonly where: Expression;
    readonly kinds?: readonly ResourceKind[];
    readonly asOf?: string | undefined;
    /** After a reading that the caller has waited for. */
    readonly newest?: boolean;
  },
): Promise<Freshness> {
  const { asOf, where, kinds, newest = false } = about;
  return freshnessOf({
    readings: asOf === undefined ? await readings(context, newest) : await context.store.resources.freshness(asOf),
    configured: context.sites.map(({ kind: provider, ...site }) => ({ ...site, provider })),
    where: allOf(scopesExpression(access.scopes), where),
    ...(kinds === undefined ? {} : { kinds }),
    at: asOf === undefined ? Date.now() : Date.parse(asOf),
  });
}

/** How the sites' kinds were read. Every answer shows these few rows: they are read once a second, not once a request. */
export function readings(context: ApiContext, newest = false): Promise<readonly KeptReading[]> {
  const known = recent.get(context);
  if (!newest && known && known.until > Date.now()) return known.rows;
  const rows = context.store.resources.freshness();
  recent.set(context, { rows, until: Date.now() + recentMs });
  // A failure is for those who wait for it now; the next request tries again.
  rows.catch(() => recent.delete(context));
  return rows;
}
