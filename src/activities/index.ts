import { certificateActivities } from "./certificate.ts";
import { computeActivities } from "./compute.ts";
import { copyActivities } from "./copy.ts";
import type { ActivityDeps } from "./deps.ts";
import { diskActivities } from "./disks.ts";
import { withFailures } from "./failures.ts";
import { inventoryActivities } from "./inventory.ts";
import { planActivities } from "./plan.ts";
import { recordActivities } from "./record.ts";
import { verifyActivities } from "./verify.ts";

/** All activities, made with what they need; workflows see only the type. */
export function createActivities(deps: ActivityDeps) {
  return withFailures({
    ...planActivities(deps),
    ...recordActivities(deps),
    ...computeActivities(deps),
    ...diskActivities(deps),
    ...copyActivities(deps),
    ...verifyActivities(deps),
    ...certificateActivities(deps),
    ...inventoryActivities(deps),
  });
}

export type Activities = ReturnType<typeof createActivities>;
