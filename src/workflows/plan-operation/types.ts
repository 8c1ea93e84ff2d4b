import type { CreateVmRequest } from "../../domain/create-request.ts";
import type { FinalizeRequest } from "../../domain/finalize.ts";
import type { MigrationTestRequest } from "../../domain/migration-test.ts";
import type { OperateVmsRequest } from "../../domain/operation.ts";
import type { RemediationRequest } from "../../domain/policy/remediation-request.ts";
import type { RecoveryRequest } from "../../domain/recovery-run.ts";
import type { RestoreRequest } from "../../domain/restore.ts";

interface Requests {
  readonly request: OperateVmsRequest;
  readonly create: CreateVmRequest;
  readonly finalize: FinalizeRequest;
  readonly test: MigrationTestRequest;
  readonly recovery: RecoveryRequest;
  readonly restore: RestoreRequest;
  readonly remediation: RemediationRequest;
}

/** Exactly one of the requests. */
export type PlanOperationInput = { readonly planId: string } & {
  [Kind in keyof Requests]: Pick<Requests, Kind> & { readonly [Other in Exclude<keyof Requests, Kind>]?: undefined };
}[keyof Requests];
