import type { ResourceView } from "./schemas/resource.ts";

type Cell = string | number | undefined;

/** The columns of an export, in their order. */
const columns: readonly (readonly [string, (resource: ResourceView) => Cell])[] = [
  ["site", (r) => r.site],
  ["provider", (r) => r.provider],
  ["region", (r) => r.region],
  ["kind", (r) => r.kind],
  ["resource_id", (r) => r.resource_id],
  ["name", (r) => r.name],
  ["state", (r) => r.state],
  ["state_since", (r) => r.state_since],
  ["cpus", (r) => r.cpus],
  ["memory_bytes", (r) => r.memory_bytes],
  ["size_bytes", (r) => r.size_bytes],
  // In dollars, empty where it is unknown.
  ["monthly_cost_usd", (r) => r.monthly_cost && r.monthly_cost.micros / 1e6],
  ["type", (r) => r.type],
  ["owner", (r) => r.owner],
  ["project", (r) => r.project],
  ["tags", (r) => JSON.stringify(r.tags)],
  ["created_at", (r) => r.created_at],
  ["first_seen_at", (r) => r.first_seen_at],
  ["changed_at", (r) => r.changed_at],
  ["observed_at", (r) => r.observed_at],
];

export const csvHead = csvLine(columns.map(([name]) => name));

export function csvRow(resource: ResourceView): string {
  return csvLine(columns.map(([, value]) => value(resource)));
}

/** RFC 4180. What a spreadsheet would take for a formula gets an apostrophe before it: names and tags are other people's. */
function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

function csvCell(cell: Cell): string {
  if (cell === undefined) return "";
  if (typeof cell === "number") return String(cell);
  const harmless = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
