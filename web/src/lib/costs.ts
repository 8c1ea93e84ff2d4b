/** Sums of costs as the page shows them. */

export const spans = ["this-month", "last-month", "30d", "90d"] as const;
export type Span = (typeof spans)[number];

export const spanLabels: Readonly<Record<Span, string>> = {
  "this-month": "This month",
  "last-month": "Last month",
  "30d": "30 days",
  "90d": "90 days",
};

const dayMs = 86_400_000;
const dateOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** The days of a span as the API asks for them: `to` is not part of it. UTC. */
export function daysOf(span: Span, now: number): { readonly from: string; readonly to: string } {
  const today = new Date(now);
  const [year, month] = [today.getUTCFullYear(), today.getUTCMonth()];
  if (span === "this-month") return { from: dateOf(Date.UTC(year, month, 1)), to: dateOf(now + dayMs) };
  if (span === "last-month")
    return { from: dateOf(Date.UTC(year, month - 1, 1)), to: dateOf(Date.UTC(year, month, 1)) };
  return { from: dateOf(now - (Number.parseInt(span, 10) - 1) * dayMs), to: dateOf(now + dayMs) };
}

/** `2026-11` and the months before it, so many of them. UTC. */
export function lastMonths(now: number, many: number): string[] {
  const today = new Date(now);
  return Array.from({ length: many }, (_, back) =>
    dateOf(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - back, 1)).slice(0, 7),
  );
}

export type Measure = "effective" | "billed" | "contracted" | "list";

interface Group {
  readonly key: { readonly [dimension: string]: string };
  readonly currency: string;
  readonly effective: number;
  readonly billed: number;
  readonly contracted?: number | undefined;
  readonly list?: number | undefined;
}

export interface DailySeries {
  /** Seconds since 1970, one a day, without holes. */
  readonly at: readonly number[];
  /** The largest first; all smaller ones are `the rest`. In units of the currency. */
  readonly series: readonly { readonly label: string; readonly values: readonly number[] }[];
}

/** What each group cost each day, of sums that were grouped by `day` and a dimension; only those in one currency add up. */
export function dailySeries(
  groups: readonly Group[],
  of: { readonly dimension: string; readonly currency: string; readonly measure: Measure; readonly most: number },
): DailySeries {
  const { dimension, currency, measure, most } = of;
  const rows = groups.filter((group) => group.currency === currency && group.key.day);
  const days = rows.map(({ key }) => Date.parse(key.day ?? "")).filter(Number.isFinite);
  if (days.length === 0) return { at: [], series: [] };
  const first = Math.min(...days);
  const length = Math.round((Math.max(...days) - first) / dayMs) + 1;
  const totals = new Map<string, number>();
  for (const row of rows) {
    const name = nameOf(row.key[dimension]);
    totals.set(name, (totals.get(name) ?? 0) + (row[measure] ?? 0));
  }
  const ranked = [...totals].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  const named = ranked.slice(0, ranked.length > most ? most - 1 : most);
  const labels = named.length < ranked.length ? [...named, "the rest"] : named;
  const values = labels.map(() => Array.from({ length }, () => 0));
  for (const row of rows) {
    const label = nameOf(row.key[dimension]);
    const line = values[named.includes(label) ? named.indexOf(label) : labels.length - 1];
    const at = Math.round((Date.parse(row.key.day ?? "") - first) / dayMs);
    if (line) line[at] = (line[at] ?? 0) + (row[measure] ?? 0) / 1e6;
  }
  return {
    at: Array.from({ length }, (_, index) => (first + index * dayMs) / 1000),
    series: labels.map((label, index) => ({ label, values: values[index] ?? [] })),
  };
}

/** What carries no such tag or says none is a group, too. */
export function nameOf(value: string | undefined): string {
  return value === undefined || value === "" ? "without" : value;
}

/** `tag:project=web`; a group without one is asked for by nothing after the sign. */
export function filterOf(dimension: string, value: string | undefined): string {
  return `${dimension}=${value ?? ""}`;
}

/** Which plan carries a recommendation out; undefined where a person has to. */
export function planOf(found: {
  readonly site: string;
  readonly resource_kind: string;
  readonly resource_id: string;
  readonly type: string;
  readonly instance_type?: string | undefined;
}) {
  const { site, resource_kind: kind, resource_id: vm, type, instance_type: size } = found;
  const vms = [{ site, vm }];
  if (kind === "vm" && type === "stop") return { action: "stop" as const, vms };
  if (kind === "vm" && type === "rightsize" && size !== undefined) {
    return { action: "resize" as const, vms, instance_type: size, restart: true };
  }
  return undefined;
}
