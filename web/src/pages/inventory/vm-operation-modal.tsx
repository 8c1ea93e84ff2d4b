import { Modal } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { answer, api, type Schemas } from "../../api/client.ts";
import { plural } from "../../lib/format.ts";
import { PlanReview } from "../../parts/plan-review.tsx";
import { Failed, Loading } from "../../parts/states.tsx";

export type VmAction = "start" | "stop" | "delete";

interface VmOperationProps {
  readonly action: VmAction | undefined;
  readonly vms: readonly { readonly site: string; readonly vm: string; readonly name: string }[];
  readonly onClose: () => void;
}

/** A plan first, then exactly that: for one VM or for many. */
export function VmOperationModal({ action, vms, onClose }: VmOperationProps) {
  const title =
    action === undefined
      ? ""
      : `${action[0]?.toUpperCase()}${action.slice(1)} ${vms.length === 1 ? vms[0]?.name : plural(vms.length, "VM")}`;
  return (
    <Modal opened={action !== undefined} onClose={onClose} title={title} size={720}>
      {action ? <OperationPlan action={action} vms={vms} onDone={onClose} /> : undefined}
    </Modal>
  );
}

function OperationPlan({
  action,
  vms,
  onDone,
}: Omit<VmOperationProps, "action" | "onClose"> & { readonly action: VmAction; readonly onDone: () => void }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const references = vms.map(({ site, vm }) => ({ site, vm }));
  const plan = useQuery({
    queryKey: ["plan", action, references],
    queryFn: async () =>
      (await answer(api.POST("/v1/vms/bulk", { body: { action, vms: references, dry_run: true } }))) as Schemas["Plan"],
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const execute = useMutation({
    mutationFn: ({ plan_id, hash }: Schemas["Plan"]) =>
      answer(
        api.POST("/v1/operations", {
          body: { plan_id, plan_hash: hash, ...(action === "delete" ? { confirm: vms.map(({ name }) => name) } : {}) },
        }),
      ),
    onSuccess: async (operation) => {
      await queries.invalidateQueries({ queryKey: ["operations"] });
      onDone();
      await navigate({ to: "/runs/operations/$id", params: { id: operation.operation_id } });
    },
  });
  if (plan.isPending) return <Loading rows={5} label="Looking at what is there" />;
  if (plan.isError) return <Failed error={plan.error} onRetry={() => void plan.refetch()} />;
  return (
    <PlanReview
      plan={plan.data}
      verb={action === "start" ? "Start" : action === "stop" ? "Stop" : "Delete for good"}
      danger={action === "delete"}
      confirm={action === "delete" ? vms.map(({ name }) => name) : undefined}
      pending={execute.isPending}
      error={execute.error}
      onExecute={() => execute.mutate(plan.data)}
      cli={`vms ${action} ${vms.map(({ vm }) => vm).join(" ")} --site ${vms[0]?.site}`}
    />
  );
}
