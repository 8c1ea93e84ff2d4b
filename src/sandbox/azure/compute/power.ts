import type { AzureCloud } from "../cloud.ts";
import type { Disk, Resource, Vm } from "../state.ts";
import { textOf } from "../text.ts";

/** The VM that a disk is attached to. */
export function holderOf({ tables }: AzureCloud, { properties }: Resource): Vm | undefined {
  return tables.resources.get(textOf(properties.managedBy).toLowerCase()) as Vm | undefined;
}

/** Whether a disk's VM is anything but deallocated. */
export function isRunning(cloud: AzureCloud, disk: Disk): boolean {
  const vm = holderOf(cloud, disk);
  return vm !== undefined && vm.facts.power !== "deallocated";
}
