import { NumberInput, Radio, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client.ts";
import { searchResources, sitesQuery } from "../../api/queries.ts";
import type { WizardFields } from "../../lib/migration-request.ts";

interface MapStepProps {
  readonly fields: WizardFields;
  readonly onTo: (site: string | undefined) => void;
  readonly onChange: (change: Partial<WizardFields>) => void;
}

const modes = [
  { value: "cold", label: "Cold", what: "It is off while its disks are copied." },
  { value: "warm", label: "Warm", what: "It runs on while copies follow it, and is off for the last difference only." },
  {
    value: "live",
    label: "Live",
    what: "It never stops, where both hosts can do that; warm otherwise, and the plan says why.",
  },
] as const;

/** Where it goes, how, and what it gets there. */
export function MapStep({ fields, onTo, onChange }: MapStepProps) {
  const { from, to, vm } = fields;
  const { data: sites } = useQuery(sitesQuery);
  const maps = useQuery({
    queryKey: ["maps"],
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/v1/maps", { params: { query: { limit: 200 } }, signal }))).items,
  });
  const fitting = (maps.data ?? []).filter((map) => map.from === from && map.to === to);
  return (
    <div className="wizard-step grid grid-2">
      <div className="stack">
        <Select
          label="Target site"
          data={(sites ?? [])
            .filter((site) => site.enabled && site.site !== from)
            .map(({ site, kind, simulated }) => ({
              value: site,
              label: `${site} · ${kind}${simulated ? " (simulated)" : ""}`,
            }))}
          value={to || null}
          onChange={(site) => onTo(site ?? undefined)}
          searchable
          required
        />
        <Radio.Group label="How" value={fields.mode} onChange={(mode) => onChange({ mode })}>
          <div className="stack modes">
            {modes.map(({ value, label, what }) => (
              <Radio key={value} value={value} label={label} description={what} size="xs" />
            ))}
          </div>
        </Radio.Group>
        {fields.mode === "warm" ? (
          <Select
            label="Cutover"
            data={[
              { value: "when-ready", label: "As soon as the downtime is short enough" },
              { value: "manual", label: "When somebody says so" },
            ]}
            value={fields.cutover}
            onChange={(cutover) => onChange({ cutover: cutover ?? "when-ready" })}
          />
        ) : undefined}
        {to ? (
          <Networks
            site={from}
            vm={vm}
            to={to}
            networks={fields.networks}
            onChange={(networks) => onChange({ networks })}
          />
        ) : undefined}
      </div>
      <div className="stack">
        <Select
          label="Map"
          description="What VMs of this source get at this target, said once: novacron maps"
          data={fitting.map(({ name }) => name)}
          value={fields.map || null}
          onChange={(map) => onChange({ map: map ?? "" })}
          placeholder={fitting.length === 0 ? "There is none of these two sites" : "None"}
          disabled={fitting.length === 0}
          clearable
        />
        <TextInput
          label="Instance type"
          description="Of the target; default the cheapest that fits"
          value={fields.instanceType}
          onChange={(event) => onChange({ instanceType: event.currentTarget.value })}
        />
        <NumberInput
          label="Bandwidth limit"
          description="Shared by all moves of the link"
          suffix=" MiB/s"
          min={1}
          value={fields.bandwidth === "" ? "" : Number(fields.bandwidth)}
          onChange={(value) => onChange({ bandwidth: String(value) })}
        />
        <NumberInput
          label="Undo window"
          description="How long undo brings it home with what it wrote"
          suffix=" h"
          min={1}
          max={744}
          value={fields.undoHours === "" ? "" : Number(fields.undoHours)}
          onChange={(value) => onChange({ undoHours: String(value) })}
        />
        <TextInput
          label="Begin at"
          description="Your local time; default at once"
          type="datetime-local"
          value={fields.startAt}
          onChange={(event) => onChange({ startAt: event.currentTarget.value })}
        />
      </div>
    </div>
  );
}

/** Each network that the VM is in, and which one of the target stands for it. */
function Networks(props: {
  readonly site: string;
  readonly vm: string;
  readonly to: string;
  readonly networks: Readonly<Record<string, string>>;
  readonly onChange: (networks: Readonly<Record<string, string>>) => void;
}) {
  const { site, vm, to, networks, onChange } = props;
  const source = useQuery({
    queryKey: ["resources", "nics", site, vm],
    queryFn: async ({ signal }) => {
      const { items } = await searchResources({ q: `kind:vm site:${site} name="${vm}"`, limit: 1 }, signal);
      return networkIds(items[0]?.details);
    },
  });
  const targets = useQuery({
    queryKey: ["resources", "networks", to],
    queryFn: async ({ signal }) =>
      (await searchResources({ q: `site:${to} kind:network,subnet sort:name`, limit: 200 }, signal)).items,
  });
  const choices = (targets.data ?? []).map(({ resource_id: id, name, kind }) => ({
    value: id,
    label: name === id ? `${kind} ${id}` : `${kind} ${name} (${id})`,
  }));
  return (
    <>
      {(source.data ?? []).map((id) => (
        <Select
          key={id}
          label={`Network ${id}`}
          description="Its place at the target; default as the configuration or the map says"
          data={choices}
          value={networks[id] || null}
          onChange={(target) => onChange({ ...networks, [id]: target ?? "" })}
          placeholder="Default"
          searchable
          clearable
        />
      ))}
    </>
  );
}

function networkIds(details: Readonly<Record<string, unknown>> | undefined): string[] {
  const nics = Array.isArray(details?.nics) ? (details.nics as readonly Readonly<Record<string, unknown>>[]) : [];
  return [...new Set(nics.flatMap(({ network_id: id }) => (typeof id === "string" ? [id] : [])))];
}
