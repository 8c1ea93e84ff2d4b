import { isProviderError } from "../domain/errors.ts";
import { type Fact, type Guest, known, unknown } from "../domain/guest.ts";
import { bootDisk } from "../domain/migration-guest.ts";
import type { Vm } from "../domain/vm.ts";
import type { DataPlane } from "./deps.ts";
import type { SourceSide } from "./plan-observations.ts";

/** What is on the VM's boot disk now. A look that fails is a fact that is not known, never a plan that is not made. */
export async function lookIntoGuest(
  provider: SourceSide,
  vm: Vm,
  inspectGuest: DataPlane["inspectGuest"],
  options: { readonly drivers: boolean },
  signal: AbortSignal,
): Promise<Fact<Guest>> {
  const { disks, capabilities, site } = provider;
  const disk = bootDisk(vm);
  if (!disk) return unknown("it has no disk");
  if (!disks.peek) return unknown(capabilities["disks.peek"] ?? `${site} lets nobody look into disks`);
  try {
    const source = await disks.peek(vm.vmId, disk.diskId, signal);
    try {
      return known(await inspectGuest(source, { signal, drivers: options.drivers }));
    } finally {
      await source.close();
    }
  } catch (error) {
    if (signal.aborted || !isProviderError(error)) throw error;
    return unknown(error.details.reason);
  }
}
