import * as z from "zod";
import { toWire } from "../../domain/wire.ts";
import type { SiteFreshness } from "../../store/index.ts";
import { asProblem } from "../problem.ts";
import { type Access, type Answer, route } from "../route.ts";
import { siteId } from "../schemas/common.ts";
import { vmAnswerSchema, vmListQuery, vmListSchema } from "../schemas/vm.ts";
import { type ApiContext, configuredSite, defaultPageSize, notFound } from "./context.ts";

export function inventoryRoutes(context: ApiContext) {
  const { store } = context;
  return [
    route({
      method: "get",
      path: "/v1/vms",
      operationId: "listVms",
      tag: "inventory",
      summary: "VMs of all sites, in the order of their names",
      description:
        "From the store; `sites` says how old each site's rows are, and why, where the newest reading failed.",
      permission: "inventory:read",
      actor: "signed-in",
      audit: undefined,
      query: vmListQuery,
      responses: { 200: { description: "One page", schema: vmListSchema } },
      async handle({ query, access }): Promise<Answer> {
        const { site, state, name, cursor, limit = defaultPageSize, refresh } = query;
        if (site !== undefined) configuredSite(context, access, site);
        const failures = refresh === "true" ? await refreshSites(context, access, site) : new Map<string, string>();
        const [page, freshness] = await Promise.all([
          store.vms.list({ site, state, name, cursor, limit, scopes: access.scopes }),
          siteFreshness(context, access, refresh === "true" ? "now" : "recent"),
        ]);
        const shown = freshness.filter((row) => site === undefined || row.site === site);
        const sites = shown.map((row) => (failures.has(row.site) ? { ...row, error: failures.get(row.site) } : row));
        return { status: 200, json: extend(`{"items":${page.json}}`, { nextCursor: page.nextCursor, sites }) };
      },
    }),
    route({
      method: "get",
      path: "/v1/vms/{site}/{vm_id}",
      operationId: "getVm",
      tag: "inventory",
      summary: "One VM as its site was read last",
      permission: "inventory:read",
      actor: "signed-in",
      audit: undefined,
      params: z.strictObject({ site: siteId, vm_id: z.string().min(1).max(200) }),
      responses: { 200: { description: "The VM", schema: vmAnswerSchema } },
      async handle({ params, access }): Promise<Answer> {
        const { site } = configuredSite(context, access, params.site);
        const [vm, freshness] = await Promise.all([store.vms.get(site, params.vm_id), siteFreshness(context, access)]);
        if (!vm || !(access.covers({ site }) || access.covers({ site, tags: tagsOf(vm) }))) {
          throw notFound(
            "vm",
            `${params.site}/${params.vm_id}`,
            "List the VMs with refresh=true; it may be newer than the last reading.",
          );
        }
        return {
          status: 200,
          json: extend(vm, { freshness: freshness.find((row) => row.site === params.site) }),
        };
      },
    }),
  ];
}

/** Adds members, one at least, to the JSON text of an object that has some. */
function extend(json: string, members: object): string {
  return `${json.slice(0, -1)},${JSON.stringify(toWire(members)).slice(1)}`;
}

function tagsOf(vm: string): Readonly<Record<string, string>> {
  return (JSON.parse(vm) as { tags: Record<string, string> }).tags;
}

/** A row for every site that the caller reaches, also for those that were never read; it counts what they reach there. */
export async function siteFreshness(
  context: ApiContext,
  access: Access,
  newest: "now" | "recent" = "recent",
): Promise<readonly (SiteFreshness & { ageSeconds?: number })[]> {
  const seen = new Map((await siteRows(context, newest)).map((row) => [row.site, row]));
  const reached = context.sites.filter(({ site }) => access.touches(site));
  return Promise.all(
    reached.map(async ({ site }) => {
      const known = seen.get(site) ?? { site, vmCount: 0 };
      const vmCount = access.covers({ site }) ? known.vmCount : await context.store.vms.count(site, access.scopes);
      const row = { ...known, vmCount };
      if (row.observedAt === undefined) return row;
      return { ...row, ageSeconds: Math.max(0, Math.round((Date.now() - Date.parse(row.observedAt)) / 1000)) };
    }),
  );
}

const recentMs = 1_000;
const recentRows = new WeakMap<ApiContext, { rows: Promise<readonly SiteFreshness[]>; until: number }>();

/** Every list and get shows these few rows: they are read once a second, not once a request. */
function siteRows(context: ApiContext, newest: "now" | "recent"): Promise<readonly SiteFreshness[]> {
  const known = recentRows.get(context);
  if (newest === "recent" && known && known.until > Date.now()) return known.rows;
  const rows = context.store.vms.sites();
  recentRows.set(context, { rows, until: Date.now() + recentMs });
  // A failure is for those who wait for it now; the next request tries again.
  rows.catch(() => recentRows.delete(context));
  return rows;
}

/** A site that can't be read doesn't keep the others from being shown: its reason comes with its rows' age. */
async function refreshSites(
  context: ApiContext,
  access: Access,
  only: string | undefined,
): Promise<Map<string, string>> {
  const wanted = context.sites.filter(
    ({ site, enabled }) => enabled && access.touches(site) && (only === undefined || site === only),
  );
  const failures = new Map<string, string>();
  await Promise.all(
    wanted.map(async ({ site }) => {
      try {
        const asked = Date.now();
        const { startedAt } = await context.runs.syncInventory(site, "vms");
        // A reading that was under way already may have passed what is asked for.
        if (Date.parse(startedAt) < asked) await context.runs.syncInventory(site, "vms");
      } catch (error) {
        failures.set(site, asProblem(error).message);
      }
    }),
  );
  return failures;
}
