import { route } from "../route.ts";
import { type ApiContext, requireReach } from "./context.ts";

export function metricsRoutes({ metrics }: ApiContext) {
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
  ];
}
