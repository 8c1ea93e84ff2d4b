import type { CreateVmRequest } from "../../domain/create-request.ts";
import type { FinalizeRequest } from "../../domain/finalize.ts";
import type { OperateVmsRequest } from "../../domain/operation.ts";

export type PlanOperationInput = { readonly planId: string } & (
  | { readonly request: OperateVmsRequest; readonly create?: undefined; readonly finalize?: undefined }
  | { readonly create: CreateVmRequest; readonly request?: undefined; readonly finalize?: undefined }
  | { readonly finalize: FinalizeRequest; readonly request?: undefined; readonly create?: undefined }
);
