import { setTimeout as sleep } from "node:timers/promises";
import { isProviderError } from "../../domain/errors.ts";
import type { InstanceType } from "../../domain/instance-type.ts";
import { changeTags } from "../../domain/tags.ts";
import { tagKeys, type Vm } from "../../domain/vm.ts";
import { conflict, type Subject } from "../failures.ts";
import { poll } from "../poll.ts";
import type { ComputeFacet, VmSpec } from "../provider.ts";
import type { Gcp } from "./client.ts";
import { seenOf, vmLabelRules } from "./labels.ts";
import type { Launcher } from "./launch.ts";
import type { MachineTypes } from "./machine-types.ts";
import { nameOf } from "./names.ts";
import { attachedDisks, type Instance, instanceOf, toVm } from "./vm.ts";

/** Whoever waits for a stop is told at least this often. */
const tellEveryMs = 500;
/** Others may label it at the same moment. */
const labelRounds = 10;
/** Google keeps the newest 1 MB of a serial port and gives it from any byte on. */
const serialPort = 1;

export class GcpCompute implements ComputeFacet {
  readonly #gcp: Gcp;
  readonly #types: MachineTypes;
  readonly #launcher: Launcher;

  constructor(gcp: Gcp, parts: { types: MachineTypes; launcher: Launcher }) {
    this.#gcp = gcp;
    this.#types = parts.types;
    this.#launcher = parts.launcher;
  }

  listInstanceTypes(signal: AbortSignal): AsyncIterable<InstanceType> {
    return this.#types.list(signal);
  }

  async *listVms(signal: AbortSignal): AsyncGenerator<Vm> {
    const subject = { operation: "list VMs", resource: this.#gcp.site };
    for await (const instance of this.#gcp.list<Instance>("instances", {}, subject, signal)) {
      if (seenOf(instance).notes.role !== "helper") yield await this.#toVm(instance, subject, signal);
    }
  }

  async getVm(vmId: string, signal: AbortSignal): Promise<Vm> {
    const subject = this.#subject("look up VM", vmId);
    return this.#toVm(await instanceOf(this.#gcp, vmId, subject, signal), subject, signal);
  }

  async createVm(spec: VmSpec, key: string, signal: AbortSignal): Promise<Vm> {
    return this.getVm(await this.#launcher.launch(spec, key, signal), signal);
  }

  async startVm(vmId: string, signal: AbortSignal): Promise<Vm> {
    const subject = this.#subject("start VM", vmId);
    const holder = seenOf(await instanceOf(this.#gcp, vmId, subject, signal)).tags[tagKeys.fencedBy];
    if (holder !== undefined) {
      throw conflict(
        subject,
        `it is fenced by migration ${holder}: its successor may run elsewhere`,
        `Roll back migration ${holder}, or finalize it.`,
      );
    }
    await poll(
      async () => {
        const { status } = await instanceOf(this.#gcp, vmId, subject, signal);
        if (status === "RUNNING") return true;
        const method = status === "SUSPENDED" ? "resume" : "start";
        if (status === "TERMINATED" || status === "SUSPENDED") {
          await this.#gcp.change("instances", method, { instance: vmId }, subject, signal);
        }
        return undefined;
      },
      this.#gcp.patience,
      signal,
    );
    return this.getVm(vmId, signal);
  }

  /** Google turns a guest off by itself a while after it was asked ("about 90 seconds"); sooner where it lets us. */
  async stopVm(
    vmId: string,
    options: { graceMs: number; onWaiting?: () => void },
    signal: AbortSignal,
  ): Promise<{ forced: boolean }> {
    const subject = this.#subject("stop VM", vmId);
    const { first, most } = this.#gcp.patience.pollMs;
    const forceAt = performance.now() + options.graceMs;
    let asked = false;
    let forced: boolean = false;
    for (let pauseMs = first; ; pauseMs = Math.min(most, pauseMs * 1.5)) {
      const { status } = await instanceOf(this.#gcp, vmId, subject, signal);
      if (status === "TERMINATED") return { forced };
      const isRunning = status === "RUNNING";
      const late = performance.now() >= forceAt;
      const canForce: boolean = late && (isRunning || !forced) && status !== "PROVISIONING" && status !== "STAGING";
      const taken: boolean = canForce && (await this.#stop(vmId, true, true, subject, signal));
      forced ||= taken;
      // Also where an earlier order did not come to its end.
      if (isRunning && !taken) asked = (await this.#stop(vmId, false, asked || forced, subject, signal)) || asked;
      const until = Math.min(pauseMs, late ? most : Math.max(first, forceAt - performance.now()));
      await tellingPause(until, options.onWaiting, signal);
    }
  }

  async resizeVm(
    vmId: string,
    size: { readonly cpus: number; readonly memoryBytes: number; readonly instanceType?: string },
    signal: AbortSignal,
  ): Promise<Vm> {
    const subject = this.#subject("resize VM", vmId);
    const instance = await instanceOf(this.#gcp, vmId, subject, signal);
    const { state, firmware, architecture } = await this.#toVm(instance, subject, signal);
    if (state !== "stopped") throw conflict(subject, `it is ${state}`, "Stop it first.");
    const { name } = await this.#types.choose({ ...size, firmware, architecture }, subject, signal);
    if (name !== nameOf(instance.machineType)) {
      const machineType = `zones/${this.#gcp.entry.zone}/machineTypes/${name}`;
      const request = { instance: vmId, instancesSetMachineTypeRequestResource: { machineType } };
      await this.#gcp.change("instances", "setMachineType", request, subject, signal);
    }
    return this.getVm(vmId, signal);
  }

  /** Volumes outlive their VM, also those that Google would delete with it. */
  async deleteVm(vmId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete VM", vmId);
    const instance = await this.#gcp.find<Instance>("instances", { instance: vmId }, subject, signal);
    if (!instance) return;
    for (const { diskId, autoDelete } of attachedDisks(instance)) {
      if (!autoDelete) continue;
      const request = { instance: vmId, deviceName: diskId, autoDelete: false };
      await this.#gcp.change("instances", "setDiskAutoDelete", request, subject, signal);
    }
    await this.#gcp.drop("instances", { instance: vmId }, subject, signal);
  }

  async setTags(vmId: string, tags: Readonly<Record<string, string | undefined>>, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("tag VM", vmId);
    for (let round = 0; ; round++) {
      const instance = await instanceOf(this.#gcp, vmId, subject, signal);
      const raw = instance.labels ?? {};
      const { set, remove } = changeTags(raw, tags, vmLabelRules);
      const kept = Object.fromEntries(Object.entries(raw).filter(([key]) => !remove.includes(key)));
      const labels = { ...kept, ...set };
      const { labelFingerprint } = instance;
      const request = { instance: vmId, instancesSetLabelsRequestResource: { labels, labelFingerprint } };
      try {
        return await this.#gcp.change("instances", "setLabels", request, subject, signal);
      } catch (error) {
        if (!isProviderError(error, "Conflict") || round >= labelRounds) throw error;
      }
    }
  }

  async consoleOutput(vmId: string, maxBytes: number, signal: AbortSignal): Promise<string> {
    const subject = this.#subject("read console output", vmId);
    const read = (start: number) =>
      this.#gcp.call<{ contents?: string; next?: string | number }>(
        "instances",
        "getSerialPortOutput",
        { instance: vmId, port: serialPort, start },
        subject,
        signal,
      );
    const newest: Buffer[] = [];
    let bytes = 0;
    for (let start = 0; ; ) {
      const { contents = "", next } = await read(start);
      const part = Buffer.from(contents);
      newest.push(part);
      for (bytes += part.byteLength; bytes - (newest[0]?.byteLength ?? 0) >= maxBytes; ) {
        bytes -= newest.shift()?.byteLength ?? 0;
      }
      if (part.byteLength === 0 || next === undefined || Number(next) <= start) break;
      start = Number(next);
    }
    const all = Buffer.concat(newest);
    return all.subarray(Math.max(0, all.byteLength - maxBytes)).toString("utf8");
  }

  /** The order only: how long the guest takes is looked at by the caller. Whether it was taken. */
  async #stop(
    vmId: string,
    force: boolean,
    mayRefuse: boolean,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<boolean> {
    const request = { instance: vmId, ...(force && { noGracefulShutdown: true }) };
    try {
      await this.#gcp.call("instances", "stop", request, subject, signal);
      return true;
    } catch (error) {
      // While it is being stopped Google may take no other order.
      if (!mayRefuse || !isProviderError(error, "Conflict", "InvalidInput", "Unavailable")) throw error;
      return false;
    }
  }

  async #toVm(instance: Instance, subject: Subject, signal: AbortSignal): Promise<Vm> {
    const size = await this.#types.size(nameOf(instance.machineType), subject, signal);
    return toVm(instance, this.#gcp.site, size);
  }

  #subject(operation: string, vmId: string): Subject {
    return { operation, resource: this.#gcp.resource("vm", vmId) };
  }
}

async function tellingPause(ms: number, tell: (() => void) | undefined, signal: AbortSignal): Promise<void> {
  for (let left = ms; left > 0; left -= tellEveryMs) {
    tell?.();
    await sleep(Math.min(left, tellEveryMs), undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
