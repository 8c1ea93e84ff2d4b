import { Button, NumberInput, Select, Switch, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { sitesQuery } from "../../api/queries.ts";
import { useMay } from "../../api/session.ts";
import { PageHead, Panel } from "../../parts/panel.tsx";
import { PlanReview } from "../../parts/plan-review.tsx";
import { Failed, Forbidden } from "../../parts/states.tsx";

/** VMs by their names, or by a search; a plan of all of them; then exactly that. */
export function NewWavePage() {
  const search = useSearch({ from: "/waves/new" });
  const navigate = useNavigate({ from: "/waves/new" });
  const queries = useQueryClient();
  const writes = useMay("migrations:write");
  const { data: sites } = useQuery(sitesQuery);
  const [name, setName] = useState("");
  const [vms, setVms] = useState((search.vms ?? "").split(",").join("\n"));
  const [query, setQuery] = useState(search.query ?? "");
  const [parallel, setParallel] = useState("");
  const [warm, setWarm] = useState(false);
  const plan = useMutation({
    mutationFn: async () => {
      const named = vms
        .split(/[\n,]/)
        .map((vm) => vm.trim())
        .filter(Boolean);
      const body = {
        ...(name.trim() ? { name: name.trim() } : {}),
        ...(named.length > 0 ? { vms: named.map((vm) => ({ vm })) } : {}),
        ...(named.length === 0 && query.trim() ? { query: query.trim() } : {}),
        defaults: { from: search.from, to: search.to, ...(warm ? { mode: "warm" as const } : {}) },
        ...(Number(parallel) > 0 ? { parallel: Number(parallel) } : {}),
        dry_run: true,
      };
      return (await answer(api.POST("/v1/waves", { body }))) as Schemas["Plan"];
    },
  });
  const start = useMutation({
    mutationFn: async ({ plan_id, hash }: Schemas["Plan"]) =>
      (await answer(api.POST("/v1/waves", { body: { plan_id, plan_hash: hash } }))) as Schemas["Wave"],
    onSuccess: async (wave) => {
      await queries.invalidateQueries({ queryKey: ["waves"] });
      await navigate({ to: "/waves/$id", params: { id: wave.wave_id } });
    },
  });
  if (!writes) return <Forbidden permission="migrations:write" />;
  const enabled = (sites ?? []).filter((site) => site.enabled).map(({ site }) => site);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    plan.mutate();
  };
  return (
    <>
      <PageHead
        trail={<Link to="/waves">Waves</Link>}
        title="Plan a wave"
        sub="Nothing happens before you approve its plan"
      />
      <div className="grid grid-2">
        <Panel title="What goes where">
          <form className="stack" onSubmit={submit}>
            <TextInput
              label="Name"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              placeholder="friday"
            />
            <div className="grid grid-2-small">
              <Select
                label="From"
                data={enabled}
                value={search.from ?? null}
                onChange={(from) => void navigate({ search: (before) => ({ ...before, from: from ?? undefined }) })}
                searchable
                required
              />
              <Select
                label="To"
                data={enabled.filter((site) => site !== search.from)}
                value={search.to ?? null}
                onChange={(to) => void navigate({ search: (before) => ({ ...before, to: to ?? undefined }) })}
                searchable
                required
              />
            </div>
            <Textarea
              label="VMs, one a line"
              value={vms}
              onChange={(event) => setVms(event.currentTarget.value)}
              autosize
              minRows={3}
              maxRows={12}
            />
            <TextInput
              label="…or all that a search finds"
              value={query}
              onChange={(event) => setQuery(event.currentTarget.value)}
              placeholder="tag.env=prod state:running"
              disabled={vms.trim() !== ""}
            />
            <NumberInput
              label="At most at once"
              min={1}
              max={500}
              value={parallel === "" ? "" : Number(parallel)}
              onChange={(value) => setParallel(String(value))}
            />
            <Switch
              checked={warm}
              onChange={(event) => setWarm(event.currentTarget.checked)}
              label="Warm: each is off for the last difference only"
            />
            {plan.isError ? <Failed error={plan.error} /> : undefined}
            <div>
              <Button
                type="submit"
                size="sm"
                loading={plan.isPending}
                disabled={!search.from || !search.to || (vms.trim() === "" && query.trim() === "")}
              >
                Plan it
              </Button>
            </div>
          </form>
        </Panel>
        <Panel title="The plan">
          {plan.data ? (
            <PlanReview
              plan={plan.data}
              verb="Start this wave"
              pending={start.isPending}
              error={start.error}
              onExecute={() => start.mutate(plan.data)}
              cli={`waves start --plan ${plan.data.plan_id} --watch`}
            />
          ) : (
            <p className="quiet">Its order, checks, cost and predicted times come here.</p>
          )}
        </Panel>
      </div>
    </>
  );
}
