import type { Column } from "./data-table.tsx";
import { Ago } from "./now.tsx";
import { StateBadge } from "./state-badge.tsx";

/** How a row stands, by the word that the API says. */
export function stateColumn<Row extends { readonly state: string }>(width: number): Column<Row> {
  const state = (row: Row): string => row.state;
  return { id: "state", head: "State", width, csv: state, cell: (row) => <StateBadge state={state(row)} /> };
}

/** When it was begun. */
export function begunColumn<Row extends { readonly created_at: string }>(id: string, width: number): Column<Row> {
  const at = (row: Row): string => row.created_at;
  return { id, head: "Begun", width, csv: at, cell: (row) => <Ago at={at(row)} /> };
}
