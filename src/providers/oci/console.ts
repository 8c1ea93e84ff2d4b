import { randomUUID } from "node:crypto";
import type { Subject } from "../failures.ts";
import { poll } from "../poll.ts";
import type { Oci } from "./client.ts";
import { codeFailure } from "./errors.ts";
import { goneIsUndefined } from "./view.ts";

/** "Displaying the Serial Console": as much as Oracle keeps. */
const most = 2 ** 20;

/** The console is captured into a history of its own, read from that, and the history goes again. */
export async function readConsole(
  oci: Oci,
  { vmId, maxBytes, subject }: { vmId: string; maxBytes: number; subject: Subject },
  signal: AbortSignal,
): Promise<string> {
  const { compute } = oci;
  const captureConsoleHistoryDetails = { instanceId: vmId, displayName: "novacron" };
  const opcRetryToken = randomUUID();
  const captured = await compute.call(
    "captureConsoleHistory",
    { captureConsoleHistoryDetails, opcRetryToken },
    subject,
    signal,
  );
  const instanceConsoleHistoryId = captured.consoleHistory.id;
  try {
    await poll(
      async () => {
        const request = { instanceConsoleHistoryId };
        const { consoleHistory } = await compute.call("getConsoleHistory", request, subject, signal);
        const state: string = consoleHistory.lifecycleState;
        if (state === "FAILED") throw codeFailure("InternalError", "the console could not be captured", subject);
        return state === "SUCCEEDED" ? true : undefined;
      },
      oci.patience,
      signal,
    );
    const request = { instanceConsoleHistoryId, offset: 0, length: most };
    const { value } = await compute.call("getConsoleHistoryContent", request, subject, signal);
    const bytes = Buffer.from(value ?? "");
    return bytes.subarray(Math.max(0, bytes.byteLength - maxBytes)).toString("utf8");
  } finally {
    const removing = AbortSignal.timeout(10_000);
    await goneIsUndefined(compute.call("deleteConsoleHistory", { instanceConsoleHistoryId }, subject, removing)).catch(
      () => undefined,
    );
  }
}
