import type { VmSize } from "../../domain/operation.ts";
import { tagKeys, type Vm } from "../../domain/vm.ts";
import { capabilities } from "../capabilities.ts";
import { conflict, fileFailure, notFound, unsupported } from "../failures.ts";
import type { ComputeFacet, VmSpec } from "../provider.ts";
import { exists, type Folder, idOf } from "./folder.ts";
import type { VmRecord, VmRecords } from "./vm-records.ts";
import type { Volumes } from "./volumes.ts";

/** VMs that are records beside their disks: nothing here can run them. */
export class FolderCompute implements ComputeFacet {
  readonly #folder: Folder;
  readonly #vms: VmRecords;
  readonly #volumes: Volumes;

  constructor(folder: Folder, vms: VmRecords, volumes: Volumes) {
    this.#folder = folder;
    this.#vms = vms;
    this.#volumes = volumes;
  }

  async *listVms(signal: AbortSignal): AsyncGenerator<Vm> {
    await this.#folder.begin(signal);
    const { records, unreadable } = await this.#vms.list();
    for (const why of unreadable) this.#folder.log("warn", why, { site: this.#folder.site });
    for (const { vmId, record } of records) yield await this.#vms.toVm(vmId, record);
  }

  async getVm(vmId: string, signal: AbortSignal): Promise<Vm> {
    await this.#folder.begin(signal);
    return this.#vms.toVm(vmId, await this.#vms.get(vmId));
  }

  async createVm(spec: VmSpec, key: string, signal: AbortSignal): Promise<Vm> {
    await this.#folder.begin(signal);
    const vmId = idOf("vm", key);
    const subject = this.#folder.subject("create VM", "vm", spec.name);
    if (spec.image) throw unsupported(subject, capabilities.folder.images, "Make it from recovery points.");
    const record: VmRecord = {
      format: 1,
      name: spec.name,
      created_at: new Date().toISOString(),
      cpus: spec.cpus,
      memory_bytes: spec.memoryBytes,
      firmware: spec.firmware,
      architecture: spec.architecture,
      disks: await Promise.all(
        spec.disks.map(async ({ volumeId, bus, boot }, index) => ({
          id: `disk${index}`,
          file: this.#folder.named(await this.#diskPath(volumeId)),
          bus,
          boot,
        })),
      ),
      nics: spec.nics.map(({ networkId, mac }, index) => ({ id: `nic${index}`, network: networkId, mac })),
      publish_ports: [...spec.publishPorts],
      tags: { ...spec.tags, [tagKeys.managed]: "true", [tagKeys.key]: key },
    };
    try {
      await this.#vms.put(vmId, record);
    } catch (error) {
      throw fileFailure(error, subject);
    }
    return this.#vms.toVm(vmId, await this.#vms.get(vmId));
  }

  async startVm(vmId: string, signal: AbortSignal): Promise<Vm> {
    await this.#folder.begin(signal);
    const { tags } = await this.#vms.get(vmId);
    const subject = this.#folder.subject("start VM", "vm", vmId);
    const holder = tags[tagKeys.fencedBy];
    if (holder !== undefined) {
      throw conflict(
        subject,
        `it is fenced by migration ${holder}: its successor may run elsewhere`,
        `Roll back migration ${holder}, or finalize it.`,
      );
    }
    throw unsupported(subject, capabilities.folder["compute.start"], "Move it to a site with a hypervisor.");
  }

  async stopVm(
    vmId: string,
    _options: { graceMs: number; onWaiting?: () => void },
    signal: AbortSignal,
  ): Promise<{ forced: boolean }> {
    await this.#folder.begin(signal);
    await this.#vms.get(vmId);
    return { forced: false };
  }

  async resizeVm(vmId: string, size: VmSize, signal: AbortSignal): Promise<Vm> {
    await this.#folder.begin(signal);
    if (size.instanceType !== undefined) {
      const subject = this.#folder.subject("resize VM", "vm", vmId);
      throw unsupported(subject, capabilities.folder["compute.instance-types"], "Ask for CPUs and memory.");
    }
    await this.#vms.change(vmId, (record) => ({ ...record, cpus: size.cpus, memory_bytes: size.memoryBytes }));
    return this.#vms.toVm(vmId, await this.#vms.get(vmId));
  }

  async deleteVm(vmId: string, signal: AbortSignal): Promise<void> {
    await this.#folder.begin(signal);
    await this.#vms.delete(vmId);
  }

  async setTags(vmId: string, tags: Readonly<Record<string, string | undefined>>, signal: AbortSignal): Promise<void> {
    await this.#folder.begin(signal);
    await this.#vms.change(vmId, (record) => {
      const all = Object.entries({ ...record.tags, ...tags });
      return {
        ...record,
        tags: Object.fromEntries(all.filter((pair): pair is [string, string] => pair[1] !== undefined)),
      };
    });
  }

  async consoleOutput(vmId: string, _maxBytes: number, signal: AbortSignal): Promise<string> {
    await this.#folder.begin(signal);
    await this.#vms.get(vmId);
    const subject = this.#folder.subject("read the console", "vm", vmId);
    throw unsupported(subject, capabilities.folder["compute.console-output"], "Prove it where it can run.");
  }

  async #diskPath(volumeId: string): Promise<string> {
    const path = volumeId.startsWith("/") ? volumeId : this.#volumes.diskPath(volumeId);
    if (await exists(path)) return path;
    throw notFound(this.#folder.subject("use volume", "volume", volumeId), "it does not exist");
  }
}
