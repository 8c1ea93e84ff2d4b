import { usageError } from "./failure.ts";

export const formats = ["table", "json", "yaml"] as const;
export type Format = (typeof formats)[number];

export interface Column<Row> {
  readonly head: string;
  readonly align?: "right";
  value(row: Row): string | number | undefined;
}

/** Writes a value as JSON or YAML as it came from the API, or as a person reads it. */
export async function show<T>(value: T, format: Format, asText: (value: T) => string | Promise<string>): Promise<void> {
  if (format === "json") process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
  else if (format === "yaml") {
    const { stringify } = await import("yaml");
    process.stdout.write(stringify(value));
  } else process.stdout.write(`${(await asText(value)).trimEnd()}\n`);
}

export async function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  empty: string,
): Promise<string> {
  if (rows.length === 0) return empty;
  const { default: Table } = await import("cli-table3");
  const none = { top: "", "top-mid": "", "top-left": "", "top-right": "", bottom: "", "bottom-mid": "" };
  const inner = { "bottom-left": "", "bottom-right": "", left: "", "left-mid": "", mid: "", "mid-mid": "" };
  const made = new Table({
    head: columns.map(({ head }) => head),
    colAligns: columns.map(({ align }) => align ?? "left"),
    chars: { ...none, ...inner, right: "", "right-mid": "", middle: "  " },
    style: { head: process.stdout.isTTY ? ["bold"] : [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  made.push(...rows.map((row) => columns.map((column) => String(column.value(row) ?? "-"))));
  return made
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

/** `name: value` lines, aligned; what is undefined is left out. */
export function fields(pairs: readonly (readonly [string, string | number | undefined])[]): string {
  const shown = pairs.filter(([, value]) => value !== undefined && value !== "");
  const width = Math.max(...shown.map(([label]) => label.length));
  return shown.map(([label, value]) => `${`${label}:`.padEnd(width + 2)}${value}`).join("\n");
}

export function readFormat(text: string): Format;
export function readFormat<More extends string>(text: string, more: readonly More[]): Format | More;
export function readFormat(text: string, more: readonly string[] = []): string {
  const known: readonly string[] = [...formats, ...more];
  if (known.includes(text)) return text;
  throw usageError(`There is no output format ${text} here`, `Use one of: ${known.join(", ")}.`);
}
