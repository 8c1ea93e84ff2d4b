import { setTimeout as sleep } from "node:timers/promises";
import type { LabApi } from "../../../bench/lib/lab-api.ts";

/** What tests look at of a plan, as the API answers it. */
export interface ShownPlan {
  readonly plan_id: string;
  readonly hash: string;
  readonly executable: boolean;
  readonly actions: readonly { action: string; detail: string; resource: { site: string; id: string } }[];
  readonly checks: readonly { check: string; result: string; detail: string }[];
  readonly choices: readonly { what: string; chosen: string; why: string }[];
  readonly estimates: {
    readonly monthly?: { readonly complete: boolean; readonly total?: { readonly micros: number } };
  };
}

export interface ShownOperation {
  readonly operation_id: string;
  readonly state: string;
  readonly done: number;
  readonly items: readonly {
    name: string;
    state: string;
    vm_id?: string;
    step?: string;
    problem?: { code: string; message: string; left_behind?: readonly object[] };
  }[];
}

/** Waits for the end of what was started. */
export async function ended(api: LabApi, started: ShownOperation): Promise<ShownOperation> {
  for (;;) {
    const operation = await api.get<ShownOperation>(`/v1/operations/${started.operation_id}`);
    if (operation.state !== "running") return operation;
    await sleep(100);
  }
}
