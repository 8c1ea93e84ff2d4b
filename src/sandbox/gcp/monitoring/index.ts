import type { IncomingMessage } from "node:http";
import * as z from "zod";
import { GuestMetrics, type GuestSpan } from "../../cloud/guests/guest-metrics.ts";
import { type Answer, readBody } from "../../cloud/http-front.ts";
import type { GcpCloud } from "../cloud.ts";
import { nameOf, scopeOf } from "../compute/links.ts";
import { machineId } from "../compute/machines.ts";
import { badRequest, GcpError } from "../errors.ts";
import { perform } from "../perform.ts";
import { projectId } from "../places.ts";
import { AlertPolicies } from "./alert-policies.ts";

export const monitoringPath = /^\/v3\/projects\/([^/]+)\/(timeSeries|alertPolicies)(?:\/([^/]+))?$/;
const bodyLimit = 2 ** 20;
const prefix = "compute.googleapis.com/";

/** https://cloud.google.com/monitoring/api/metrics_gcp_c#gcp-compute; what goes over a guest's network is not measured here. */
const kinds = {
  "instance/cpu/utilization": { metricKind: "GAUGE", valueType: "DOUBLE" },
  "instance/disk/read_bytes_count": { metricKind: "DELTA", valueType: "INT64" },
  "instance/disk/write_bytes_count": { metricKind: "DELTA", valueType: "INT64" },
  "instance/network/received_bytes_count": { metricKind: "DELTA", valueType: "INT64" },
  "instance/network/sent_bytes_count": { metricKind: "DELTA", valueType: "INT64" },
} as const;
export type GceMetricName = keyof typeof kinds;
export type GceMetrics = GuestMetrics<GceMetricName>;

/** https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.timeSeries/list */
const listQuery = z.strictObject({
  filter: z.string(),
  "interval.startTime": z.iso.datetime({ offset: true }),
  "interval.endTime": z.iso.datetime({ offset: true }),
  "aggregation.alignmentPeriod": z.string().regex(/^\d+s$/),
  "aggregation.perSeriesAligner": z.enum(["ALIGN_MEAN", "ALIGN_RATE"]),
  "aggregation.crossSeriesReducer": z.enum(["REDUCE_NONE", "REDUCE_SUM", "REDUCE_MEAN"]).optional(),
  "aggregation.groupByFields": z.string().optional(),
  pageSize: z.coerce.number().int().min(1).optional(),
  pageToken: z.string().optional(),
});

/** Cloud Monitoring's series of instances. */
export class Monitoring {
  readonly metrics: GceMetrics;
  readonly #cloud: GcpCloud;
  readonly #policies: AlertPolicies;

  constructor(cloud: GcpCloud) {
    this.#cloud = cloud;
    this.#policies = new AlertPolicies(cloud);
    this.metrics = new GuestMetrics<GceMetricName>({
      guests: cloud.guests,
      periodMs: () => cloud.settings.metricPeriodMs,
      figures: ({ before, now, busy }: GuestSpan) => ({
        "instance/cpu/utilization": busy,
        "instance/disk/read_bytes_count": now.readBytes - before.readBytes,
        "instance/disk/write_bytes_count": now.writtenBytes - before.writtenBytes,
      }),
    });
  }

  /** `path` is what {@link monitoringPath} has found. */
  async handle(request: IncomingMessage, path: RegExpExecArray, query: URLSearchParams): Promise<Answer> {
    const [, project = "", collection = "", id] = path;
    const body = (await readBody(request, bodyLimit)).toString("utf8");
    const acts: Readonly<Record<string, (() => object) | undefined>> = {
      "timeSeries.list": () => this.#list(query),
      "alertPolicies.create": () => this.#policies.create(JSON.parse(body || "{}")),
      "alertPolicies.list": () => this.#policies.list(query),
      "alertPolicies.get": () => this.#policies.get(id ?? ""),
      "alertPolicies.delete": () => this.#policies.delete(id ?? ""),
    };
    const operation = `${collection}.${verbOf(request.method, id)}`;
    const act = acts[operation];
    if (!act) throw new GcpError(501, "notImplemented", `The sandbox does not simulate ${operation}`);
    const call = { service: "monitoring", operation, region: "global", scope: project } as const;
    const answer = await perform(this.#cloud, call, () => {
      if (project !== projectId) throw new GcpError(403, "forbidden", `Permission denied on project ${project}.`);
      return act();
    });
    const headers = { "content-type": "application/json; charset=UTF-8" };
    return { status: 200, headers, body: JSON.stringify(answer) };
  }

  #list(query: URLSearchParams): object {
    const parsed = listQuery.safeParse(Object.fromEntries(query));
    if (!parsed.success) throw badRequest(z.prettifyError(parsed.error));
    const { filter, pageToken, pageSize = this.#cloud.settings.pageSize, ...asked } = parsed.data;
    const conditions = new Map(
      filter.split(" AND ").map((one) => {
        const [, name = "", value = ""] = /^\s*([\w.]+)\s*=\s*"([^"]*)"\s*$/.exec(one) ?? [];
        if (name === "") throw badRequest(`The filter is not understood: ${one}`);
        return [name, value] as const;
      }),
    );
    const name = conditions.get("metric.type")?.replace(prefix, "") ?? "";
    // A type that nobody ever wrote is refused: https://cloud.google.com/monitoring/api/troubleshooting
    if (!(name in kinds))
      throw new GcpError(404, "notFound", `Cannot find metric(s) that match type = "${prefix}${name}".`);
    const zone = conditions.get("resource.labels.zone");
    const end = Date.parse(asked["interval.endTime"]);
    const start = Date.parse(asked["interval.startTime"]);
    if (start >= end) throw badRequest("The start time must be before the end time.");
    const spans = {
      ...{ start, end, periodMs: Number.parseInt(asked["aggregation.alignmentPeriod"], 10) * 1_000 },
      aligner: asked["aggregation.perSeriesAligner"],
    };
    const series = [...this.#cloud.tables.instances.values()]
      .filter(({ id }) => zone === undefined || scopeOf(id) === `zones/${zone}`)
      .flatMap((instance) => {
        const points = aligned(this.metrics.samples(machineId(instance), name as GceMetricName), spans);
        if (points.length === 0) return [];
        return [
          {
            metric: { type: `${prefix}${name}`, labels: { instance_name: nameOf(instance.id) } },
            resource: { type: "gce_instance", labels: { project_id: projectId } },
            metricKind: "GAUGE",
            valueType: "DOUBLE",
            points,
          },
        ];
      });
    const from = Number(pageToken ?? 0);
    const next = from + pageSize < series.length ? { nextPageToken: String(from + pageSize) } : {};
    return { timeSeries: series.slice(from, from + pageSize), unit: "1", ...next };
  }
}

function verbOf(method: string | undefined, id: string | undefined): string {
  if (id === undefined) return method === "POST" ? "create" : method === "GET" ? "list" : `${method}`;
  return method === "GET" ? "get" : method === "DELETE" ? "delete" : `${method}`;
}

/** Spans that end at the interval's end, a whole number of them back; the newest first. */
function aligned(
  samples: readonly { at: number; value: number }[],
  { start, end, periodMs, aligner }: { start: number; end: number; periodMs: number; aligner: string },
): object[] {
  const points: object[] = [];
  for (let at = end; at > start; at -= periodMs) {
    const values = samples.filter((sample) => sample.at > at - periodMs && sample.at <= at).map(({ value }) => value);
    if (values.length === 0) continue;
    const sum = values.reduce((total, value) => total + value, 0);
    const doubleValue = aligner === "ALIGN_RATE" ? sum / (periodMs / 1_000) : sum / values.length;
    const endTime = new Date(at).toISOString();
    points.push({ interval: { startTime: endTime, endTime }, value: { doubleValue } });
  }
  return points;
}
