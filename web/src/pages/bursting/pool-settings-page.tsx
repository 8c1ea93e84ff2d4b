import { Button, MultiSelect, NumberInput, Select, Switch, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useOrder } from "../../api/order.ts";
import { sitesQuery } from "../../api/queries.ts";
import { useMay } from "../../api/session.ts";
import { PageHead, Panel } from "../../parts/panel.tsx";
import { SameBy } from "../../parts/same-by.tsx";
import { Failed, Forbidden, Loading } from "../../parts/states.tsx";
import { poolQuery } from "./queries.ts";

type Pool = Schemas["BurstPool"];

/** A new pool, or other settings of one that is there; what the form does not show stays as it is. */
export function PoolSettingsPage() {
  const { id } = useParams({ from: "/bursting/$id/settings" });
  const writes = useMay("bursts:write");
  const query = useQuery({ ...poolQuery(id), refetchInterval: false, enabled: writes && id !== "new" });
  if (!writes) return <Forbidden permission="bursts:write" />;
  if (id === "new") return <PoolForm pool={undefined} />;
  if (query.isPending) return <Loading label="Reading the pool" />;
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  return <PoolForm pool={query.data} />;
}

const GiB = 2 ** 30;

function PoolForm({ pool }: { readonly pool: Pool | undefined }) {
  const navigate = useNavigate();
  const sites = useQuery(sitesQuery);
  const signal = pool?.signals[0];
  const [name, setName] = useState(pool?.name ?? "");
  const [site, setSite] = useState(pool?.site ?? "");
  const [from, setFrom] = useState<string[]>([...(pool?.sites ?? [])]);
  const [cpus, setCpus] = useState<number | string>(pool?.template.cpus ?? 2);
  const [memory, setMemory] = useState<number | string>((pool?.template.memory_bytes ?? 4 * GiB) / GiB);
  const [image, setImage] = useState(pool?.template.image ?? "");
  const [port, setPort] = useState<number | string>(pool?.template.port ?? "");
  const [own, setOwn] = useState<number | string>(pool?.own_vms ?? 4);
  const [most, setMost] = useState<number | string>(pool?.max_vms ?? 50);
  const [budget, setBudget] = useState<number | string>(pool?.monthly_budget ? pool.monthly_budget.micros / 1e6 : "");
  const [metric, setMetric] = useState(signal?.metric ?? "cpu.utilisation");
  const [threshold, setThreshold] = useState<number | string>(signal?.threshold ?? 0.9);
  const [target, setTarget] = useState<number | string>(signal?.target ?? 0.75);
  const [under, setUnder] = useState<number | string>(signal?.release_under ?? 0.6);
  const [lasts, setLasts] = useState<number | string>(signal?.sustain_seconds ?? 300);
  const [cooldown, setCooldown] = useState<number | string>(pool?.cooldown_seconds ?? 600);
  const [enabled, setEnabled] = useState(pool?.enabled ?? true);
  const currency = pool?.monthly_budget?.currency ?? "USD";
  const { port: _, ...template } = pool?.template ?? {};
  const body: Schemas["NewBurstPool"] = {
    ...(pool ? settingsOf(pool) : {}),
    ...{ name: name.trim(), site, sites: from, own_vms: Number(own), max_vms: Number(most), enabled },
    template: {
      ...{ ...template, cpus: Number(cpus), memory_bytes: Math.round(Number(memory) * GiB), image: image.trim() },
      ...(port === "" ? {} : { port: Number(port) }),
    },
    cooldown_seconds: Number(cooldown),
    signals: [
      {
        ...{ ...signal, metric: metric.trim(), threshold: Number(threshold), target: Number(target) },
        ...{ release_under: Number(under), sustain_seconds: Number(lasts) },
        measures:
          signal?.measures ?? (metric.includes("utilisation") || metric === "memory.used" ? "utilisation" : "backlog"),
      },
      ...(pool?.signals.slice(1) ?? []),
    ],
    ...(budget === "" ? {} : { monthly_budget: { micros: Math.round(Number(budget) * 1e6), currency } }),
  };
  const save = useOrder(
    () =>
      pool
        ? answer(api.POST("/v1/burst-pools/{id}", { params: { path: { id: pool.pool_id } }, body }))
        : answer(api.POST("/v1/burst-pools", { body })),
    {
      touches: ["burst-pools"],
      done: ({ name: kept }) => `${kept} is looked after`,
      onDone: ({ name: kept }) => void navigate({ to: "/bursting/$id", params: { id: kept } }),
    },
  );
  const known = (sites.data ?? []).map((each) => each.site);
  const ready = [name, site, image, metric].every((text) => text.trim() !== "") && from.length > 0;
  return (
    <>
      <PageHead
        trail={<Link to="/bursting">Bursting</Link>}
        title={pool ? `Settings of ${pool.name}` : "Make a pool"}
        sub={pool ? "VMs that are there stay as they are" : undefined}
        actions={
          <SameBy
            cli={pool ? `burst change ${pool.name} --file pool.yaml` : "burst create --file pool.yaml"}
            api={`POST /v1/burst-pools${pool ? `/${pool.name}` : ""}\n${JSON.stringify(body, undefined, 2)}`}
          />
        }
      />
      <form
        className="stack-wide"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <div className="grid grid-2">
          <Panel title="Whose load, and where VMs come from">
            <div className="stack">
              <TextInput label="Name" value={name} onChange={(event) => setName(event.currentTarget.value)} required />
              <Select
                label="Load of"
                data={known}
                value={site || null}
                onChange={(value) => setSite(value ?? "")}
                searchable
                required
              />
              <MultiSelect label="VMs from" data={known} value={from} onChange={setFrom} searchable required />
              <NumberInput
                label="The site is worth"
                description="In VMs of this pool: what its own machines carry"
                suffix=" VMs"
                value={own}
                onChange={setOwn}
                min={0}
              />
              <Switch label="On" checked={enabled} onChange={(event) => setEnabled(event.currentTarget.checked)} />
            </div>
          </Panel>
          <Panel title="Each VM">
            <div className="stack">
              <div className="fields">
                <NumberInput label="vCPUs" value={cpus} onChange={setCpus} min={1} required />
                <NumberInput label="Memory" suffix=" GiB" value={memory} onChange={setMemory} min={0} required />
              </div>
              <TextInput
                label="Image"
                description="By its name or id at each of the sites"
                value={image}
                onChange={(event) => setImage(event.currentTarget.value)}
                required
              />
              <NumberInput
                label="Serves on"
                description="A port that answers once it is up; empty: none is waited for"
                value={port}
                onChange={setPort}
                min={1}
                max={65_535}
              />
              <div className="fields">
                <NumberInput label="At most" suffix=" VMs" value={most} onChange={setMost} min={1} />
                <NumberInput
                  label="A month"
                  prefix={currency === "USD" ? "$" : `${currency} `}
                  placeholder="no limit"
                  value={budget}
                  onChange={setBudget}
                  min={0}
                />
              </div>
            </div>
          </Panel>
        </div>
        <Panel title="When">
          <div className="stack">
            <div className="fields">
              <TextInput
                label="Figure"
                value={metric}
                onChange={(event) => setMetric(event.currentTarget.value)}
                required
              />
              <NumberInput label="More come over" value={threshold} onChange={setThreshold} required />
              <NumberInput label="Lasting" suffix=" s" value={lasts} onChange={setLasts} min={0} />
              <NumberInput label="Sized to" value={target} onChange={setTarget} required />
              <NumberInput label="Given back under" value={under} onChange={setUnder} required />
              <NumberInput label="Cooldown" suffix=" s" value={cooldown} onChange={setCooldown} min={0} />
            </div>
            {pool && pool.signals.length > 1 ? (
              <p className="quiet">
                It also follows{" "}
                {pool.signals
                  .slice(1)
                  .map((each) => each.metric)
                  .join(", ")}
                , which stay as they are.
              </p>
            ) : undefined}
          </div>
        </Panel>
        {save.isError ? <Failed error={save.error} /> : undefined}
        <div>
          <Button type="submit" size="sm" loading={save.isPending} disabled={!ready}>
            {pool ? "Change it" : "Make it"}
          </Button>
        </div>
      </form>
    </>
  );
}

/** What a change has to say again, as it replaces all settings; without what the API itself says of a pool. */
function settingsOf(pool: Pool): Partial<Schemas["NewBurstPool"]> {
  const { pool_id: _id, state: _state, ordered: _ordered, created_by: _by, created_at: _at, ...settings } = pool;
  const { monthly_budget: _budget, ...kept } = settings;
  return kept;
}
