/** A way to go on with evenly spaced values, gaps being NaN: so many more of them. Undefined where it has too little to go by. */
export interface ForecastMethod {
  readonly name: string;
  predict(past: Float64Array, horizon: number): Float64Array | undefined;
}

/** What was, a season ago: what every forecast has to beat. */
export function seasonalNaive(season: number): ForecastMethod {
  return {
    name: `as ${season} steps ago`,
    predict(past, horizon) {
      if (past.length < season) return undefined;
      return Float64Array.from({ length: horizon }, (_, step) => {
        for (let at = past.length - season + (step % season); at >= 0; at -= season) {
          const value = past[at] ?? Number.NaN;
          if (!Number.isNaN(value)) return value;
        }
        return Number.NaN;
      });
    },
  };
}

/** For each place in the season the middle one of the last so many; with `level`, moved to where the last season was. */
function seasonalMedian(season: number, seasons: number, level: number): ForecastMethod {
  return {
    name: `the middle of the last ${seasons} at that place of ${season}${level > 0 ? ", at the present level" : ""}`,
    predict(past, horizon) {
      if (past.length < 2 * season) return undefined;
      const profile = new Float64Array(season);
      for (let place = 0; place < season; place++) {
        const seen: number[] = [];
        for (let back = 1; back <= seasons; back++) {
          const value = past[past.length - back * season + place];
          if (value !== undefined && !Number.isNaN(value)) seen.push(value);
        }
        profile[place] = median(seen);
      }
      const last = past.subarray(past.length - season);
      const off = level === 0 ? 0 : level * (median([...last]) - median([...profile]));
      return Float64Array.from({ length: horizon }, (_, step) => (profile[step % season] ?? Number.NaN) + off);
    },
  };
}

/** The middle one of the last steps, for what has no season. */
function recentMedian(steps: number): ForecastMethod {
  return {
    name: `the middle of the last ${steps}`,
    predict(past, horizon) {
      if (past.length < steps) return undefined;
      return new Float64Array(horizon).fill(median([...past.subarray(past.length - steps)]));
    },
  };
}

/** Where it is heading: a line through the medians of the seasons (Theil–Sen), damped, with the season's shape on it. */
function dampedTrend(season: number): ForecastMethod {
  return {
    name: `a damped trend over ${season}`,
    predict(past, horizon) {
      const seasons = Math.min(8, Math.floor(past.length / season));
      if (seasons < 3) return undefined;
      const levels = Array.from({ length: seasons }, (_, index) => {
        const from = past.length - (seasons - index) * season;
        return median([...past.subarray(from, from + season)]);
      });
      const slopes = levels.flatMap((first, i) => levels.slice(i + 1).map((second, j) => (second - first) / (j + 1)));
      const slope = median(slopes);
      const shape = seasonalMedian(season, Math.min(4, seasons), 0.8).predict(past, horizon);
      if (!shape) return undefined;
      let drift = 0;
      return shape.map((value, step) => {
        if (step % season === 0) drift += slope * damping ** (step / season + 1);
        return value + drift;
      });
    },
  };
}

const damping = 0.7;

/** All that are tried, for the seasons that the values may have (24 and 168 of hourly ones, 7 of daily ones). */
export function forecastMethods(seasons: readonly number[]): ForecastMethod[] {
  return seasons.flatMap((season) => [
    seasonalNaive(season),
    seasonalMedian(season, 4, 0),
    seasonalMedian(season, 8, 0),
    seasonalMedian(season, 4, 0.8),
    dampedTrend(season),
    recentMedian(season),
    recentMedian(season * 2),
  ]);
}

export function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) return Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
