import type { Family, Sample } from "./prometheus-text.ts";
import { attributesOf, nanos, type Resource, resourceOf, scope } from "./values.ts";

const cumulative = 2;

/** The body of `POST /v1/metrics`: readings of what has been counted since the process began. */
export function metricsBody(
  resource: Resource,
  families: readonly Family[],
  { since, at }: { since: number; at: number },
): object {
  const time = { startTimeUnixNano: nanos(since), timeUnixNano: nanos(at) };
  const metrics = families.flatMap((family) => {
    const data = dataOf(family, time);
    return data ? [{ name: family.name, description: family.help, ...data }] : [];
  });
  return { resourceMetrics: [{ resource: resourceOf(resource), scopeMetrics: [{ scope, metrics }] }] };
}

type Time = Readonly<Record<"startTimeUnixNano" | "timeUnixNano", string>>;

function dataOf({ type, samples, name }: Family, time: Time): object | undefined {
  const sound = samples.filter(({ value }) => Number.isFinite(value));
  if (sound.length === 0) return undefined;
  const points = () =>
    sound.map(({ labels, value }) => ({ attributes: attributesOf(labels), ...time, asDouble: value }));
  if (type === "counter") {
    return { sum: { aggregationTemporality: cumulative, isMonotonic: true, dataPoints: points() } };
  }
  if (type === "histogram") {
    return { histogram: { aggregationTemporality: cumulative, dataPoints: histogramPoints(name, sound, time) } };
  }
  return { gauge: { dataPoints: points() } };
}

/** Prometheus counts up to each bound, OTLP between the bounds. */
function histogramPoints(name: string, samples: readonly Sample[], time: Time): object[] {
  const bySeries = Map.groupBy(samples, ({ labels: { le: _le, ...labels } }) =>
    JSON.stringify(Object.entries(labels).sort(([a], [b]) => a.localeCompare(b))),
  );
  return [...bySeries].map(([series, parts]) => {
    const value = (suffix: string) => parts.find((part) => part.name === `${name}_${suffix}`)?.value ?? 0;
    const bounds = parts
      .filter((part) => part.name === `${name}_bucket` && part.labels.le !== "+Inf")
      .map(({ labels, value: upTo }) => ({ bound: Number(labels.le), upTo }))
      .sort((a, b) => a.bound - b.bound);
    const count = value("count");
    const upTo = [...bounds.map((each) => each.upTo), count];
    return {
      attributes: attributesOf(Object.fromEntries(JSON.parse(series) as [string, string][])),
      ...time,
      count: String(count),
      sum: value("sum"),
      bucketCounts: upTo.map((total, index) => String(total - (upTo[index - 1] ?? 0))),
      explicitBounds: bounds.map(({ bound }) => bound),
    };
  });
}
