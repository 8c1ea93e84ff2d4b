import { TornConnection } from "../cloud/faults.ts";
import type { GcpCloud } from "./cloud.ts";
import { GcpError, OperationError } from "./errors.ts";
import { checkRate } from "./rates.ts";
import { forbidden, permissionOf, refusalFor } from "./refusals.ts";

export interface Called {
  readonly service: "compute" | "storage" | "dns" | "monitoring" | "bigquery" | "resourcemanager" | "oauth2" | "iam";
  readonly operation: string;
  readonly region: string;
  /** `zones/us-central1-a`, or what else names the place. */
  readonly scope: string;
}

/** What lies before every call: faults, rates and permissions; and what lies behind: unknown failures. */
export async function perform<T>(cloud: GcpCloud, call: Called, act: () => T | Promise<T>): Promise<T> {
  try {
    return await cloud.faults.around(
      call,
      () => {
        if (call.service === "compute") checkRate(cloud, call);
        const permission = permissionOf(call);
        if (cloud.settings.deniedPermissions.includes(permission)) throw forbidden(permission, call.scope);
        return act();
      },
      (kind) => refusalFor(kind, call, call.scope),
    );
  } catch (error) {
    if (error instanceof GcpError || error instanceof OperationError || error instanceof TornConnection) throw error;
    cloud.log("A call failed unexpectedly", { operation: `${call.service}.${call.operation}`, error });
    throw new GcpError(503, "backendError", "Internal error. Please try again or contact Google Support.", {
      statusName: "UNAVAILABLE",
    });
  }
}
