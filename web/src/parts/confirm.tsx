import { Button, Modal } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { type OrderOptions, useOrder } from "../api/order.ts";
import { Failed } from "./states.tsx";

/** Asks once more before something is ended, and says what follows from it. */
export function Confirm(props: {
  readonly opened: boolean;
  readonly title: string;
  /** What the button says. */
  readonly verb: string;
  readonly pending: boolean;
  readonly error: unknown;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  const { opened, title, verb, pending, error, onConfirm, onClose, children } = props;
  return (
    <Modal opened={opened} onClose={onClose} title={title}>
      <div className="stack">
        <div>{children}</div>
        {error ? <Failed error={error} /> : undefined}
        <div className="wrap">
          <Button color="red" loading={pending} onClick={onConfirm}>
            {verb}
          </Button>
          <Button variant="default" onClick={onClose}>
            Leave it
          </Button>
        </div>
      </div>
    </Modal>
  );
}

/** A row that is asked about, and what {@link Confirm} shows (`shown`) and does to it. */
export function useConfirmed<Row>(order: (row: Row) => Promise<unknown>, told: Omit<OrderOptions<unknown>, "onDone">) {
  const [row, ask] = useState<Row>();
  const leave = () => ask(undefined);
  const confirmed = useOrder(order, { ...told, onDone: leave });
  return {
    row,
    ask: (asked: Row) => ask(asked),
    shown: {
      opened: row !== undefined,
      pending: confirmed.isPending,
      error: confirmed.error,
      onClose: leave,
      onConfirm: () => {
        if (row !== undefined) confirmed.mutate(row);
      },
    },
  };
}
