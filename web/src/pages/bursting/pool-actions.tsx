import { Button, Menu, Modal, NumberInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useOrder } from "../../api/order.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { Icon } from "../../parts/icons.tsx";
import { Failed } from "../../parts/states.tsx";

/** VMs by hand: so many at least, or none of those that are there; and the pool's end. */
export function PoolActions({ pool }: { readonly pool: Schemas["BurstPool"] }) {
  const navigate = useNavigate();
  const [asking, setAsking] = useState<"order" | "release" | "delete">();
  const [vms, setVms] = useState<number | string>(pool.ordered + 1);
  const to = { params: { path: { id: pool.pool_id } } };
  const close = () => setAsking(undefined);
  const order = useOrder(
    (many: number) => answer(api.POST("/v1/burst-pools/{id}/order", { ...to, body: { vms: many } })),
    {
      touches: ["burst-pools"],
      done: ({ ordered }) =>
        ordered > 0 ? `It has at least ${ordered} VMs from now on` : "It is left to the load again",
      onDone: close,
    },
  );
  const release = useOrder(() => answer(api.POST("/v1/burst-pools/{id}/release", to)), {
    touches: ["burst-pools"],
    done: "Its VMs are drained and removed",
    onDone: close,
  });
  const remove = useOrder(() => answer(api.DELETE("/v1/burst-pools/{id}", to)), {
    touches: ["burst-pools"],
    done: "The pool ends once its VMs are gone",
    onDone: () => void navigate({ to: "/bursting" }),
  });
  return (
    <>
      <Button leftSection={<Icon name="bolt" size={14} />} onClick={() => setAsking("order")}>
        Order VMs…
      </Button>
      <Button variant="default" onClick={() => setAsking("release")}>
        Release them…
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" rightSection={<Icon name="down" size={12} />}>
            More
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {pool.ordered > 0 ? (
            <Menu.Item onClick={() => order.mutate(0)}>Leave it to the load again</Menu.Item>
          ) : undefined}
          <Menu.Item onClick={() => void navigate({ to: "/bursting/$id/settings", params: { id: pool.name } })}>
            Change its settings
          </Menu.Item>
          <Menu.Item color="red" onClick={() => setAsking("delete")}>
            End the pool…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={asking === "order"} onClose={close} title={`Order VMs of ${pool.name}`}>
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            order.mutate(Number(vms));
          }}
        >
          <NumberInput
            label="At least"
            description="Whatever the load is; 0 leaves it to the load again"
            suffix=" VMs"
            min={0}
            max={pool.max_vms}
            value={vms}
            onChange={setVms}
            data-autofocus
          />
          {order.isError ? <Failed error={order.error} /> : undefined}
          <div>
            <Button type="submit" loading={order.isPending}>
              Order them
            </Button>
          </div>
        </form>
      </Modal>
      <Confirm
        opened={asking === "release"}
        title={`Release all VMs of ${pool.name}`}
        verb="Release them now"
        pending={release.isPending}
        error={release.error}
        onConfirm={() => release.mutate()}
        onClose={close}
      >
        They are taken out of the balancer, drained and removed. What the load then needs comes anew.
      </Confirm>
      <Confirm
        opened={asking === "delete"}
        title={`End the pool ${pool.name}`}
        verb="End it"
        pending={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate()}
        onClose={close}
      >
        Its VMs are drained and removed, and no more come, whatever the load is.
      </Confirm>
    </>
  );
}
