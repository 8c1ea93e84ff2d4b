import { credentialHeaders } from "../api/credentials.ts";
import { ApiProblem } from "../api/problem.ts";
import { toCsv } from "../lib/csv.ts";
import type { Column } from "./data-table.tsx";

/** What a CSV file needs of a column. */
export type CsvColumn<Row> = Pick<Column<Row>, "head" | "csv">;

/** The columns as a file; those without a value for it are left out. */
export function downloadRows<Row>(name: string, columns: readonly CsvColumn<Row>[], rows: readonly Row[]): void {
  const told = columns.flatMap(({ head, csv }) => (csv ? [{ head, value: csv }] : []));
  save(name, new Blob([toCsv(told, rows)], { type: "text/csv;charset=utf-8" }));
}

/** A file that the API makes. @throws ApiProblem */
export async function downloadFrom(path: string, name: string): Promise<void> {
  const response = await fetch(path, { headers: credentialHeaders("GET") });
  if (!response.ok) throw new ApiProblem(response.status, await response.json().catch(() => undefined));
  save(name, await response.blob());
}

export function save(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
