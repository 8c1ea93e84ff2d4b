import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useOrder } from "../../api/order.ts";
import { useMay } from "../../api/session.ts";
import { tell } from "../../app/tell.tsx";
import { severityTone } from "../../lib/tone.ts";
import { CsvButton, List } from "../../parts/list.tsx";
import { PageHead, Panel } from "../../parts/panel.tsx";
import { SameBy } from "../../parts/same-by.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { Empty, Failed, Forbidden, Loading } from "../../parts/states.tsx";
import { DryRunPanel } from "./dry-run-panel.tsx";
import { FindingDrawer } from "./finding-drawer.tsx";
import { findingColumns, useFindings } from "./findings.tsx";
import { PolicyForm } from "./policy-form.tsx";
import { useRemediation } from "./remediate.tsx";

type Policy = Schemas["Policy"];
type Draft = Schemas["NewPolicy"];

const blank: Draft = {
  ...{ name: "", type: "tagging", severity: "medium", description: "", scope: "" },
  ...{ requirement: { require: { all: [{ field: "owner", operator: "exists" }] } }, actions: ["notify"], remedy: "" },
};

/** A policy as it is written, with what it would find beside it while it is written. */
export function PolicyPage() {
  const { id } = useParams({ from: "/policies/$id" });
  const [reads, writes] = [useMay("policies:read"), useMay("policies:write")];
  const query = useQuery({
    queryKey: ["policies", "one", id],
    queryFn: ({ signal }) => answer(api.GET("/v1/policies/{id}", { params: { path: { id } }, signal })),
    enabled: reads && id !== "new",
  });
  if (!reads) return <Forbidden permission="policies:read" />;
  if (id === "new") return writes ? <Editor key="new" policy={undefined} /> : <Forbidden permission="policies:write" />;
  if (query.isPending) return <Loading label="Reading the policy" />;
  if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  // What somebody else changed is a new beginning.
  return <Editor key={`${query.data.policy_id} ${query.data.version}`} policy={query.data} />;
}

function Editor({ policy }: { readonly policy: Policy | undefined }) {
  const navigate = useNavigate();
  const [writes, scans] = [useMay("policies:write"), useMay("policies:scan")];
  const first = useMemo(() => (policy ? draftOf(policy) : blank), [policy]);
  const [draft, setDraft] = useState<Draft>(first);
  const changed = JSON.stringify(draft) !== JSON.stringify(first);
  const save = useOrder(
    () =>
      policy
        ? answer(api.POST("/v1/policies/{id}", { params: { path: { id: policy.policy_id } }, body: draft }))
        : answer(api.POST("/v1/policies", { body: draft })),
    {
      touches: ["policies"],
      done: ({ name }) => `${name} holds from the next scan on`,
      onDone: ({ name }) => void navigate({ to: "/policies/$id", params: { id: name }, replace: policy !== undefined }),
    },
  );
  const turn = useOrder(
    (enabled: boolean) =>
      answer(api.POST("/v1/policies/{id}", { params: { path: { id: policy?.policy_id ?? "" } }, body: { enabled } })),
    { touches: ["policies"], done: ({ name, enabled }) => `${name} is ${enabled ? "on" : "off"}` },
  );
  return (
    <>
      <PageHead
        trail={<Link to="/policies">Policies</Link>}
        title={
          policy ? (
            <>
              {policy.name}
              <StateBadge state={policy.severity} tone={severityTone(policy.severity)} />
              {policy.enabled ? undefined : <StateBadge state="off" tone="idle" />}
            </>
          ) : (
            "Write a policy"
          )
        }
        sub={policy?.description}
        actions={
          <>
            {policy ? (
              <SameBy cli={`policies show ${policy.name}`} api={`GET /v1/policies/${policy.name}`} />
            ) : (
              <SameBy
                cli="policies apply policy.yaml"
                api={`POST /v1/policies\n${JSON.stringify(draft, undefined, 2)}`}
              />
            )}
            {policy && writes ? (
              <Button
                variant="default"
                loading={turn.isPending}
                onClick={() => turn.mutate(!policy.enabled, { onError: tell.failure })}
              >
                {policy.enabled ? "Switch it off" : "Switch it on"}
              </Button>
            ) : undefined}
          </>
        }
      />
      <div className="grid grid-main">
        <Panel title={policy ? `Version ${policy.version}` : "The policy"}>
          <PolicyForm
            draft={draft}
            onChange={setDraft}
            readOnly={!writes}
            pending={save.isPending}
            error={save.error}
            canSave={writes && (changed || policy === undefined)}
            verb={policy ? "Change it" : "Make it"}
            onSave={() => save.mutate()}
          />
        </Panel>
        {scans ? (
          <DryRunPanel draft={draft} />
        ) : (
          <Panel title="What it would find">
            <Forbidden permission="policies:scan" />
          </Panel>
        )}
      </div>
      {policy ? <FindingsOf policy={policy} /> : undefined}
    </>
  );
}

function FindingsOf({ policy: { name, remediation } }: { readonly policy: Policy }) {
  const plans = useMay("plans:write");
  const [open, setOpen] = useState<string>();
  const pages = useFindings({ state: "open", policy: name });
  const { modal, ask } = useRemediation();
  return (
    <>
      <Panel
        title="Open findings"
        aside={
          <>
            <CsvButton name={`findings-${name}`} columns={findingColumns} rows={pages.readAll} />
            {plans && remediation && pages.rows.length > 0 ? (
              <Button onClick={() => ask({ policy: name })}>Plan to mend them…</Button>
            ) : undefined}
          </>
        }
        flush
      >
        <List
          label="Open findings"
          columns={findingColumns}
          pages={pages}
          rowKey={({ finding_id: id }) => id}
          onOpen={({ finding_id: id }) => setOpen(id)}
          maxHeight={420}
          empty={
            <Empty icon="check" title="Nothing breaks it">
              As of its newest scan.
            </Empty>
          }
        />
      </Panel>
      <FindingDrawer open={open} onClose={() => setOpen(undefined)} onMend={ask} />
      {modal}
    </>
  );
}

function draftOf(policy: Policy): Draft {
  const { name, type, severity, description, scope, requirement, actions, remedy, remediation, source } = policy;
  return {
    ...{ name, type, severity, description, scope, requirement, actions, remedy },
    ...(remediation ? { remediation } : {}),
    ...(source ? { source } : {}),
  };
}
