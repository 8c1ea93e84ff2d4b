import type { GcpCloud } from "../cloud.ts";
import type { Images } from "./image-store.ts";
import type { Machines } from "./machines.ts";
import type { Operations } from "./operations.ts";
import type { PersistentDisks } from "./persistent-disks.ts";
import type { Quotas } from "./quotas.ts";

/** What Compute Engine's calls work with. */
export interface ComputeParts {
  readonly cloud: GcpCloud;
  readonly operations: Operations;
  readonly disks: PersistentDisks;
  readonly images: Images;
  readonly machines: Machines;
  readonly quotas: Quotas;
}
