import { setTimeout as sleep } from "node:timers/promises";
import type { VirtualMachine } from "@azure/arm-compute";
import type { InstanceType } from "../../domain/instance-type.ts";
import { changeTags } from "../../domain/tags.ts";
import { tagKeys, type Vm } from "../../domain/vm.ts";
import { conflict, type Subject } from "../failures.ts";
import type { ComputeFacet, VmSpec } from "../provider.ts";
import type { Azure } from "./client.ts";
import { goneIsUndefined } from "./errors.ts";
import type { InstanceTypes } from "./instance-types.ts";
import type { Launcher } from "./launch.ts";
import { fromWire, vmTagRules } from "./tags.ts";
import type { View } from "./view.ts";
import { powerStateOf, powerWord } from "./vm.ts";

/** Whoever waits for a stop is told at least this often. */
const tellEveryMs = 500;

export class AzureCompute implements ComputeFacet {
  readonly #azure: Azure;
  readonly #view: View;
  readonly #types: InstanceTypes;
  readonly #launcher: Launcher;

  constructor(azure: Azure, parts: { view: View; types: InstanceTypes; launcher: Launcher }) {
    this.#azure = azure;
    this.#view = parts.view;
    this.#types = parts.types;
    this.#launcher = parts.launcher;
  }

  listInstanceTypes(signal: AbortSignal): AsyncIterable<InstanceType> {
    return this.#types.list(signal);
  }

  listVms(signal: AbortSignal): AsyncIterable<Vm> {
    return this.#view.vms({ operation: "list VMs", resource: this.#azure.site }, signal);
  }

  async getVm(vmId: string, signal: AbortSignal): Promise<Vm> {
    const subject = this.#subject("look up VM", vmId);
    return this.#view.vm(await this.#view.machine(vmId, subject, signal), subject, signal);
  }

  async createVm(spec: VmSpec, key: string, signal: AbortSignal): Promise<Vm> {
    return this.getVm(await this.#launcher.launch(spec, key, signal), signal);
  }

  async startVm(vmId: string, signal: AbortSignal): Promise<Vm> {
    const subject = this.#subject("start VM", vmId);
    const machine = await this.#view.machine(vmId, subject, signal);
    const holder = fromWire(machine.tags, vmTagRules).tags[tagKeys.fencedBy];
    if (holder !== undefined) {
      throw conflict(
        subject,
        `it is fenced by migration ${holder}: its successor may run elsewhere`,
        `Roll back migration ${holder}, or finalize it.`,
      );
    }
    if (powerStateOf(machine.instanceView) !== "running") {
      await this.#azure.compute(subject, signal, (client, { group, options }) =>
        client.virtualMachines.start(group, vmId, options),
      );
    }
    return this.getVm(vmId, signal);
  }

  /** Off is deallocated here: what is only stopped is paid for. */
  async stopVm(
    vmId: string,
    options: { graceMs: number; onWaiting?: () => void },
    signal: AbortSignal,
  ): Promise<{ forced: boolean }> {
    const subject = this.#subject("stop VM", vmId);
    const machine = await this.#view.machine(vmId, subject, signal);
    if (powerWord(machine.instanceView) === "deallocated") return { forced: false };
    const off = await this.#shutDown(machine, options, subject, signal);
    if (!off) await this.#waiting(this.#powerOff(vmId, true, subject, signal), options.onWaiting, signal);
    const deallocating = this.#azure.compute(subject, signal, (client, at) =>
      client.virtualMachines.deallocate(at.group, vmId, at.options),
    );
    await this.#waiting(deallocating, options.onWaiting, signal);
    return { forced: !off };
  }

  async resizeVm(
    vmId: string,
    size: { readonly cpus: number; readonly memoryBytes: number; readonly instanceType?: string },
    signal: AbortSignal,
  ): Promise<Vm> {
    const subject = this.#subject("resize VM", vmId);
    const machine = await this.#view.machine(vmId, subject, signal);
    const vm = await this.#view.vm(machine, subject, signal);
    if (vm.state !== "stopped") throw conflict(subject, `it is ${vm.state}`, "Stop it first.");
    const { firmware, architecture } = vm;
    const vmSize = await this.#types.choose({ ...size, firmware, architecture }, subject, signal);
    if (vmSize !== machine.hardwareProfile?.vmSize) {
      await this.#azure.compute(subject, signal, (client, { group, options }) =>
        client.virtualMachines.update(group, vmId, { hardwareProfile: { vmSize } }, options),
      );
    }
    return this.getVm(vmId, signal);
  }

  async deleteVm(vmId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete VM", vmId);
    const machine = await this.#view.findMachine(vmId, subject, signal);
    if (machine) {
      await this.#keepDisks(machine, subject, signal);
      await goneIsUndefined(
        this.#azure.compute(subject, signal, (client, { group, options }) =>
          client.virtualMachines.delete(group, vmId, { ...options, forceDeletion: true }),
        ),
      );
    }
    await this.#launcher.removeInterfaces(vmId, subject, signal);
  }

  async setTags(vmId: string, tags: Readonly<Record<string, string | undefined>>, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("tag VM", vmId);
    const machine = await this.#view.machine(vmId, subject, signal);
    const { raw } = fromWire(machine.tags, vmTagRules);
    const { set, remove } = changeTags(raw, tags, vmTagRules);
    if (Object.keys(set).length === 0 && remove.length === 0) return;
    const going = new Set(remove);
    // Resource Manager takes the whole set.
    const all = { ...Object.fromEntries(Object.entries(raw).filter(([key]) => !going.has(key))), ...set };
    await this.#azure.compute(subject, signal, (client, { group, options }) =>
      client.virtualMachines.update(
        group,
        vmId,
        { tags: all },
        { ...options, ...(machine.etag && { ifMatch: machine.etag }) },
      ),
    );
  }

  async consoleOutput(vmId: string, maxBytes: number, signal: AbortSignal): Promise<string> {
    const subject = this.#subject("read console output", vmId);
    const { serialConsoleLogBlobUri } = await this.#azure.compute(subject, signal, (client, { group, options }) =>
      client.virtualMachines.retrieveBootDiagnosticsData(group, vmId, { abortSignal: options.abortSignal }),
    );
    if (serialConsoleLogBlobUri === undefined) return "";
    return this.#azure.signed(serialConsoleLogBlobUri, subject, signal, async (blob) => {
      const { contentLength = 0 } = await blob.getProperties({ abortSignal: signal });
      if (contentLength === 0) return "";
      const from = Math.max(0, contentLength - maxBytes);
      const bytes = await blob.downloadToBuffer(from, contentLength - from, { abortSignal: signal });
      return bytes.toString("utf8");
    });
  }

  /** Asks the guest, for as long as it has. @returns whether it is off. */
  async #shutDown(
    machine: VirtualMachine,
    { graceMs, onWaiting }: { graceMs: number; onWaiting?: () => void },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<boolean> {
    const vmId = machine.name ?? "";
    if (powerWord(machine.instanceView) === "stopped") return true;
    if (graceMs <= 0) return false;
    // What it says comes too late for who gave the guest less time than Azure does.
    const ended = new AbortController();
    const both = AbortSignal.any([signal, ended.signal]);
    const asked = this.#powerOff(vmId, false, subject, both).then(
      () => "off" as const,
      (error: unknown) => (ended.signal.aborted ? "late" : Promise.reject(error)),
    );
    const grace = this.#waiting(sleep(graceMs, "late" as const, { signal: both }), onWaiting, both).catch(() => "late");
    const first = await Promise.race([asked, grace]);
    ended.abort();
    signal.throwIfAborted();
    return first === "off";
  }

  #powerOff(vmId: string, skipShutdown: boolean, subject: Subject, signal: AbortSignal): Promise<void> {
    return this.#azure.compute(subject, signal, (client, { group, options }) =>
      client.virtualMachines.powerOff(group, vmId, { ...options, skipShutdown }),
    );
  }

  async #waiting<T>(work: Promise<T>, tell: (() => void) | undefined, signal: AbortSignal): Promise<T> {
    tell?.();
    const timer = setInterval(() => tell?.(), tellEveryMs);
    try {
      return await work;
    } finally {
      clearInterval(timer);
      signal.throwIfAborted();
    }
  }

  /** Volumes outlive their VM, also one that others made to take them along. */
  async #keepDisks(machine: VirtualMachine, subject: Subject, signal: AbortSignal): Promise<void> {
    const { osDisk, dataDisks = [] } = machine.storageProfile ?? {};
    if (osDisk?.deleteOption !== "Delete" && dataDisks.every(({ deleteOption }) => deleteOption !== "Delete")) return;
    const storageProfile = {
      ...(osDisk && { osDisk: { ...osDisk, deleteOption: "Detach" as const } }),
      dataDisks: dataDisks.map((disk) => ({ ...disk, deleteOption: "Detach" as const })),
    };
    await this.#azure.compute(subject, signal, (client, { group, options }) =>
      client.virtualMachines.update(group, machine.name ?? "", { storageProfile }, options),
    );
  }

  #subject(operation: string, vmId: string): Subject {
    return { operation, resource: this.#azure.resource("vm", vmId) };
  }
}
