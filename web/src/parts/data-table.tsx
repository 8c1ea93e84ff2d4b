import { Checkbox } from "@mantine/core";
import {
  type ColumnDef,
  columnSizingFeature,
  columnVisibilityFeature,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef } from "react";
import { Icon } from "./icons.tsx";

/** A column: how it looks, and what a CSV file has of it. */
export interface Column<Row> {
  readonly id: string;
  readonly head: string;
  readonly width: number;
  /** Takes what room is left. */
  readonly grows?: boolean;
  readonly align?: "right";
  /** What the API calls the order by it; absent where it can't sort by it. */
  readonly sort?: string;
  readonly csv?: (row: Row) => string | number | boolean | undefined;
  readonly cell: (row: Row) => ReactNode;
}

export interface Selection {
  readonly keys: ReadonlySet<string>;
  toggle(key: string): void;
}

interface DataTableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** Ids of columns that are not shown. */
  readonly hidden?: ReadonlySet<string>;
  /** `cost`, or `-cost` for downwards. */
  readonly sort?: string | undefined;
  readonly onSort?: (sort: string | undefined) => void;
  readonly selected?: string | undefined;
  readonly onOpen?: (row: Row) => void;
  readonly selection?: Selection;
  /** More rows are there than were read: called when their beginning comes into sight. */
  readonly onEnd?: (() => void) | undefined;
  readonly loadingMore?: boolean;
  /** What stands where rows would be. */
  readonly instead?: ReactNode;
  /** A list within a page scrolls with it up to this height. */
  readonly maxHeight?: number | string;
}

const features = tableFeatures({ columnVisibilityFeature, columnSizingFeature });
const rowHeight = 30;
const checkWidth = 36;

/**
 * A table that draws only the rows in sight, so that a million is as quick as ten. Arrow keys go from row to row, Home and
 * End to the first and last that were read, Enter opens, Space selects.
 */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { columns, rows, rowKey, hidden, selection, onOpen, onEnd, maxHeight } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const defs = useMemo<ColumnDef<typeof features, Row & object>[]>(
    () =>
      columns.map(({ id, head, width, cell }) => ({
        id,
        header: head,
        size: width,
        cell: ({ row }: { row: { original: Row } }) => cell(row.original),
      })),
    [columns],
  );
  const columnVisibility = useMemo(
    () => Object.fromEntries([...(hidden ?? [])].map((id) => [id, false] as const)),
    [hidden],
  );
  const table = useTable({
    features,
    columns: defs,
    data: rows as (Row & object)[],
    getRowId: rowKey,
    state: { columnVisibility },
  });
  const shown = table.getVisibleLeafColumns();
  const tableRows = table.getRowModel().rows;
  const virtual = useVirtualizer({
    count: tableRows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (onEnd && tableRows.length > 0 && last >= tableRows.length - 20) onEnd();
  }, [onEnd, last, tableRows.length]);

  const byId = new Map(columns.map((column) => [column.id, column]));
  const width = shown.reduce((sum, column) => sum + column.getSize(), selection ? checkWidth : 0);
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const span = shown.length + (selection ? 1 : 0);

  const focusRow = (index: number) => {
    const wanted = Math.max(0, Math.min(tableRows.length - 1, index));
    virtual.scrollToIndex(wanted);
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`tr[data-index="${wanted}"]`)?.focus());
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTableRowElement>, row: Row, index: number) => {
    if (event.target !== event.currentTarget) return;
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + 15,
      PageUp: index - 15,
      Home: 0,
      End: tableRows.length - 1,
    };
    const target = moves[event.key];
    if (target !== undefined) focusRow(target);
    else if (event.key === "Enter" && onOpen) onOpen(row);
    else if (event.key === " " && selection) selection.toggle(rowKey(row));
    else return;
    event.preventDefault();
  };

  return (
    <div
      ref={scroller}
      className="table-scroll"
      style={maxHeight === undefined ? undefined : { maxHeight, height: "auto" }}
      tabIndex={0}
      role="region"
      aria-label={props.label}
    >
      <table className="table" style={{ minWidth: width }} aria-rowcount={onEnd ? -1 : tableRows.length + 1}>
        <colgroup>
          {selection ? <col style={{ width: checkWidth }} /> : undefined}
          {shown.map((column) => (
            <col key={column.id} style={byId.get(column.id)?.grows ? undefined : { width: column.getSize() }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {selection ? (
              <th>
                <span className="visually-hidden">Selected</span>
              </th>
            ) : undefined}
            {shown.map((column) => (
              <Head
                key={column.id}
                column={byId.get(column.id) as Column<Row>}
                sort={props.sort}
                onSort={props.onSort}
              />
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 ? <Gap height={before} span={span} /> : undefined}
          {items.map((item) => {
            const row = tableRows[item.index];
            if (!row) return undefined;
            const key = rowKey(row.original);
            return (
              <tr
                key={key}
                data-index={item.index}
                aria-rowindex={item.index + 2}
                tabIndex={item.index === (items[0]?.index ?? 0) ? 0 : -1}
                data-selected={props.selected === key || undefined}
                data-striped={item.index % 2 === 1 || undefined}
                data-opens={onOpen ? true : undefined}
                onClick={(event) => {
                  if (onOpen && !(event.target as HTMLElement).closest("a, button, input, label")) onOpen(row.original);
                }}
                onKeyDown={(event) => onKeyDown(event, row.original, item.index)}
              >
                {selection ? (
                  <td>
                    <Checkbox
                      checked={selection.keys.has(key)}
                      onChange={() => selection.toggle(key)}
                      aria-label={`Select ${key}`}
                      tabIndex={-1}
                    />
                  </td>
                ) : undefined}
                {row.getVisibleCells().map((cell) => (
                  <td key={cell.id} data-align={byId.get(cell.column.id)?.align}>
                    <table.FlexRender cell={cell} />
                  </td>
                ))}
              </tr>
            );
          })}
          {after > 0 ? <Gap height={after} span={span} /> : undefined}
        </tbody>
      </table>
      {props.instead}
      {props.loadingMore ? (
        <div className="table-more" role="status">
          Reading more…
        </div>
      ) : undefined}
    </div>
  );
}

function Gap({ height, span }: { readonly height: number; readonly span: number }) {
  return (
    <tr aria-hidden="true" className="table-gap">
      <td colSpan={span} style={{ height }} />
    </tr>
  );
}

function Head<Row>(props: {
  readonly column: Column<Row>;
  readonly sort: string | undefined;
  readonly onSort: ((sort: string | undefined) => void) | undefined;
}) {
  const { column, sort, onSort } = props;
  const field = column.sort;
  if (field === undefined || !onSort) {
    return (
      <th scope="col" data-align={column.align}>
        {column.head}
      </th>
    );
  }
  const way = sort === field ? "ascending" : sort === `-${field}` ? "descending" : undefined;
  const next = way === "descending" ? field : way === "ascending" ? undefined : `-${field}`;
  return (
    <th scope="col" data-align={column.align} aria-sort={way ?? "none"}>
      <button type="button" className="table-sort" onClick={() => onSort(next)}>
        {column.head}
        {way ? <Icon name={way === "ascending" ? "up" : "down"} size={11} /> : undefined}
      </button>
    </th>
  );
}
