import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { usePages } from "../api/pages.ts";
import { tell } from "../app/tell.tsx";
import { type Column, DataTable } from "./data-table.tsx";
import { type CsvColumn, downloadRows } from "./download.ts";
import { Icon } from "./icons.tsx";
import { Panel } from "./panel.tsx";
import { Failed, Loading } from "./states.tsx";

interface ListProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly pages: ReturnType<typeof usePages<Row>>;
  readonly rowKey: (row: Row) => string;
  readonly onOpen?: (row: Row) => void;
  readonly empty: ReactNode;
  readonly maxHeight?: number | string;
}

/** A list of the API as a table, in each of its conditions: reading, refused, failed, empty, there. */
export function List<Row>({ pages, empty, label, columns, rowKey, onOpen, maxHeight }: ListProps<Row>) {
  if (pages.isPending) return <Loading label={`Reading ${label}`} />;
  if (pages.isError && pages.rows.length === 0)
    return <Failed error={pages.error} onRetry={() => void pages.refetch()} />;
  return (
    <DataTable
      label={label}
      columns={columns}
      rows={pages.rows}
      rowKey={rowKey}
      {...(onOpen ? { onOpen } : {})}
      {...(maxHeight === undefined ? {} : { maxHeight })}
      onEnd={pages.onEnd}
      loadingMore={pages.isFetchingNextPage}
      instead={pages.rows.length === 0 ? empty : undefined}
    />
  );
}

/** A list with a frame of its own, which takes what room there is, and its CSV file. */
export function ListPanel<Row>({
  title,
  csv,
  ...list
}: ListProps<Row> & { readonly title: string; readonly csv: string }) {
  return (
    <Panel
      className="fills"
      title={title}
      aside={<CsvButton name={csv} columns={list.columns} rows={list.pages.readAll} />}
      flush
    >
      <List {...list} />
    </Panel>
  );
}

/** Everything that the list holds as a CSV file, also what was not read yet. */
export function CsvButton<Row>(props: {
  readonly name: string;
  readonly columns: readonly CsvColumn<Row>[];
  readonly rows: () => Promise<readonly Row[]> | readonly Row[];
}) {
  const { name, columns, rows } = props;
  const download = useMutation({
    mutationFn: async () => downloadRows(`${name}.csv`, columns, await rows()),
    onError: tell.failure,
  });
  return (
    <Button
      variant="default"
      loading={download.isPending}
      onClick={() => download.mutate()}
      leftSection={<Icon name="download" size={14} />}
      aria-label={`Download ${name} as CSV`}
    >
      CSV
    </Button>
  );
}
