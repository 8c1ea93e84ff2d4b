import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import UPlot from "uplot";
import { duration } from "../lib/format.ts";

interface TrendPlotProps {
  readonly label: string;
  /** Seconds since 1970, rising. */
  readonly at: readonly number[];
  /** In seconds, unless `format` says what else they are. */
  readonly series: readonly { readonly label: string; readonly values: readonly number[]; readonly tone: string }[];
  readonly limit?: { readonly label: string; readonly value: number };
  readonly format?: (value: number | undefined) => string;
}

/** Figures over time, durations by default. A picture: the table beside it has the figures. */
export function TrendPlot({ label, at, series, limit, format = duration }: TrendPlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme("dark");
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const line = (tone: string) => colour(`--c-${tone}`);
    const axis = {
      stroke: colour("--mantine-color-dimmed"),
      grid: { stroke: colour("--c-line"), width: 1 },
      ticks: { show: false },
    };
    const limitLine = limit
      ? [{ label: limit.label, stroke: line("warn"), dash: [5, 4], width: 1, points: { show: false } }]
      : [];
    const plot = new UPlot(
      {
        width: element.clientWidth,
        height: 170,
        cursor: { y: false },
        legend: { live: true },
        axes: [axis, { ...axis, size: 64, values: (_, ticks) => ticks.map((tick) => format(tick)) }],
        series: [
          {},
          ...series.map((each) => ({
            label: each.label,
            stroke: line(each.tone),
            width: 1.6,
            points: { size: 6, fill: line(each.tone) },
            value: (_: UPlot, value: number | null) => format(value ?? undefined),
          })),
          ...limitLine,
        ],
      },
      [[...at], ...series.map(({ values }) => [...values]), ...(limit ? [at.map(() => limit.value)] : [])],
      element,
    );
    const sized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: 170 }));
    sized.observe(element);
    return () => {
      sized.disconnect();
      plot.destroy();
    };
  }, [at, series, limit, format, scheme]);
  return <div ref={place} className="plot" role="img" aria-label={label} />;
}
