import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Schemas } from "../../api/client.ts";
import { count, money } from "../../lib/format.ts";
import { type Column, DataTable } from "../../parts/data-table.tsx";
import { CsvButton } from "../../parts/list.tsx";
import { Bar, Panel } from "../../parts/panel.tsx";
import { ProviderBadge } from "../../parts/state-badge.tsx";

interface Row {
  readonly provider: string;
  readonly vms: number;
  readonly cpus: number;
  readonly cost: Schemas["CostSum"];
  readonly share: number;
}

export function ProvidersPanel({ view }: { readonly view: Schemas["UnifiedView"] }) {
  const rows = useMemo<Row[]>(() => {
    const all = Object.entries(view.provider_breakdown);
    const most = Math.max(1, ...all.map(([, { vms }]) => vms));
    return all
      .map(([provider, { vms, cpus, cost }]) => ({ provider, vms, cpus, cost, share: (100 * vms) / most }))
      .sort((a, b) => b.vms - a.vms);
  }, [view]);
  return (
    <Panel title="By provider" aside={<CsvButton name="providers" columns={columns} rows={() => rows} />} flush>
      <DataTable
        label="By provider"
        columns={columns}
        rows={rows}
        rowKey={({ provider }) => provider}
        maxHeight={260}
      />
    </Panel>
  );
}

const columns: readonly Column<Row>[] = [
  {
    ...{ id: "provider", head: "Provider", width: 130, csv: ({ provider }) => provider },
    cell: ({ provider }) => (
      <Link to="/inventory" search={{ q: `provider:${provider} vms` }}>
        <ProviderBadge provider={provider} />
      </Link>
    ),
  },
  {
    ...{ id: "share", head: "Share of VMs", width: 160, grows: true },
    cell: ({ provider, share }) => <Bar value={share} label={`VMs at ${provider} beside the most`} />,
  },
  { id: "vms", head: "VMs", width: 90, align: "right", csv: ({ vms }) => vms, cell: ({ vms }) => count(vms) },
  { id: "cpus", head: "vCPU", width: 90, align: "right", csv: ({ cpus }) => cpus, cell: ({ cpus }) => count(cpus) },
  {
    ...{ id: "cost", head: "A month", width: 120, align: "right" as const },
    csv: ({ cost }) => (cost.known ? cost.known.micros / 1e6 : undefined),
    cell: ({ cost }) => money(cost.known),
  },
  {
    ...{ id: "unknown", head: "Unpriced", width: 96, align: "right" as const },
    csv: ({ cost }) => cost.unknown_resources,
    cell: ({ cost }) => (cost.unknown_resources > 0 ? count(cost.unknown_resources) : "–"),
  },
];
