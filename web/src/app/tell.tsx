import { notifications } from "@mantine/notifications";
import { ApiProblem } from "../api/problem.ts";

const closeButtonProps = { "aria-label": "Close" };

/** Says in a corner what became of something that a person did. */
export const tell = {
  done: (message: string): void => {
    notifications.show({ message, color: "green", autoClose: 5_000, closeButtonProps });
  },
  failure: (error: unknown): void => {
    const problem = error instanceof ApiProblem ? error : undefined;
    notifications.show({
      title: error instanceof Error ? error.message : String(error),
      message: problem?.action ?? "",
      color: "red",
      autoClose: 15_000,
      closeButtonProps,
    });
  },
};
