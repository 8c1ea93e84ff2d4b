import { addressType, interfaceType } from "../network/addresses.ts";
import { childrenOf, idOf } from "../network/lists.ts";
import type { Disk, Json, Vm } from "../state.ts";
import { release } from "./holders.ts";
import { diskReferences } from "./vm-guests.ts";
import type { VmParts } from "./vm-parts.ts";

/** Ends a VM, and what was to go with it: https://learn.microsoft.com/azure/virtual-machines/delete. All else stays. */
export async function removeVm({ kinds, contents, guests }: VmParts, vm: Vm): Promise<void> {
  const { cloud } = kinds;
  await guests.stop(vm.id, true, "deallocated");
  cloud.guests.remove(vm.facts.guestId);
  for (const { id, profile } of diskReferences(vm.properties)) {
    if (id === undefined) continue;
    release(kinds, id);
    const disk = cloud.tables.resources.get(id) as Disk | undefined;
    if (profile.deleteOption !== "Delete" || !disk) continue;
    cloud.tables.resources.delete(id);
    contents.remove(disk);
  }
  const nics =
    ((vm.properties.networkProfile ?? {}) as { networkInterfaces?: readonly Json[] }).networkInterfaces ?? [];
  for (const one of nics) {
    const id = idOf(one) ?? "";
    release(kinds, id);
    const nic = kinds.byId<object>(id, interfaceType);
    if ((one.properties as Json | undefined)?.deleteOption !== "Delete" || !nic) continue;
    cloud.tables.resources.delete(id);
    for (const { properties } of childrenOf(nic.properties.ipConfigurations)) {
      const reference = properties.publicIPAddress as { properties?: Json } | undefined;
      const address = kinds.byId<object>(idOf(reference), addressType);
      const option = reference?.properties?.deleteOption ?? address?.properties.deleteOption;
      if (address && option === "Delete") cloud.tables.resources.delete(address.id);
    }
  }
}
