import { Button, Stepper } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useMay } from "../../api/session.ts";
import { type BuiltRequest, migrateCommand, requestOf, type WizardFields } from "../../lib/migration-request.ts";
import { Icon } from "../../parts/icons.tsx";
import { PageHead, Panel } from "../../parts/panel.tsx";
import { PlanReview } from "../../parts/plan-review.tsx";
import { Failed, Forbidden, Loading } from "../../parts/states.tsx";
import { MapStep } from "./map-step.tsx";
import { PickStep } from "./pick-step.tsx";

const none: Omit<WizardFields, "vm" | "from" | "to"> = {
  mode: "cold",
  map: "",
  cutover: "when-ready",
  bandwidth: "",
  instanceType: "",
  undoHours: "",
  startAt: "",
  networks: {},
};

/** From a VM to a running move: pick it, say where and how, read the plan, approve exactly that. */
export function WizardPage() {
  const search = useSearch({ from: "/migrations/new" });
  const navigate = useNavigate({ from: "/migrations/new" });
  const writes = useMay("migrations:write");
  const [options, setOptions] = useState(none);
  const fields: WizardFields = { ...options, vm: search.vm ?? "", from: search.from ?? "", to: search.to ?? "" };
  const step = search.plan ? 2 : search.vm && search.from ? 1 : 0;
  const put = (change: Partial<typeof search>) => void navigate({ search: (before) => ({ ...before, ...change }) });
  const plan = useMutation({
    mutationFn: (request: BuiltRequest) => answer(api.POST("/v1/plans", { body: { kind: "migrate_vm", request } })),
    onSuccess: ({ plan_id: id }) => put({ plan: id }),
  });
  if (!writes) return <Forbidden permission="migrations:write" />;
  return (
    <>
      <PageHead
        trail={<Link to="/migrations">Migrations</Link>}
        title={search.vm ? `Migrate ${search.vm}` : "Migrate a VM"}
        sub={
          search.from
            ? `from ${search.from}${search.to ? ` to ${search.to}` : ""}`
            : "Nothing happens before you approve its plan"
        }
      />
      <Panel>
        <Stepper
          active={step}
          size="xs"
          iconSize={24}
          onStepClick={(to) => put(to === 0 ? { vm: undefined, plan: undefined } : { plan: undefined })}
        >
          <Stepper.Step label="Pick" description="which VM" allowStepSelect={step > 0}>
            <PickStep
              from={search.from}
              onFrom={(from) => put({ from })}
              onPick={(vm) => put({ vm: vm.name, from: vm.site })}
            />
          </Stepper.Step>
          <Stepper.Step label="Map" description="where, and how" allowStepSelect={step > 1}>
            <MapStep
              fields={fields}
              onTo={(to) => put({ to })}
              onChange={(change) => setOptions((before) => ({ ...before, ...change }))}
            />
            {plan.isError ? <Failed error={plan.error} /> : undefined}
            <div className="wrap wizard-next">
              <Button
                size="sm"
                disabled={!search.to}
                loading={plan.isPending}
                onClick={() => plan.mutate(requestOf(fields))}
                rightSection={<Icon name="chevron" size={14} />}
              >
                Plan it
              </Button>
              <span className="quiet mono">./novacron {migrateCommand(fields)} --dry-run</span>
            </div>
          </Stepper.Step>
          <Stepper.Step label="Approve" description="its plan" allowStepSelect={false}>
            {search.plan ? <ApproveStep planId={search.plan} onBack={() => put({ plan: undefined })} /> : undefined}
          </Stepper.Step>
        </Stepper>
      </Panel>
    </>
  );
}

function ApproveStep({ planId, onBack }: { readonly planId: string; readonly onBack: () => void }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const plan = useQuery({
    queryKey: ["plans", planId],
    queryFn: ({ signal }) => answer(api.GET("/v1/plans/{id}", { params: { path: { id: planId } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const start = useMutation({
    mutationFn: ({ plan_id, hash }: Schemas["Plan"]) =>
      answer(api.POST("/v1/migrations", { body: { plan_id, plan_hash: hash } })),
    onSuccess: async (started) => {
      await queries.invalidateQueries({ queryKey: ["migrations"] });
      await navigate({ to: "/migrations/$id", params: { id: (started as Schemas["Migration"]).migration_id } });
    },
  });
  if (plan.isPending) return <Loading rows={6} label="Reading the plan" />;
  if (plan.isError) return <Failed error={plan.error} onRetry={() => void plan.refetch()} />;
  return (
    <div className="stack-wide wizard-step">
      <PlanReview
        plan={plan.data}
        verb="Start this move"
        pending={start.isPending}
        error={start.error}
        onExecute={() => start.mutate(plan.data)}
        cli={`migrate --plan ${planId}`}
      />
      <div>
        <Button variant="subtle" onClick={onBack}>
          Change something
        </Button>
      </div>
    </div>
  );
}
