import { Button, Modal } from "@mantine/core";
import type { ReactNode } from "react";
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
