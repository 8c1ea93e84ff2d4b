import type { CreateVmRequest } from "../../domain/create-request.ts";
import type { OperateVmsRequest } from "../../domain/operation.ts";

export type PlanOperationInput = { readonly planId: string } & (
  | { readonly request: OperateVmsRequest; readonly create?: undefined }
  | { readonly create: CreateVmRequest; readonly request?: undefined }
);
