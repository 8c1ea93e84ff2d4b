import type { OperateVmsRequest } from "../../domain/operation.ts";

export interface PlanOperationInput {
  readonly planId: string;
  readonly request: OperateVmsRequest;
}
