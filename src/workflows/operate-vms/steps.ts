import type { OperationStep } from "../../domain/operation.ts";
import { siteCall, undoCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import type { Saga } from "../lib/saga.ts";
import { cloneVolume, createVm, createVolume } from "./make.ts";

const calls = activitiesAtSites(siteCall);
const undo = activitiesAtSites(undoCall);

export interface StepContext {
  readonly operationId: string;
  readonly item: number;
  readonly site: string;
  readonly name: string;
  /** Set by the step that makes the VM. */
  vmId?: string;
  /** Made by the steps so far, for the VM. */
  readonly volumes: string[];
  readonly saga: Saga;
  /** Tells the report what it is at. */
  note(step: string): Promise<void>;
}

/** One step of a plan, with what undoes it registered before it acts. What is deleted stays deleted. */
export async function runStep(context: StepContext, step: OperationStep): Promise<void> {
  const { site, name, saga } = context;
  switch (step.action) {
    case "create-volume":
      return createVolume(context, step.disk);
    case "clone-point":
      return cloneVolume(context, step.pointId);
    case "create-vm":
      return createVm(context, step.create);
    case "start-vm": {
      const vmId = step.vmId ?? made(context);
      return calls.startVm.executeWithOptions({ summary: `start ${name}` }, [{ site, vmId }]);
    }
    case "stop-vm": {
      const { vmId = made(context), graceMs } = step;
      if (step.vmId !== undefined)
        saga.add({
          resource: `${site}/vm/${vmId} (stopped)`,
          remove: `novacron vms start ${vmId} --site ${site}`,
          undo: () => undo.startVm({ site, vmId }),
        });
      await calls.stopVm.executeWithOptions({ summary: `stop ${name}` }, [{ site, vmId, graceMs }]);
      return;
    }
    case "resize-vm": {
      const { vmId, size, former } = step;
      saga.add({
        resource: `${site}/vm/${vmId} (another size)`,
        remove: `novacron vms resize ${vmId} --site ${site} --cpus ${former.cpus} --memory ${former.memoryBytes / 1024}KiB`,
        undo: () => undo.resizeVm({ site, vmId, size: former }),
      });
      return calls.resizeVm.executeWithOptions({ summary: `resize ${name}` }, [{ site, vmId, size }]);
    }
    case "delete-vm":
      return calls.deleteVm.executeWithOptions({ summary: `delete ${name}` }, [{ site, vmId: step.vmId }]);
    case "delete-volume":
      return calls.deleteVolume.executeWithOptions({ summary: `delete ${step.volumeId}` }, [
        { site, volumeId: step.volumeId },
      ]);
    case "delete-snapshot":
      return calls.deleteSnapshot.executeWithOptions({ summary: `delete ${step.snapshotId}` }, [
        { site, snapshotId: step.snapshotId },
      ]);
    case "set-tags": {
      const { vmId, set, remove } = step;
      const keys = Object.keys(set);
      if (keys.length > 0)
        saga.add({
          resource: `${site}/vm/${vmId} (tags ${keys.join(", ")})`,
          remove: `take ${keys.join(", ")} off ${vmId} at ${site}`,
          undo: () => undo.setVmTags({ site, vmId, set: {}, remove: keys }),
        });
      return calls.setVmTags.executeWithOptions({ summary: `tag ${name}` }, [{ site, vmId, set, remove }]);
    }
    case "set-security-rules": {
      const { securityGroupId, rules, former } = step;
      saga.add({
        resource: `${site}/security-group/${securityGroupId} (other rules)`,
        remove: `give ${securityGroupId} at ${site} the rules of the plan's former ones`,
        undo: () => undo.setSecurityRules({ site, securityGroupId, rules: former }),
      });
      const summary = `set the rules of ${name}`;
      return calls.setSecurityRules.executeWithOptions({ summary }, [{ site, securityGroupId, rules }]);
    }
    case "create-snapshot": {
      const { volumeId, key } = step;
      await calls.createSnapshot.executeWithOptions({ summary: `take a snapshot of ${volumeId}` }, [
        { site, volumeId, key },
      ]);
      return;
    }
    case "hold-vm": {
      const { vmId, holder } = step;
      saga.add({
        resource: `${site}/vm/${vmId} (held by ${holder})`,
        remove: `novacron policies undo ${context.operationId}`,
        undo: () => undo.releaseSource({ site, vmId, migrationId: holder, start: false }),
      });
      await calls.fenceVm.executeWithOptions({ summary: `hold ${name}` }, [{ site, vmId, migrationId: holder }]);
      return;
    }
    case "release-vm": {
      const { vmId, holder } = step;
      const summary = `release ${name}`;
      return calls.releaseSource.executeWithOptions({ summary }, [{ site, vmId, migrationId: holder, start: false }]);
    }
    case "release-address":
      return calls.releaseAddress.executeWithOptions({ summary: `release ${step.addressId}` }, [
        { site, addressId: step.addressId },
      ]);
  }
}

/** The VM that an earlier step made. */
function made({ vmId, name }: StepContext): string {
  if (vmId === undefined) throw new Error(`The plan makes no VM before it does something to ${name}`);
  return vmId;
}
