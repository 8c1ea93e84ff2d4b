import { Select, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "../../api/client.ts";
import { usePages } from "../../api/pages.ts";
import { searchResources, sitesQuery } from "../../api/queries.ts";
import { bytes, gib } from "../../lib/format.ts";
import { type Column } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { List } from "../../parts/list.tsx";
import { ProviderBadge, StateBadge } from "../../parts/state-badge.tsx";
import { Empty } from "../../parts/states.tsx";

interface PickProps {
  readonly from: string | undefined;
  readonly onFrom: (site: string | undefined) => void;
  readonly onPick: (vm: Schemas["Resource"]) => void;
}

export function PickStep({ from, onFrom, onPick }: PickProps) {
  const { data: sites } = useQuery(sitesQuery);
  const [typed, setTyped] = useState("");
  const [asked] = useDebouncedValue(typed.trim(), 120);
  const q = [
    "kind:vm",
    ...(from ? [`site:${from}`] : []),
    ...(asked ? [`"${asked.replaceAll('"', "")}"`] : []),
    "sort:name",
  ].join(" ");
  const pages = usePages<Schemas["Resource"], Schemas["ResourceList"]>({
    key: ["resources", "pick", q],
    fetch: (cursor, signal) => searchResources({ q, limit: 100, ...(cursor ? { cursor } : {}) }, signal),
    keeps: true,
  });
  return (
    <div className="stack wizard-step">
      <div className="wrap">
        <Select
          data={(sites ?? []).filter(({ enabled }) => enabled).map(({ site }) => site)}
          value={from ?? null}
          onChange={(site) => onFrom(site ?? undefined)}
          placeholder="Any site"
          aria-label="Source site"
          clearable
          w={220}
        />
        <TextInput
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          placeholder="Name, id, tag or address"
          aria-label="Find a VM"
          leftSection={<Icon name="search" size={14} />}
          flex={1}
          data-page-search
        />
      </div>
      <List
        label="VMs to pick from"
        columns={columns}
        pages={pages}
        rowKey={({ site, resource_id: id }) => `${site}/${id}`}
        onOpen={onPick}
        maxHeight={460}
        empty={
          <Empty icon="inventory" title="No VM is like that">
            The sites are read every half minute; a new VM may not be known yet.
          </Empty>
        }
      />
    </div>
  );
}

const columns: readonly Column<Schemas["Resource"]>[] = [
  { id: "name", head: "Name", width: 200, grows: true, cell: ({ name }) => <span className="link-like">{name}</span> },
  { id: "state", head: "State", width: 120, cell: ({ state }) => <StateBadge state={state} of="resource" /> },
  { id: "provider", head: "Provider", width: 110, cell: ({ provider }) => <ProviderBadge provider={provider} /> },
  { id: "site", head: "Site", width: 170, cell: ({ site }) => site },
  { id: "cpus", head: "vCPU", width: 70, align: "right", cell: ({ cpus }) => cpus ?? "–" },
  { id: "memory", head: "GiB", width: 70, align: "right", cell: ({ memory_bytes: memory }) => gib(memory) },
  { id: "size", head: "Disk", width: 90, align: "right", cell: ({ size_bytes: size }) => bytes(size) },
];
