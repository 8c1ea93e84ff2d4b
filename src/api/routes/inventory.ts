import * as z from "zod";
import { toWire } from "../../domain/wire.ts";
import type { KeptReading, SiteFreshness } from "../../store/index.ts";
import { readings } from "../inventory-freshness.ts";
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
  const vmReadings = (await readings(context, newest === "now")).filter(({ kind }) => kind === "vm");
  const seen = new Map(vmReadings.map((reading) => [reading.site, toFreshness(reading)]));
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

function toFreshness({ site, resources: vmCount, observedAt, error, failedAt }: KeptReading): SiteFreshness {
  return { site, vmCount, ...(observedAt && { observedAt }), ...(error && { error }), ...(failedAt && { failedAt }) };
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
