import type { NewVmDisk, NewVmParameters } from "../../domain/operation.ts";
import { bulkCall, siteCall, undoCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import { describeFailure } from "../lib/failure.ts";
import type { StepContext } from "./steps.ts";

const calls = activitiesAtSites(siteCall);
const bulk = activitiesAtSites(bulkCall);
const undo = activitiesAtSites(undoCall);

/** Keys are the run's own, so that a repeat finds what the first try made, and a dead worker's too. */
function keyOf({ operationId, item }: StepContext, what: string): string {
  return `${operationId}-${item}-${what}`;
}

export async function createVolume(context: StepContext, disk: NewVmDisk): Promise<void> {
  const { site, name, volumes } = context;
  const key = undoneByKey(context, "volume", `disk${volumes.length}`);
  const summary = `create a disk of ${name}`;
  volumes.push(await calls.createVolume.executeWithOptions({ summary }, [{ site, key, disk }]));
}

export async function cloneVolume(context: StepContext, pointId: string): Promise<void> {
  const { site, volumes } = context;
  const key = undoneByKey(context, "volume", `disk${volumes.length}`);
  // A clone of a deep chain copies the whole disk.
  const summary = `clone ${pointId}`;
  volumes.push(await bulk.materialiseDisk.executeWithOptions({ summary }, [{ site, pointId, key }]));
}

/** Tries the plan's sizes in their order while the site has no capacity. Each try has a key of its own: a site that remembers
 *  keys would take another size under the same one for a mistake. */
export async function createVm(context: StepContext, create: NewVmParameters): Promise<void> {
  const { site, name, volumes } = context;
  const sizes = create.instanceTypes ?? [];
  for (let tried = 0; ; tried++) {
    const key = undoneByKey(context, "vm", tried === 0 ? "vm" : `vm-${tried + 1}`);
    const instanceType = sizes[tried];
    try {
      const summary = `create ${name} at ${site}${instanceType ? ` as ${instanceType}` : ""}`;
      context.vmId = await calls.createVm.executeWithOptions({ summary }, [
        { site, key, create, volumes, instanceType },
      ]);
      return;
    } catch (error) {
      const next = sizes[tried + 1];
      const { code, message } = describeFailure(error);
      if (next === undefined || code !== "InsufficientCapacity") throw error;
      await context.note(`No capacity for ${instanceType}, ${next} is tried next: ${message}`);
    }
  }
}

function undoneByKey(context: StepContext, kind: "vm" | "volume", what: string): string {
  const { site, saga } = context;
  const key = keyOf(context, what);
  saga.add({
    resource: `${site}/${kind} with the tag novacron:key=${key}`,
    remove: `novacron vms delete ID --site ${site}`,
    undo: () => undo.removeByKey({ site, kind, key }),
  });
  return key;
}
