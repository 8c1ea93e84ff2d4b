import type { Disk, Snapshot, VirtualMachine } from "@azure/arm-compute";
import type { NetworkInterface } from "@azure/arm-network";
import type { Vm } from "../../domain/vm.ts";
import { notFound, type Subject } from "../failures.ts";
import type { Azure } from "./client.ts";
import { goneIsUndefined } from "./errors.ts";
import type { InstanceTypes } from "./instance-types.ts";
import { parseId } from "./names.ts";
import { devicesOf, type SeenNic, toVm } from "./vm.ts";

/** Machines that are looked into at once. */
const inFlight = 8;

/** What Azure shows of the site's resource group. */
export class View {
  readonly #azure: Azure;
  readonly #types: InstanceTypes;

  constructor(azure: Azure, types: InstanceTypes) {
    this.#azure = azure;
    this.#types = types;
  }

  async machine(vmId: string, subject: Subject, signal: AbortSignal): Promise<VirtualMachine> {
    const found = await this.findMachine(vmId, subject, signal);
    if (found) return found;
    throw notFound(subject, "Azure has no such VM in the site's resource group");
  }

  findMachine(vmId: string, subject: Subject, signal: AbortSignal): Promise<VirtualMachine | undefined> {
    return goneIsUndefined(
      this.#azure.compute(subject, signal, (client, { group, options }) =>
        client.virtualMachines.get(group, vmId, { ...options, expand: "instanceView" }),
      ),
    );
  }

  machines(subject: Subject, signal: AbortSignal): AsyncGenerator<VirtualMachine> {
    return here(
      this.#azure,
      this.#azure.computeList(subject, signal, (client, { group, options }) =>
        client.virtualMachines.list(group, options),
      ),
    );
  }

  disk(name: string, subject: Subject, signal: AbortSignal): Promise<Disk | undefined> {
    return goneIsUndefined(
      this.#azure.compute(subject, signal, (client, { group, options }) => client.disks.get(group, name, options)),
    );
  }

  disks(subject: Subject, signal: AbortSignal): AsyncGenerator<Disk> {
    return here(
      this.#azure,
      this.#azure.computeList(subject, signal, (client, { group, options }) =>
        client.disks.listByResourceGroup(group, options),
      ),
    );
  }

  snapshot(name: string, subject: Subject, signal: AbortSignal): Promise<Snapshot | undefined> {
    return goneIsUndefined(
      this.#azure.compute(subject, signal, (client, { group, options }) => client.snapshots.get(group, name, options)),
    );
  }

  snapshots(subject: Subject, signal: AbortSignal): AsyncGenerator<Snapshot> {
    return here(
      this.#azure,
      this.#azure.computeList(subject, signal, (client, { group, options }) =>
        client.snapshots.listByResourceGroup(group, options),
      ),
    );
  }

  async vm(machine: VirtualMachine, subject: Subject, signal: AbortSignal): Promise<Vm> {
    const names = devicesOf(machine).map(({ volumeId }) => volumeId);
    const [disks, nics, type] = await Promise.all([
      Promise.all(names.map((name) => this.disk(name, subject, signal))),
      this.nicsOf(machine, subject, signal),
      this.#types.find(machine.hardwareProfile?.vmSize, signal),
    ]);
    const found = disks.filter((disk) => disk !== undefined);
    return toVm(machine, {
      site: this.#azure.site,
      view: machine.instanceView,
      disks: new Map(found.map((disk) => [disk.name ?? "", disk])),
      nics,
      type,
    });
  }

  /** All of them: a list tells not whether a machine runs, so each is looked at. */
  async *vms(subject: Subject, signal: AbortSignal): AsyncGenerator<Vm> {
    const disks = new Map<string, Disk>();
    for await (const disk of this.disks(subject, signal)) disks.set(disk.name ?? "", disk);
    let batch: VirtualMachine[] = [];
    const shown = async (machines: readonly VirtualMachine[]) =>
      (await Promise.all(machines.map((machine) => this.#listed(machine, disks, subject, signal)))).filter(
        (vm) => vm !== undefined,
      );
    for await (const machine of this.machines(subject, signal)) {
      batch.push(machine);
      if (batch.length < inFlight) continue;
      yield* await shown(batch);
      batch = [];
    }
    yield* await shown(batch);
  }

  async nicsOf({ networkProfile }: VirtualMachine, subject: Subject, signal: AbortSignal): Promise<SeenNic[]> {
    const ids = (networkProfile?.networkInterfaces ?? [])
      .toSorted((a, b) => Number(b.primary ?? false) - Number(a.primary ?? false))
      .map(({ id }) => parseId(id));
    const nics = await Promise.all(
      ids.map(async ({ group, name }) => {
        const nic = await goneIsUndefined(
          this.#azure.network(subject, signal, (client, { options }) =>
            client.networkInterfaces.get(group, name, options),
          ),
        );
        return nic && this.#nic(nic, subject, signal);
      }),
    );
    return nics.filter((nic) => nic !== undefined);
  }

  /** Undefined for one that has gone since it was listed. */
  async #listed(
    machine: VirtualMachine,
    disks: ReadonlyMap<string, Disk>,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<Vm | undefined> {
    const name = machine.name ?? "";
    const [view, nics, type] = await Promise.all([
      goneIsUndefined(
        this.#azure.compute(subject, signal, (client, { group, options }) =>
          client.virtualMachines.instanceView(group, name, options),
        ),
      ),
      this.nicsOf(machine, subject, signal),
      this.#types.find(machine.hardwareProfile?.vmSize, signal),
    ]);
    return view && toVm(machine, { site: this.#azure.site, view, disks, nics, type });
  }

  async #nic(nic: NetworkInterface, subject: Subject, signal: AbortSignal): Promise<SeenNic> {
    const config = primaryConfig(nic);
    const subnet = parseId(config?.subnet?.id);
    const publicId = config?.publicIPAddress?.id;
    const address = publicId === undefined ? undefined : await this.#address(publicId, subject, signal);
    return {
      nicId: nic.name ?? "",
      networkId: `${subnet.parent ?? ""}/${subnet.name}`,
      ...(nic.macAddress && { mac: nic.macAddress }),
      ...(config?.privateIPAddress && { privateAddress: config.privateIPAddress }),
      ...(address !== undefined && { publicAddress: address }),
    };
  }

  async #address(id: string, subject: Subject, signal: AbortSignal): Promise<string | undefined> {
    const { group, name } = parseId(id);
    const found = await goneIsUndefined(
      this.#azure.network(subject, signal, (client, { options }) => client.publicIPAddresses.get(group, name, options)),
    );
    return found?.ipAddress;
  }
}

export function primaryConfig({ ipConfigurations = [] }: NetworkInterface) {
  return ipConfigurations.find(({ primary }) => primary) ?? ipConfigurations[0];
}

/** A resource group may hold things of several regions; a site is one. */
async function* here<T extends { readonly location?: string }>(azure: Azure, all: AsyncIterable<T>): AsyncGenerator<T> {
  const region = plain(azure.entry.region);
  for await (const each of all) if (plain(each.location ?? "") === region) yield each;
}

/** `East US` is `eastus`. */
function plain(location: string): string {
  return location.replaceAll(" ", "").toLowerCase();
}
