import { setTimeout as sleep } from "node:timers/promises";
import { Client, Connection } from "@temporalio/client";
import { ProviderError } from "../domain/errors.ts";

export const taskQueue = "novacron";

export interface TemporalAddress {
  readonly address: string;
  readonly namespace: string;
}

/** A client whose connection heals by itself: gRPC reconnects, and the first connect waits up to `waitMs` for a server
 *  that is still starting. @throws ProviderError Unavailable. */
export async function connectClient(to: TemporalAddress, waitMs = 30_000): Promise<Client> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    try {
      const connection = await Connection.connect({ address: to.address, connectTimeout: "2 seconds" });
      return new Client({ connection, namespace: to.namespace });
    } catch (error) {
      if (Date.now() > deadline) {
        throw new ProviderError("Unavailable", {
          operation: "connect to Temporal",
          resource: to.address,
          reason: `no answer within ${waitMs / 1000} s`,
          action: "Start the stack with `novacron up`, or check TEMPORAL_ADDRESS.",
          cause: error,
        });
      }
      await sleep(200);
    }
  }
}
