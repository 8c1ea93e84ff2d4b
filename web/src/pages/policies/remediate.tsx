import { Modal } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useOrder } from "../../api/order.ts";
import { PlanReview } from "../../parts/plan-review.tsx";
import { Failed, Loading } from "../../parts/states.tsx";

export type RemediationRequest = Schemas["RemediationRequest"];

/** A remediation, or the way back of one: its plan is made and shown; approved, exactly that is carried out. */
export function useRemediation(): { readonly modal: ReactNode; ask(request: RemediationRequest): void } {
  const navigate = useNavigate();
  const [opened, setOpened] = useState(false);
  const plan = useOrder(
    (request: RemediationRequest) => answer(api.POST("/v1/plans", { body: { kind: "remediate_findings", request } })),
    { touches: [] },
  );
  const start = useOrder(
    ({ plan_id, hash }: Schemas["Plan"]) => answer(api.POST("/v1/operations", { body: { plan_id, plan_hash: hash } })),
    {
      touches: ["operations", "policy-findings", "policies"],
      onDone: ({ operation_id: id }) => void navigate({ to: "/runs/operations/$id", params: { id } }),
    },
  );
  const back = plan.variables?.undo !== undefined;
  return {
    ask: (request) => {
      plan.mutate(request);
      setOpened(true);
    },
    modal: (
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title={back ? "The way back" : "What would be mended"}
        size={760}
      >
        {plan.isPending ? <Loading label="Looking at each resource at its site" /> : undefined}
        {plan.isError ? <Failed error={plan.error} /> : undefined}
        {plan.data ? (
          <PlanReview
            plan={plan.data}
            verb={back ? "Take it back" : "Mend exactly these"}
            pending={start.isPending}
            error={start.error}
            onExecute={() => start.mutate(plan.data)}
            cli={back ? `policies undo ${plan.variables?.undo}` : `policies remediate ${plan.variables?.policy ?? ""}`}
          />
        ) : undefined}
      </Modal>
    ),
  };
}
