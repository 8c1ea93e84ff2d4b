/**
 * `forecast`: the last week of each VM's month, forecast from what was before, beside "as a season ago" and beside
 * statsforecast's Holt-Winters. The series are hourly means of CPU use; one that never changes has no error to scale by, and
 * is left out.
 */
import { forecast, intervalLevels } from "../src/domain/forecast/forecast.ts";
import { holtWinters } from "./lib/holt-winters.ts";
import { median } from "./lib/measure.ts";
import { type Bench, type BenchContext, type Figure, figure } from "./lib/report.ts";
import { madeUpTraces, readTraces } from "./lib/vm-traces.ts";

const [day, week] = [24, 168];
const seasons = [day, week];
const madeUpVms = 60;
const mostOffCoverage = 0.05;

export const forecastBench: Bench = {
  name: "forecast",
  summary: "A held-back week of each VM's CPU use, beside a seasonal naive forecast and statsforecast's Holt-Winters",
  takes: ["traces"],
  run,
};

async function run({ note, seed = 1, traces }: BenchContext): Promise<Figure[]> {
  if (!traces) note(`No --traces, --vms and --next-month: the traces of ${madeUpVms} VMs are made up.`);
  const vms = traces ? await readTraces(traces) : madeUpTraces(madeUpVms, seed);
  const all = vms.flatMap(({ usage, nextMonth }) => [usage, nextMonth].flatMap((month) => (month ? [month] : [])));
  const series = all
    .map(({ cpu }) => hourly(cpu))
    .map((values) => ({ past: values.subarray(0, values.length - week), held: values.subarray(values.length - week) }))
    .map((each) => ({ ...each, scale: naiveError(each.past) }))
    .filter(({ scale }) => scale > 1e-9);
  note(`${series.length} series of ${all.length} change at all.`);
  const started = performance.now();
  const ours = series.map(({ past }) => forecast(past, week, seasons));
  const seconds = (performance.now() - started) / 1000;
  const peers = await holtWinters(
    series.map(({ past }) => past),
    day,
    week,
    note,
  );
  const scaled = (predicted: readonly (Float64Array | undefined)[]) =>
    series.flatMap(({ held, scale }, index) => {
      const values = predicted[index];
      return values ? [meanError(held, values) / scale] : [];
    });
  const own = scaled(ours.map(({ values }) => values));
  const theirs = scaled(peers);
  note(`Holt-Winters had ${theirs.length} forecasts.`);
  const unit = "of the naive error";
  const better = "lower" as const;
  return [
    figure({ name: "MASE, the median series", value: median(own), unit, better, goal: 1 }),
    figure({ name: "MASE, on average", value: mean(own), unit, better }),
    figure({
      ...{ name: "MASE, the median series, beside Holt-Winters", value: median(own), unit, better },
      ...{ peer: "Holt-Winters", peer_value: median(theirs), goal: 1 },
    }),
    ...intervalLevels.map((level) => {
      const covered = mean(series.map(({ held }, index) => coverage(held, ours[index]?.intervals, level)));
      return figure({
        ...{
          name: `intervals of ${level * 100} % cover ${(covered * 100).toFixed(1)} %: off by`,
          unit: "of the values",
        },
        ...{ value: Math.abs(covered - level), better, goal: mostOffCoverage },
      });
    }),
    figure({ name: "one forecast takes", value: (seconds / series.length) * 1000, unit: "ms", better }),
  ];
}

function hourly(values: Float64Array): Float64Array {
  const perHour = 12;
  return Float64Array.from({ length: Math.floor(values.length / perHour) }, (_, hour) => {
    const measured = values.subarray(hour * perHour, (hour + 1) * perHour).filter((value) => !Number.isNaN(value));
    // The peer takes no gaps: one gets what was before.
    return measured.length === 0 ? 0 : mean([...measured]);
  });
}

/** In-sample, of whichever season is the harder to beat (Hyndman and Koehler 2006). */
function naiveError(past: Float64Array): number {
  return Math.min(...seasons.map((season) => meanError(past.subarray(season), past.subarray(0, past.length - season))));
}

function meanError(actual: Float64Array, predicted: Float64Array): number {
  return mean([...actual].map((value, index) => Math.abs(value - (predicted[index] ?? 0))));
}

function coverage(
  held: Float64Array,
  intervals: ReturnType<typeof forecast>["intervals"] | undefined,
  level: number,
): number {
  const interval = intervals?.find((each) => each.level === level);
  const within = [...held].filter(
    (value, step) => value >= (interval?.low[step] ?? 0) - 1e-9 && value <= (interval?.high[step] ?? 0) + 1e-9,
  );
  return within.length / held.length;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
