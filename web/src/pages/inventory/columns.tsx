import type { Schemas } from "../../api/client.ts";
import { bytes, gib, money } from "../../lib/format.ts";
import type { Column } from "../../parts/data-table.tsx";
import { Ago } from "../../parts/now.tsx";
import { ProviderBadge, StateBadge } from "../../parts/state-badge.tsx";

type Resource = Schemas["Resource"];

/** `site/kind/id`: how the address names a resource. An id may hold slashes. */
export function resourceKey({ site, kind, resource_id: id }: Resource): string {
  return `${site}/${kind}/${id}`;
}

export const inventoryColumns: readonly Column<Resource>[] = [
  {
    ...{ id: "name", head: "Name", width: 190, grows: true, sort: "name" },
    cell: ({ name }) => <span className="link-like">{name}</span>,
  },
  { id: "kind", head: "Kind", width: 84, sort: "kind", cell: ({ kind }) => <span className="quiet">{kind}</span> },
  {
    ...{ id: "state", head: "State", width: 104, sort: "state" },
    cell: ({ state }) => <StateBadge state={state} of="resource" />,
  },
  {
    ...{ id: "provider", head: "Provider", width: 104, sort: "provider" },
    cell: ({ provider }) => <ProviderBadge provider={provider} />,
  },
  { id: "site", head: "Site", width: 140, sort: "site", cell: ({ site }) => site },
  { id: "region", head: "Region", width: 120, sort: "region", cell: ({ region }) => region ?? <Dash /> },
  { id: "type", head: "Type", width: 96, cell: ({ type }) => type ?? <Dash /> },
  { id: "cpus", head: "vCPU", width: 60, align: "right", sort: "cpus", cell: ({ cpus }) => cpus ?? <Dash /> },
  {
    id: "memory",
    head: "GiB",
    width: 66,
    align: "right",
    sort: "memory",
    cell: ({ memory_bytes: memory }) => gib(memory),
  },
  { id: "size", head: "Disk", width: 86, align: "right", sort: "size", cell: ({ size_bytes: size }) => bytes(size) },
  { id: "owner", head: "Owner", width: 110, cell: ({ owner }) => owner ?? <Dash /> },
  { id: "project", head: "Project", width: 110, cell: ({ project }) => project ?? <Dash /> },
  {
    ...{ id: "tags", head: "Tags", width: 220 },
    cell: ({ tags }) => (
      <span className="quiet">
        {Object.entries(tags)
          .map(([key, value]) => (value ? `${key}=${value}` : key))
          .join("  ")}
      </span>
    ),
  },
  { id: "created", head: "Made", width: 100, sort: "created", cell: ({ created_at: at }) => <Ago at={at} /> },
  { id: "changed", head: "Changed", width: 100, sort: "changed", cell: ({ changed_at: at }) => <Ago at={at} /> },
  {
    id: "id",
    head: "Id",
    width: 190,
    sort: "id",
    cell: ({ resource_id: id }) => <span className="mono quiet">{id}</span>,
  },
  {
    ...{ id: "cost", head: "$/month", width: 92, align: "right" as const, sort: "cost" },
    cell: ({ monthly_cost: cost }) => money(cost),
  },
];

/** Not shown until somebody asks for them. */
export const hiddenAtFirst: readonly string[] = ["region", "owner", "project", "tags", "created", "id"];

function Dash() {
  return <span className="quiet">–</span>;
}

/** Which columns the address says are shown; its own order of things is the table's. */
export function hiddenColumns(shown: string | undefined): ReadonlySet<string> {
  if (shown === undefined) return new Set(hiddenAtFirst);
  const named = new Set(["name", ...shown.split(",")]);
  return new Set(inventoryColumns.map(({ id }) => id).filter((id) => !named.has(id)));
}
