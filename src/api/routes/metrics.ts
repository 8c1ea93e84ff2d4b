import { joinMetrics } from "../../telemetry/joined-metrics.ts";
import { route } from "../route.ts";
import { type ApiContext, requireReach } from "./context.ts";

export function metricsRoutes({ metrics, store }: ApiContext) {
  return [
    route({
      method: "get",
      path: "/v1/metrics",
      operationId: "readMetrics",
      tag: "about",
      summary: "What Prometheus scrapes: requests, sites, migrations, this process",
      description:
        "Of this API process, and of the store as it is now; for who reaches the whole installation. Give Prometheus a token of its own.",
      permission: "metrics:read",
      actor: "signed-in",
      audit: undefined,
      responses: { 200: { description: "Prometheus's text format", mediaType: "text/plain" } },
      async handle({ access, response }): Promise<undefined> {
        requireReach(access, {});
        const text = await metrics.text();
        response.status(200).setHeader("Content-Type", metrics.mediaType).end(text);
      },
    }),
    route({
      method: "get",
      path: "/v1/metrics/site-workers",
      operationId: "readSiteWorkerMetrics",
      tag: "about",
      summary: "What Prometheus scrapes of workers of sites, which nobody reaches",
      description:
        "What each has told the API within the last minute, with the worker's id as `instance` and its site as `worker_site`. Any API process tells it: scrape one, with `honor_labels`.",
      permission: "metrics:read",
      actor: "signed-in",
      audit: undefined,
      responses: { 200: { description: "Prometheus's text format", mediaType: "text/plain" } },
      async handle({ access, response }): Promise<undefined> {
        requireReach(access, {});
        const told = await store.siteWorkers.metrics();
        const text = joinMetrics(
          told.map((each) => ({ text: each.text, labels: { instance: each.workerId, worker_site: each.site } })),
        );
        response.status(200).setHeader("Content-Type", metrics.mediaType).end(text);
      },
    }),
  ];
}
