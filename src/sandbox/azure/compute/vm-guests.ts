import { type GuestDisk, ideDisksAtMost } from "../../cloud/guests/command-line.ts";
import { InTurn } from "../../cloud/in-turn.ts";
import { formatAddress, formatCidr } from "../../cloud/ipv4.ts";
import type { Kinds } from "../arm/kinds.ts";
import { AzureError } from "../errors.ts";
import { interfaceType } from "../network/addresses.ts";
import { childrenOf, idOf } from "../network/lists.ts";
import { openings } from "../network/openings.ts";
import { findSubnet } from "../network/virtual-networks.ts";
import { allocationFailed } from "../refusals.ts";
import type { Disk, DiskBytes, Json, Resource, Vm, VmFacts } from "../state.ts";
import type { DiskContents } from "./disk-contents.ts";
import { requireKey } from "./disk-views.ts";
import { requireSize, vmType } from "./offers.ts";

/** Azure's machines are "Virtual Machine"s of "Microsoft Corporation". Linux' ata_piix leaves the disks of those to Hyper-V's own
 *  controller (`prefer_ms_hyperv`), which the one here stands in for. */
const hardware = { manufacturer: "Microsoft Corporation (simulated)", product: "Stand-in for a VM" };

/** The guests behind VMs: their starts and ends, their disks and their ports. */
export class VmGuests {
  readonly #kinds: Kinds;
  readonly #contents: DiskContents;
  readonly #crashed = new Set<string>();
  readonly #turns = new InTurn();

  constructor(kinds: Kinds, contents: DiskContents) {
    this.#kinds = kinds;
    this.#contents = contents;
    const { cloud } = kinds;
    cloud.onGuestEnd = (guestId) => this.#ended(guestId);
    cloud.tables.resources.onChange((before, after) => {
      if ((after ?? before)?.type.startsWith("Microsoft.Network/")) this.#refreshForwards();
    });
  }

  /** The VM's disks, the OS disk first. */
  disksOf({ properties }: Resource): Disk[] {
    return diskReferences(properties)
      .map(({ id }) => this.#kinds.byId<Disk["facts"]>(id, "Microsoft.Compute/disks"))
      .filter((disk) => disk !== undefined);
  }

  /** @throws AzureError AllocationFailed, ZonalAllocationFailed, KeyVaultAccessForbidden; Error where QEMU fails. */
  async start(vmId: string): Promise<void> {
    const { cloud } = this.#kinds;
    const { guests, settings, tables } = cloud;
    const vm = tables.resources.get(vmId) as Vm;
    if (guests.isRunning(vm.facts.guestId)) return;
    const size = requireSize((vm.properties.hardwareProfile as Json).vmSize);
    const [zone] = vm.zones ?? [];
    const names = [size.name, "*", ...(zone === undefined ? [] : [`${zone}/${size.name}`, `${zone}/*`])];
    if (settings.noCapacity.some((one) => names.includes(one))) throw allocationFailed(size.name, zone);
    const disks = this.disksOf(vm);
    for (const { properties } of disks) {
      const set = (properties.encryption as Json | undefined)?.diskEncryptionSetId;
      if (typeof set === "string") requireKey(cloud, set.split("/").at(-1) ?? "");
    }
    if (disks.length > ideDisksAtMost) throw simulated(`the stand-in controller takes ${ideDisksAtMost} disks`);
    if (size.architecture !== "x64") throw simulated("only x64 guests are run here");
    await this.#contents.grow(disks.map((disk) => this.#contents.of(disk)));
    const { nic, refused } = this.#nic(vm);
    this.change(vmId, { power: "starting" });
    const unforwarded = await guests.start({
      id: vm.facts.guestId,
      cpus: Math.min(size.vcpus, settings.guestCpus),
      memoryMib: Math.min(size.memoryGib * 1024, settings.guestMemoryMib),
      firmware: disks[0]?.properties.hyperVGeneration === "V2" ? "uefi" : "bios",
      disks: disks.map((disk) => guestDisk(this.#contents.of(disk), cloud.disks.path(this.#contents.of(disk).layerId))),
      ...(nic ? { nic } : {}),
      system: { ...hardware, serial: vm.facts.vmId },
    });
    this.change(vmId, { power: "running", unforwarded: [...refused, ...unforwarded], resume: false });
  }

  /** Powers the guest off, at once or as it likes to within its grace. */
  async stop(vmId: string, atOnce: boolean, power: "stopped" | "deallocated"): Promise<void> {
    const { guests, settings, tables } = this.#kinds.cloud;
    const { guestId } = (tables.resources.get(vmId) as Vm).facts;
    if (guests.isRunning(guestId)) {
      this.change(vmId, { power: power === "stopped" ? "stopping" : "deallocating" });
      await guests.stop(guestId, atOnce ? 0 : settings.stopGraceMs);
    }
    this.change(vmId, { power, unforwarded: [], resume: false });
  }

  change(vmId: string, facts: Partial<VmFacts>): void {
    const vm = this.#kinds.cloud.tables.resources.get(vmId) as Vm | undefined;
    if (vm) this.#kinds.put({ ...vm, facts: { ...vm.facts, ...facts } });
  }

  /** Pulls the plug, as a failing host would, by the VM's name or id. */
  crash(name: string): boolean {
    const vm = this.#kinds
      .of<VmFacts>(vmType)
      .find((one) => [one.name, one.id, one.facts.vmId, one.facts.guestId].includes(name));
    if (!vm) return false;
    this.#crashed.add(vm.facts.guestId);
    return this.#kinds.cloud.guests.crash(vm.facts.guestId);
  }

  /** Brings every VM to where it was heading when the sandbox last ended, however it ended. */
  reconcile(): void {
    const { cloud } = this.#kinds;
    for (const { id, facts } of this.#kinds.of<VmFacts>(vmType)) {
      const running = cloud.guests.isRunning(facts.guestId);
      if (running) this.change(id, { power: "running" });
      else if (facts.resume || facts.power === "starting") cloud.inBackground(`start ${id}`, () => this.start(id));
      else if (facts.power === "running" || facts.power === "stopping") this.change(id, { power: "stopped" });
      else if (facts.power === "deallocating") this.change(id, { power: "deallocated" });
    }
  }

  /** Powers all guests off before the sandbox ends, and notes which are to run again. */
  async suspendAll(): Promise<void> {
    const { guests, settings } = this.#kinds.cloud;
    const graceMs = Math.min(settings.stopGraceMs, 8_000);
    for (const { id, facts } of this.#kinds.of<VmFacts>(vmType))
      if (facts.power === "running" && guests.isRunning(facts.guestId)) this.change(id, { resume: true });
    await Promise.all(guests.running().map((id) => guests.stop(id, graceMs)));
  }

  #ended(guestId: string): void {
    const vm = this.#kinds.of<VmFacts>(vmType).find(({ facts }) => facts.guestId === guestId);
    const crashed = this.#crashed.delete(guestId);
    if (!vm || vm.facts.power !== "running" || vm.facts.resume) return;
    // Azure heals a VM whose host has failed: https://learn.microsoft.com/troubleshoot/azure/virtual-machines/windows/understand-vm-reboot
    if (crashed) this.#kinds.cloud.inBackground(`heal ${vm.id}`, () => this.start(vm.id));
    // A guest that shuts itself down stays allocated: https://learn.microsoft.com/azure/virtual-machines/states-billing
    this.change(vm.id, { power: "stopped", unforwarded: [] });
  }

  #refreshForwards(): void {
    const { cloud } = this.#kinds;
    for (const vm of this.#kinds.of<VmFacts>(vmType).filter(({ facts }) => facts.power === "running")) {
      const { guestId } = vm.facts;
      const work = async (): Promise<void> => {
        if (!cloud.guests.isRunning(guestId)) return;
        const { nic, refused } = this.#nic(vm);
        const unforwarded = [...refused, ...(await cloud.guests.setForwards(guestId, nic?.forwards ?? []))];
        this.change(vm.id, { unforwarded });
      };
      // One change after the other: QEMU would refuse what another has just opened.
      cloud.inBackground(`forward ports of ${vm.id}`, () => this.#turns.run(guestId, work));
    }
  }

  #nic(vm: Vm) {
    const [id] = interfaceIds(vm.properties);
    const nic = this.#kinds.byId<object>(id, interfaceType);
    const [configuration] = childrenOf(nic?.properties.ipConfigurations);
    if (!nic || !configuration) return { nic: undefined, refused: [] };
    const { cidr } = findSubnet(this.#kinds, idOf(configuration.properties.subnet) ?? "");
    const { forwards, refused } = openings(this.#kinds, nic);
    return {
      refused,
      nic: {
        mac: String(nic.properties.macAddress).replaceAll("-", ":").toLowerCase(),
        subnet: formatCidr(cidr),
        router: formatAddress(cidr.base + 1),
        nameServer: formatAddress(cidr.base + 2),
        address: String(configuration.properties.privateIPAddress),
        forwards,
      },
    };
  }
}

function guestDisk({ id, layerId }: DiskBytes, path: string): GuestDisk {
  return { diskId: id, layerId, path, controller: "ide", serial: id.slice(0, 20) };
}

/** The OS disk's id, then those of the data disks by LUN. */
export function diskReferences({ storageProfile }: Json): { id: string | undefined; profile: Json }[] {
  const { osDisk, dataDisks } = (storageProfile ?? {}) as { osDisk?: Json; dataDisks?: readonly Json[] };
  const data = [...(dataDisks ?? [])].sort((a, b) => Number(a.lun) - Number(b.lun));
  return [...(osDisk ? [osDisk] : []), ...data].map((profile) => ({ id: idOf(profile.managedDisk), profile }));
}

/** The primary one first. */
export function interfaceIds({ networkProfile }: Json): string[] {
  const all = ((networkProfile ?? {}) as { networkInterfaces?: readonly Json[] }).networkInterfaces ?? [];
  const rank = (one: Json) => ((one.properties as Json | undefined)?.primary === false ? 1 : 0);
  return [...all].sort((a, b) => rank(a) - rank(b)).flatMap((one) => idOf(one) ?? []);
}

function simulated(reason: string): AzureError {
  return new AzureError("OperationNotAllowed", `Simulated: ${reason}.`, 409);
}
