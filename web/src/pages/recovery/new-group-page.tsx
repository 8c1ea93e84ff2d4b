import { Button, NumberInput, Select, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { sitesQuery } from "../../api/queries.ts";
import { useMay } from "../../api/session.ts";
import { PageHead, Panel } from "../../parts/panel.tsx";
import { PlanReview } from "../../parts/plan-review.tsx";
import { Failed, Forbidden } from "../../parts/states.tsx";

/** VMs that shall survive the loss of their site: a plan, then exactly that. */
export function NewGroupPage() {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const writes = useMay("protection:write");
  const { data: sites } = useQuery(sitesQuery);
  const [name, setName] = useState("");
  const [vms, setVms] = useState("");
  const [query, setQuery] = useState("");
  const [from, setFrom] = useState<string | null>(null);
  const [to, setTo] = useState<string | null>(null);
  const [rpo, setRpo] = useState("");
  const [rto, setRto] = useState("");
  const plan = useMutation({
    mutationFn: async () => {
      const named = vms
        .split(/[\n,]/)
        .map((vm) => vm.trim())
        .filter(Boolean);
      const body = {
        ...{ name: name.trim(), dry_run: true },
        ...(named.length > 0 ? { vms: named } : { query: query.trim() }),
        ...(from ? { primary_site: from } : {}),
        ...(to ? { recovery_site: to } : {}),
        ...(Number(rpo) > 0 ? { rpo_seconds: Number(rpo) * 60 } : {}),
        ...(Number(rto) > 0 ? { rto_seconds: Number(rto) * 60 } : {}),
      };
      return (await answer(api.POST("/v1/protection-groups", { body }))) as Schemas["Plan"];
    },
  });
  const start = useMutation({
    mutationFn: async ({ plan_id, hash }: Schemas["Plan"]) =>
      (await answer(
        api.POST("/v1/protection-groups", { body: { plan_id, plan_hash: hash } }),
      )) as Schemas["ProtectionGroup"],
    onSuccess: async (group) => {
      await queries.invalidateQueries({ queryKey: ["protection-groups"] });
      await navigate({ to: "/recovery/$id", params: { id: group.group_id } });
    },
  });
  if (!writes) return <Forbidden permission="protection:write" />;
  const enabled = (sites ?? []).filter((site) => site.enabled).map(({ site }) => site);
  return (
    <>
      <PageHead
        trail={<Link to="/recovery">Recovery</Link>}
        title="Protect VMs"
        sub="Nothing happens before you approve its plan"
      />
      <div className="grid grid-2">
        <Panel title="What is protected, and where">
          <form
            className="stack"
            onSubmit={(event) => {
              event.preventDefault();
              plan.mutate();
            }}
          >
            <TextInput label="Name" value={name} onChange={(event) => setName(event.currentTarget.value)} required />
            <Textarea
              label="VMs, one a line"
              value={vms}
              onChange={(event) => setVms(event.currentTarget.value)}
              autosize
              minRows={3}
            />
            <TextInput
              label="…or all that a search finds"
              value={query}
              onChange={(event) => setQuery(event.currentTarget.value)}
              placeholder="tag.app=shop"
              disabled={vms.trim() !== ""}
            />
            <div className="grid grid-2-small">
              <Select label="Primary site" data={enabled} value={from} onChange={setFrom} searchable clearable />
              <Select
                label="Recovery site"
                data={enabled.filter((site) => site !== from)}
                value={to}
                onChange={setTo}
                searchable
                clearable
              />
              <NumberInput
                label="RPO: most that may be lost"
                suffix=" min"
                min={1}
                value={rpo === "" ? "" : Number(rpo)}
                onChange={(value) => setRpo(String(value))}
              />
              <NumberInput
                label="RTO: longest takeover"
                suffix=" min"
                min={1}
                value={rto === "" ? "" : Number(rto)}
                onChange={(value) => setRto(String(value))}
              />
            </div>
            <span className="quiet">What is left out is as the configuration says.</span>
            {plan.isError ? <Failed error={plan.error} /> : undefined}
            <div>
              <Button
                type="submit"
                size="sm"
                loading={plan.isPending}
                disabled={name.trim() === "" || (vms.trim() === "" && query.trim() === "")}
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
              verb="Protect them"
              pending={start.isPending}
              error={start.error}
              onExecute={() => start.mutate(plan.data)}
              cli={`protection create ${name.trim()} --plan ${plan.data.plan_id}`}
            />
          ) : (
            <p className="quiet">Its checks, what the first point copies, and its cost come here.</p>
          )}
        </Panel>
      </div>
    </>
  );
}
