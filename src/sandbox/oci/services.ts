import type { OciCloud } from "./cloud.ts";
import { backupKinds, backupOperations } from "./core/backups.ts";
import { shapeOperations } from "./core/shapes.ts";
import { volumeGroupKind, volumeGroupOperations } from "./core/volume-groups.ts";
import { volumeKinds, volumeOperations } from "./core/volumes.ts";
import { identityOperations } from "./identity.ts";
import { limitOperations } from "./limits.ts";
import type { Operation } from "./operation.ts";
import { Registry } from "./registry.ts";
import { RetryTokens } from "./retry-tokens.ts";
import { WorkRequests, workRequestOperations } from "./work-requests.ts";

export interface Services {
  readonly registry: Registry;
  readonly tokens: RetryTokens;
  readonly workRequests: WorkRequests;
  readonly operations: readonly Operation[];
}

/** Every simulated operation over one state. */
export function makeServices(cloud: OciCloud): Services {
  const registry = new Registry(cloud);
  const workRequests = new WorkRequests(cloud);
  const kinds = { ...volumeKinds(registry), ...backupKinds(registry), group: volumeGroupKind(registry) };
  return {
    registry,
    tokens: new RetryTokens(registry),
    workRequests,
    operations: [
      ...volumeOperations(registry, kinds),
      ...backupOperations(registry, kinds),
      ...volumeGroupOperations(registry, kinds.group),
      ...shapeOperations(registry),
      ...identityOperations(registry),
      ...limitOperations(registry),
      ...workRequestOperations(registry),
    ],
  };
}
