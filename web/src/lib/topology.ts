/** Sites on a circle, so that no tunnel runs through a third one; the same sites always stand in the same places. */
export function circlePlaces(
  names: readonly string[],
  radius: number,
): ReadonlyMap<string, { readonly x: number; readonly y: number }> {
  const sorted = [...names].sort();
  return new Map(
    sorted.map((name, index) => {
      const turn = (index / Math.max(1, sorted.length)) * 2 * Math.PI - Math.PI / 2;
      return [name, { x: Math.round(1.7 * radius * Math.cos(turn)), y: Math.round(radius * Math.sin(turn)) }] as const;
    }),
  );
}

interface Seen {
  readonly state: string;
  readonly seen?: { readonly up: readonly boolean[]; readonly degraded?: string | undefined } | undefined;
}

/** How a connection is for what goes over it: not only whether it stands. */
export function connectionTone({ state, seen }: Seen): "good" | "warn" | "bad" | "busy" | "idle" {
  if (state === "failed") return "bad";
  if (state === "disconnected") return "idle";
  if (state === "waiting") return "warn";
  if (state !== "connected") return "busy";
  if (!seen) return "idle";
  const up = seen.up.filter(Boolean).length;
  if (up === 0) return "bad";
  return up < seen.up.length || seen.degraded ? "warn" : "good";
}

interface Path {
  readonly loss_ratio: number;
  readonly round_trip_ms?: number | undefined;
  readonly jitter_ms?: number | undefined;
}

/** `12.4 ms ± 0.8, no loss`. */
export function pathText(path: Path | undefined): string {
  if (!path) return "not measured";
  const { loss_ratio: loss, round_trip_ms: trip, jitter_ms: jitter } = path;
  const lost = loss > 0 ? `${Number((loss * 100).toFixed(1))} % lost` : "no loss";
  if (trip === undefined) return lost;
  return `${Number(trip.toFixed(1))} ms${jitter === undefined ? "" : ` ± ${Number(jitter.toFixed(1))}`}, ${lost}`;
}
