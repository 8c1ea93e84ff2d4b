import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import type { ActivityDeps, ControlPlaneBackup } from "./deps.ts";

export function controlPlaneActivities({ controlPlane }: Pick<ActivityDeps, "controlPlane">) {
  return {
    /** Makes a backup of the control plane at a site; each attempt makes one of its own. */
    async backUpTo({ site }: { site: string }): Promise<ControlPlaneBackup> {
      if (controlPlane) return controlPlane.backUp(site, Context.current().cancellationSignal);
      throw new ProviderError("UnsupportedCapability", {
        operation: "back the control plane up",
        resource: `site/${site}`,
        reason: "this worker has no folder of an instance, in which the keys are",
        action: "Set NOVACRON_INSTANCE_DIR for it.",
      });
    },
  };
}
