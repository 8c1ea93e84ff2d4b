/** A column of a table as a file has it. */
export interface CsvColumn<Row> {
  readonly head: string;
  value(row: Row): string | number | boolean | undefined;
}

/** RFC 4180. Text that a spreadsheet would take for a formula has an apostrophe before it. */
export function toCsv<Row>(columns: readonly CsvColumn<Row>[], rows: readonly Row[]): string {
  const lines = [columns.map(({ head }) => field(head))];
  for (const row of rows) lines.push(columns.map(({ value }) => field(value(row))));
  return `${lines.map((line) => line.join(",")).join("\r\n")}\r\n`;
}

function field(value: string | number | boolean | undefined): string {
  if (value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
