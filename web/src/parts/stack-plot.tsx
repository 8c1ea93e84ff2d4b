import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import UPlot from "uplot";

interface StackPlotProps {
  readonly label: string;
  /** Seconds since 1970, one a day. */
  readonly at: readonly number[];
  readonly series: readonly { readonly label: string; readonly values: readonly number[] }[];
  readonly format: (value: number) => string;
}

const height = 230;

/** Amounts a day, one on the other. A picture: the table beside it has the figures. */
export function StackPlot({ label, at, series, format }: StackPlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme("dark");
  useEffect(() => {
    const element = place.current;
    if (!element || at.length === 0) return undefined;
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colour("--mantine-color-dimmed"),
      grid: { stroke: colour("--c-line"), width: 1 },
      ticks: { show: false },
    };
    // Each bar reaches down to the ground; the smaller sums are drawn over the larger ones.
    const tops = series.map((_, upTo) =>
      at.map((_, day) => series.slice(0, upTo + 1).reduce((sum, { values }) => sum + (values[day] ?? 0), 0)),
    );
    const drawn = series.map((each, index) => ({ ...each, index })).toReversed();
    const bars = UPlot.paths.bars?.({ size: [0.78, 60] });
    const plot = new UPlot(
      {
        width: element.clientWidth,
        height,
        cursor: { y: false, points: { show: false } },
        legend: { live: true },
        scales: {
          x: { range: (_, low, high) => [low - 43_200, high + 43_200] },
          y: { range: (_, __, high) => [0, high * 1.08 || 1] },
        },
        axes: [axis, { ...axis, size: 72, values: (_, ticks) => ticks.map(format) }],
        series: [
          { value: (_, at: number | null) => (at === null ? "–" : new Date(at * 1000).toISOString().slice(0, 10)) },
          ...drawn.map(({ label: name, values, index }) => ({
            label: name,
            fill: colour(`--c-plot-${(index % 6) + 1}`),
            stroke: colour(`--c-plot-${(index % 6) + 1}`),
            width: 0,
            points: { show: false },
            ...(bars ? { paths: bars } : {}),
            value: (_: UPlot, __: number | null, ___: number, day: number | null) =>
              day === null ? "–" : format(values[day] ?? 0),
          })),
        ],
      },
      [[...at], ...drawn.map(({ index }) => tops[index] ?? [])],
      element,
    );
    const sized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    sized.observe(element);
    return () => {
      sized.disconnect();
      plot.destroy();
    };
  }, [at, series, format, scheme]);
  return <div ref={place} className="plot" role="img" aria-label={label} />;
}
