import type { OperationItem, OperationItemView, OperationState } from "../domain/operation.ts";
import type { ActivityDeps } from "./deps.ts";

/** The rows that are an operation's report. */
export function recordOperationActivities({ store }: ActivityDeps) {
  return {
    async recordItems(input: { operationId: string; items: readonly Omit<OperationItem, "steps">[] }): Promise<void> {
      await store.operations.addItems(input.operationId, input.items);
    },

    async recordItem(input: {
      operationId: string;
      item: number;
      patch: Partial<Pick<OperationItemView, "vmId" | "state" | "step" | "problem" | "startedAt" | "endedAt">>;
    }): Promise<void> {
      await store.operations.updateItem(input.operationId, input.item, input.patch);
    },

    async recordOperation(input: { operationId: string; state: OperationState; endedAt: string }): Promise<void> {
      await store.operations.end(input.operationId, input.state, input.endedAt);
    },
  };
}
