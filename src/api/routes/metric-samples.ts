import { type MetricSample, ownSite, stepFor } from "../../domain/metric.ts";
import { ProblemError } from "../problem.ts";
import { type Access, type Answer, route } from "../route.ts";
import {
  metricNamesQuery,
  metricNamesSchema,
  metricSeriesListSchema,
  pushBody,
  pushedSchema,
  sampleQuery,
} from "../schemas/metrics.ts";
import { type ApiContext, configuredSite, requireReach } from "./context.ts";

const hourMs = 3_600_000;
const pointsByDefault = 300;

/** Figures of VMs and of what else is measured. What Prometheus scrapes of us is `/v1/metrics` itself. */
export function metricSampleRoutes(context: ApiContext) {
  const { store } = context;
  return [
    route({
      method: "get",
      path: "/v1/metrics/names",
      operationId: "listMetrics",
      tag: "metrics",
      summary: "Which figures are kept, and of how many resources",
      permission: "metrics:read",
      actor: "signed-in",
      audit: undefined,
      query: metricNamesQuery,
      responses: { 200: { description: "By site and name", schema: metricNamesSchema } },
      async handle({ query: { site }, access }): Promise<Answer> {
        if (site !== undefined && site !== ownSite) configuredSite(context, access, site);
        const reached = (of: string) => (of === ownSite ? access.covers({}) : access.touches(of));
        const items = (await store.metrics.names(site)).filter((row) => reached(row.site));
        return { status: 200, body: { items } };
      },
    }),
    route({
      method: "get",
      path: "/v1/metrics/samples",
      operationId: "readMetricSamples",
      tag: "metrics",
      summary: "Figures of a time: what sites measure of VMs, and what was pushed",
      description:
        "Samples are kept as they came for two days, as five minutes for five weeks, as hours for 400 days: an older point's span is as long as that at least. What was not measured has no point; it is not 0. Who reaches only some VMs of a site gets theirs.",
      permission: "metrics:read",
      actor: "signed-in",
      audit: undefined,
      query: sampleQuery,
      responses: { 200: { description: "One series a resource", schema: metricSeriesListSchema } },
      async handle({ query, access }): Promise<Answer> {
        const { site } = query;
        if (site === ownSite) requireReach(access, {});
        else configuredSite(context, access, site);
        const toMs = query.to === undefined ? Date.now() : Date.parse(query.to);
        const fromMs = query.from === undefined ? toMs - hourMs : Date.parse(query.from);
        if (fromMs >= toMs) {
          throw new ProblemError("InvalidInput", { detail: "`from` is not before `to`", action: "Swap the two." });
        }
        const stepSeconds = query.step_seconds ?? stepFor(fromMs, toMs, pointsByDefault);
        const { resource_id: resourceId, metric } = query;
        const series = await store.metrics.range({
          ...{ site, metric, stepSeconds, from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() },
          ...(resourceId === undefined ? {} : { resourceId }),
        });
        const reached = await reachedIds(context, access, site);
        if (resourceId !== undefined && reached?.has(resourceId) === false) {
          throw new ProblemError("NotFound", {
            detail: `There is no such resource at ${site}`,
            action: "List the VMs that you reach.",
          });
        }
        const items = series.filter((each) => reached?.has(each.resourceId) ?? true);
        return { status: 200, body: { stepSeconds, items } };
      },
    }),
    route({
      method: "post",
      path: "/v1/metrics/samples",
      operationId: "pushMetricSamples",
      tag: "metrics",
      summary: "Give figures that no site measures: of an agent in the guest, of a queue",
      description:
        "Up to 1,000 at once, each of a site that the caller reaches as a whole. A repeat does no harm. Of moments from 400 days ago until now.",
      permission: "metrics:write",
      actor: "signed-in",
      audit: "metrics.push",
      // Nothing at a site changes by it, and alerts go on during a freeze.
      duringFreeze: true,
      secretBody: true,
      idempotent: true,
      body: pushBody,
      responses: { 200: { description: "They are kept", schema: pushedSchema } },
      async handle({ body, access }): Promise<Answer> {
        const sites = [...new Set(body.samples.map(({ site }) => site))];
        requireReach(
          access,
          sites.map((site) => ({ site })),
        );
        for (const site of sites) configuredSite(context, access, site);
        const now = new Date().toISOString();
        const samples = body.samples.map(
          ({ resource_id: resourceId, at = now, ...rest }): MetricSample => ({ ...rest, resourceId, at }),
        );
        await store.metrics.write(samples);
        const after = { samples: samples.length };
        return { status: 200, body: after, after: { ...after, sites } };
      },
    }),
  ];
}

/** Undefined where the caller reaches all of the site. */
async function reachedIds(
  { store }: ApiContext,
  access: Access,
  site: string,
): Promise<ReadonlySet<string> | undefined> {
  if (site === ownSite || access.covers({ site })) return undefined;
  return new Set(await store.vms.ids(site, { scopes: access.scopes }));
}
