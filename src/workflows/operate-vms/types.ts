import type { OperationState } from "../../domain/operation.ts";

export interface OperateVmsInput {
  readonly operationId: string;
  readonly planId: string;
  /** The hash that was approved; a plan with another one is refused. */
  readonly planHash: string;
}

export interface OperateVmsResult {
  readonly operationId: string;
  readonly state: OperationState;
  readonly total: number;
  readonly done: number;
}

/** One VM of a plan. */
export interface OperateVmInput extends OperateVmsInput {
  readonly item: number;
}
