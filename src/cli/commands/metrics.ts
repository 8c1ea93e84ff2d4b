import { answerOf, connectApi, type Schemas } from "../client.ts";
import { usageError } from "../failure.ts";
import { show, table } from "../output.ts";
import { formatBytes, readSeconds } from "../units.ts";
import type { CommonOptions } from "./options.ts";

type Series = Schemas["MetricSeries"];
type Point = Schemas["MetricPoint"];

export async function listMetrics(options: CommonOptions & { site?: string }): Promise<void> {
  const { api } = connectApi(options);
  const query = options.site === undefined ? {} : { site: options.site };
  const { items } = await answerOf(api.GET("/v1/metrics/names", { params: { query } }));
  await show(items, options.output, (rows) =>
    table(
      rows,
      [
        { head: "SITE", value: (row) => row.site },
        { head: "METRIC", value: (row) => row.metric },
        { head: "RESOURCES", align: "right", value: (row) => row.resources },
      ],
      "Nothing was measured yet.",
    ),
  );
}

/** All resources with one line each; a single one point by point. */
export async function showMetric(
  site: string,
  metric: string,
  options: CommonOptions & { resource?: string; since: string; step?: string },
): Promise<void> {
  const { api } = connectApi(options);
  const from = new Date(Date.now() - readSeconds(options.since) * 1_000).toISOString();
  const query = {
    ...{ site, metric, from },
    ...(options.resource === undefined ? {} : { resource_id: options.resource }),
    ...(options.step === undefined ? {} : { step_seconds: Math.max(1, Math.round(readSeconds(options.step))) }),
  };
  const answer = await answerOf(api.GET("/v1/metrics/samples", { params: { query } }));
  await show(answer, options.output, ({ items }) => {
    const only = options.resource === undefined ? undefined : items.at(0);
    return only ? pointsOf(only) : seriesOf(items);
  });
}

export async function pushMetric(
  site: string,
  resource: string,
  metric: string,
  value: string,
  options: CommonOptions,
): Promise<void> {
  const figure = Number(value);
  if (value.trim() === "" || !Number.isFinite(figure))
    throw usageError(`${value} is not a number`, "Write it like 12.5.");
  const { api } = connectApi(options);
  const body = { samples: [{ site, resource_id: resource, metric, value: figure }] };
  const answer = await answerOf(api.POST("/v1/metrics/samples", { body }));
  await show(answer, options.output, () => `${metric} of ${resource} at ${site} is ${figure}.`);
}

function seriesOf(series: readonly Series[]): Promise<string> {
  return table(
    series,
    [
      { head: "RESOURCE", value: (row) => row.resource_id },
      { head: "NEWEST", align: "right", value: (row) => figureOf(row.metric, row.points.at(-1)?.value) },
      { head: "MEAN", align: "right", value: (row) => figureOf(row.metric, meanOf(row.points)) },
      {
        head: "HIGHEST",
        align: "right",
        value: (row) => figureOf(row.metric, Math.max(...row.points.map((p) => p.high))),
      },
      { head: "", value: (row) => sparkline(row.points) },
    ],
    "Nothing was measured in that time.",
  );
}

function pointsOf({ metric, points }: Series): Promise<string> {
  return table(
    points,
    [
      { head: "FROM", value: (row) => row.at },
      { head: "MEAN", align: "right", value: (row) => figureOf(metric, row.value) },
      { head: "LOWEST", align: "right", value: (row) => figureOf(metric, row.low) },
      { head: "HIGHEST", align: "right", value: (row) => figureOf(metric, row.high) },
      { head: "SAMPLES", align: "right", value: (row) => row.samples },
    ],
    "Nothing was measured in that time.",
  );
}

function meanOf(points: readonly Point[]): number | undefined {
  const samples = points.reduce((sum, point) => sum + point.samples, 0);
  return samples === 0 ? undefined : points.reduce((sum, point) => sum + point.value * point.samples, 0) / samples;
}

function figureOf(metric: string, value: number | undefined): string | undefined {
  if (value === undefined || !Number.isFinite(value)) return undefined;
  if (metric === "cpu.utilisation" || metric === "memory.used") return `${(value * 100).toFixed(1)} %`;
  if (/^(?:disk|network)\.(?:read|write|in|out)$/.test(metric)) return `${formatBytes(value)}/s`;
  return String(Number(value.toPrecision(6)));
}

const bars = "▁▂▃▄▅▆▇█";
const mostBars = 40;

/** From 0, or below where there is less, to the highest; the newest at the right. */
function sparkline(points: readonly Point[]): string {
  const shown = points.slice(-mostBars).map(({ value }) => value);
  const low = Math.min(0, ...shown);
  const span = Math.max(...shown) - low;
  return shown.map((value) => bars[span === 0 ? 0 : Math.round(((value - low) / span) * (bars.length - 1))]).join("");
}
