import { Button, Modal } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { tell } from "../../app/tell.tsx";
import { type MigrationOrder, ordersOf } from "../../lib/migration-orders.ts";
import { Icon, type IconName } from "../../parts/icons.tsx";
import { useNow } from "../../parts/now.tsx";
import { PlanReview } from "../../parts/plan-review.tsx";
import { Failed, Loading } from "../../parts/states.tsx";

type Migration = Schemas["Migration"];
type Plain = Exclude<MigrationOrder, "finalize">;

const about: Readonly<Record<MigrationOrder, { label: string; icon: IconName; what: string; asks: boolean }>> = {
  pause: { label: "Pause", icon: "pause", what: "It pauses after the bytes in flight.", asks: false },
  resume: { label: "Resume", icon: "play", what: "It goes on where it was paused.", asks: false },
  cancel: { label: "Cancel…", icon: "close", what: "It stops, and what it made at the target is removed.", asks: true },
  cutover: {
    ...{ label: "Cut over…", icon: "bolt", asks: true },
    what: "The source stops, the last difference moves, and the target starts.",
  },
  undo: {
    ...{ label: "Undo…", icon: "undo", asks: true },
    what: "The target stops, and the VM comes back to the source with all that it wrote since.",
  },
  rollback: {
    ...{ label: "Roll back…", icon: "undo", asks: true },
    what: "The target is removed and the source runs again. What the target wrote since is lost.",
  },
  finalize: { label: "Finalize…", icon: "check", what: "", asks: true },
};

/** What can be ordered in its state; what can't be taken back is asked for again. */
export function OrderButtons({ migration }: { readonly migration: Migration }) {
  const queries = useQueryClient();
  const [asking, setAsking] = useState<MigrationOrder>();
  const { migration_id: id, vm } = migration;
  const order = useMutation({
    mutationFn: (what: Plain) => send(id, what),
    onSuccess: async (_, what) => {
      setAsking(undefined);
      tell.done(`${vm.name}: ${what} is on its way`);
      await queries.invalidateQueries({ queryKey: ["migrations"] });
    },
    onError: (error) => {
      if (asking === undefined) tell.failure(error);
    },
  });
  const orders = ordersOf(migration, useNow());
  return (
    <>
      {orders.map((what) => (
        <Button
          key={what}
          variant={what === "cutover" || what === "finalize" ? "filled" : "default"}
          leftSection={<Icon name={about[what].icon} size={14} />}
          loading={order.isPending && order.variables === what && !about[what].asks}
          onClick={() => (about[what].asks ? setAsking(what) : order.mutate(what as Plain))}
        >
          {about[what].label}
        </Button>
      ))}
      <Modal
        opened={asking !== undefined}
        onClose={() => {
          setAsking(undefined);
          order.reset();
        }}
        title={asking ? `${about[asking].label.replace("…", "")}: ${vm.name}` : ""}
        size={asking === "finalize" ? 720 : 460}
      >
        {asking === "finalize" ? (
          <FinalizePlan migration={migration} onDone={() => setAsking(undefined)} />
        ) : asking ? (
          <div className="stack">
            <p>{about[asking].what}</p>
            {order.isError ? <Failed error={order.error} /> : undefined}
            <div className="wrap">
              <Button
                color={asking === "cancel" || asking === "rollback" ? "red" : undefined}
                loading={order.isPending}
                onClick={() => order.mutate(asking)}
                data-autofocus
              >
                {about[asking].label.replace("…", "")}
              </Button>
              <Button variant="default" onClick={() => setAsking(undefined)}>
                Leave it
              </Button>
            </div>
          </div>
        ) : undefined}
      </Modal>
    </>
  );
}

function send(id: string, order: Plain) {
  const to = { params: { path: { id } } };
  switch (order) {
    case "pause":
      return answer(api.POST("/v1/migrations/{id}/pause", to));
    case "resume":
      return answer(api.POST("/v1/migrations/{id}/resume", to));
    case "cancel":
      return answer(api.POST("/v1/migrations/{id}/cancel", to));
    case "cutover":
      return answer(api.POST("/v1/migrations/{id}/cutover", to));
    case "undo":
      return answer(api.POST("/v1/migrations/{id}/undo", to));
    case "rollback":
      return answer(api.POST("/v1/migrations/{id}/rollback", to));
  }
}

/** The source goes for good: by a plan that names each thing, and the name typed once more. */
function FinalizePlan({ migration, onDone }: { readonly migration: Migration; readonly onDone: () => void }) {
  const queries = useQueryClient();
  const id = migration.migration_id;
  const plan = useQuery({
    queryKey: ["plan", "finalize", id],
    queryFn: () =>
      answer(api.POST("/v1/plans", { body: { kind: "finalize_migration", request: { migration_id: id } } })),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const names = (plan.data?.inputs.names ?? []) as string[];
  const finalize = useMutation({
    mutationFn: ({ plan_id, hash }: Schemas["Plan"]) =>
      answer(
        api.POST("/v1/migrations/{id}/finalize", {
          params: { path: { id } },
          body: { plan_id, plan_hash: hash, confirm: names },
        }),
      ),
    onSuccess: async () => {
      tell.done(`${migration.vm.name} is final`);
      onDone();
      await queries.invalidateQueries({ queryKey: ["migrations"] });
    },
  });
  if (plan.isPending) return <Loading rows={5} label="Looking at what would go" />;
  if (plan.isError) return <Failed error={plan.error} onRetry={() => void plan.refetch()} />;
  return (
    <PlanReview
      plan={plan.data}
      verb="Remove the source for good"
      danger
      confirm={names}
      pending={finalize.isPending}
      error={finalize.error}
      onExecute={() => finalize.mutate(plan.data)}
      cli={`migrations finalize ${id}`}
    />
  );
}
