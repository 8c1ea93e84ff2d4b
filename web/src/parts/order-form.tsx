import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { Failed } from "./states.tsx";

/** A form with one button, which has the API do something; what refuses it is shown above the button. */
export function OrderForm(props: {
  readonly order: {
    readonly mutate: () => void;
    readonly isPending: boolean;
    readonly isError: boolean;
    readonly error: unknown;
  };
  /** What the button says. */
  readonly verb: string;
  readonly disabled?: boolean;
  readonly children: ReactNode;
}) {
  const { order, verb, disabled = false, children } = props;
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        order.mutate();
      }}
    >
      {children}
      {order.isError ? <Failed error={order.error} /> : undefined}
      <div>
        <Button type="submit" loading={order.isPending} disabled={disabled}>
          {verb}
        </Button>
      </div>
    </form>
  );
}
