import type { Schemas } from "../../api/client.ts";
import { bytes } from "../../lib/format.ts";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { CsvButton } from "../../parts/list.tsx";
import { Bar, Panel } from "../../parts/panel.tsx";
import { Empty } from "../../parts/states.tsx";

type Disk = Schemas["Migration"]["disks"][number];

/** How far each disk is. Of a warm move the bytes are those of all rounds. */
export function DisksPanel({ migration }: { readonly migration: Schemas["Migration"] }) {
  const { disks } = migration;
  return (
    <Panel
      title="Disks"
      aside={disks.length > 0 ? <CsvButton name="disks" columns={columns} rows={() => disks} /> : undefined}
      flush
    >
      {disks.length === 0 ? (
        <Empty icon="inventory" title="No disk is being copied yet">
          They come up when their points are taken.
        </Empty>
      ) : (
        <DataTable label="Disks" columns={columns} rows={disks} rowKey={({ disk_id: id }) => id} maxHeight={300} />
      )}
    </Panel>
  );
}

const columns: readonly Column<Disk>[] = [
  {
    id: "disk",
    head: "Disk",
    width: 110,
    csv: ({ disk_id: id }) => id,
    cell: ({ disk_id: id }) => <strong>{id}</strong>,
  },
  {
    ...{ id: "progress", head: "Copied", width: 170, grows: true },
    cell: (disk) => (
      <span className="bar-row">
        <Bar value={shareOf(disk)} label={`Copied of ${disk.disk_id}`} tone={disk.root_hash ? "good" : "busy"} />
        <span className="quiet">{disk.root_hash ? "proven" : `${Math.round(shareOf(disk))} %`}</span>
      </span>
    ),
  },
  {
    ...{
      id: "copied",
      head: "Bytes",
      width: 92,
      align: "right" as const,
      csv: ({ bytes_copied: copied }: Disk) => copied,
    },
    cell: ({ bytes_copied: copied }) => bytes(copied),
  },
  {
    ...{
      id: "allocated",
      head: "Allocated",
      width: 96,
      align: "right" as const,
      csv: ({ allocated_bytes: of }: Disk) => of,
    },
    cell: ({ allocated_bytes: of }) => bytes(of),
  },
  {
    ...{ id: "size", head: "Size", width: 88, align: "right" as const, csv: ({ size_bytes: size }: Disk) => size },
    cell: ({ size_bytes: size }) => bytes(size),
  },
  { id: "tracking", head: "By", width: 120, csv: ({ tracking }) => tracking, cell: ({ tracking }) => tracking },
  {
    ...{ id: "root", head: "Root hash", width: 130, csv: ({ root_hash: root }: Disk) => root },
    cell: ({ root_hash: root }) => <span className="mono quiet">{root ? `${root.slice(0, 12)}…` : "–"}</span>,
  },
];

/** Of an incremental copy little of what is allocated moves: what is done is done. */
function shareOf(disk: Disk): number {
  if (disk.root_hash) return 100;
  return disk.allocated_bytes === 0 ? 0 : Math.min(99, (100 * disk.bytes_copied) / disk.allocated_bytes);
}
