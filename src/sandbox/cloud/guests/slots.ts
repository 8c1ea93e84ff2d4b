import { ProviderError } from "../../../domain/errors.ts";
import { type GuestDisk, hotplugSlots } from "./command-line.ts";

/** Slot → disk attached while the guest runs. */
interface Plugged {
  readonly id: string;
  readonly slots: Readonly<Record<string, string>>;
}

/**
 * Where a disk is plugged into a running guest. SCSI disks go to the controller that is there, others into a slot of
 * their own. @throws ProviderError QuotaExceeded when no slot is free.
 */
export function freeSlot({ id, slots }: Plugged, disk: GuestDisk): { slot: string; bus: { bus?: string } } {
  if (disk.controller === "virtio-scsi") return { slot: onBus(disk), bus: {} };
  const slot = hotplugSlots.find((name) => slots[name] === undefined);
  if (slot) return { slot, bus: { bus: slot } };
  throw new ProviderError("QuotaExceeded", {
    operation: "attach a disk to a running guest",
    resource: id,
    reason: `all its ${hotplugSlots.length} slots for that are taken`,
    action: "Stop it first: disks of a stopped guest need no such slot.",
  });
}

/** Where a disk was plugged in; undefined when it was there from the start and can't be pulled out. */
export function slotOf({ slots }: Plugged, disk: GuestDisk): string | undefined {
  const slot = Object.entries(slots).find(([, taken]) => taken === disk.diskId)?.[0];
  return slot ?? (disk.controller === "virtio-scsi" ? onBus(disk) : undefined);
}

/** The disk as QEMU got it. */
export function opened(disk: GuestDisk): GuestDisk {
  return { ...disk, node: disk.layerId };
}

function onBus({ diskId }: GuestDisk): string {
  return `scsi:${diskId}`;
}
