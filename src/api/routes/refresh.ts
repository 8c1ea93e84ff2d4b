import { everything } from "../../domain/search/query.ts";
import { freshness } from "../inventory-freshness.ts";
import { asProblem } from "../problem.ts";
import { type Answer, route } from "../route.ts";
import { refreshBody, refreshedSchema } from "../schemas/resource.ts";
import { type ApiContext, configuredSite } from "./context.ts";

export function refreshRoutes(context: ApiContext) {
  const { runs, sites } = context;
  return [
    route({
      method: "post",
      path: "/v1/resources/refresh",
      operationId: "refreshInventory",
      tag: "inventory",
      summary: "Read sites, or single resources, now instead of at their turn",
      description:
        "Answers when they are read. A site that can't be read keeps its rows and doesn't keep the others back.",
      permission: "inventory:read",
      actor: "signed-in",
      audit: "inventory.refresh",
      // It looks at sites and changes nothing there.
      duringFreeze: true,
      idempotent: true,
      body: refreshBody,
      responses: { 200: { description: "What came of it", schema: refreshedSchema } },
      async handle({ body, access }): Promise<Answer> {
        const named = (body.resources ?? []).map(({ resource_id: resourceId, ...rest }) => ({ ...rest, resourceId }));
        const reached = sites.filter(({ site, enabled }) => enabled && access.touches(site)).map(({ site }) => site);
        const wanted = body.sites ?? (body.resources ? [...new Set(named.map(({ site }) => site))] : reached);
        for (const site of wanted) configuredSite(context, access, site);
        const read = (site: string) => {
          const resources = named.filter((resource) => resource.site === site);
          return resources.length > 0 ? runs.refreshResources({ resources }) : runs.syncInventory(site, "everything");
        };
        const results = await Promise.all(
          wanted.map(async (site) => {
            try {
              await read(site);
              return { site, read: true };
            } catch (error) {
              return { site, read: false, error: asProblem(error).message };
            }
          }),
        );
        const age = await freshness(context, access, { where: everything, newest: true });
        return { status: 200, body: { sites: results, freshness: age } };
      },
    }),
  ];
}
