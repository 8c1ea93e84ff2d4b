import { setTimeout as sleep } from "node:timers/promises";
import { isProviderError } from "../../domain/errors.ts";
import type { InstanceType } from "../../domain/instance-type.ts";
import { tagKeys, type Vm } from "../../domain/vm.ts";
import { capabilities } from "../capabilities.ts";
import { conflict, type Subject, unsupported } from "../failures.ts";
import { poll } from "../poll.ts";
import type { ComputeFacet, VmSpec } from "../provider.ts";
import type { DigitalOcean } from "./client.ts";
import { type Droplets, isHelper, toVm } from "./droplets.ts";
import { changedWords, seenOf } from "./labels.ts";
import type { Launcher } from "./launch.ts";
import type { Sizes } from "./sizes.ts";
import type { Tagging } from "./tagging.ts";
import type { Volumes } from "./volumes.ts";
import type { Action, Droplet, WireVolume } from "./wire.ts";

/** Whoever waits for a stop is told at least this often. */
const tellEveryMs = 500;

export interface ComputeParts {
  readonly droplets: Droplets;
  readonly launcher: Launcher;
  readonly sizes: Sizes;
  readonly tagging: Tagging;
  readonly volumes: Volumes;
}

export class DigitalOceanCompute implements ComputeFacet {
  readonly #cloud: DigitalOcean;
  readonly #parts: ComputeParts;

  constructor(cloud: DigitalOcean, parts: ComputeParts) {
    this.#cloud = cloud;
    this.#parts = parts;
  }

  listInstanceTypes(signal: AbortSignal): AsyncIterable<InstanceType> {
    return this.#parts.sizes.list(signal);
  }

  async *listVms(signal: AbortSignal): AsyncGenerator<Vm> {
    const subject = { operation: "list VMs", resource: this.#cloud.site };
    const volumes = new Map<string, WireVolume>();
    for await (const volume of this.#parts.volumes.all(subject, signal)) volumes.set(volume.id, volume);
    for await (const droplet of this.#parts.droplets.list(undefined, subject, signal)) {
      if (!isHelper(droplet)) yield toVm(droplet, this.#cloud.site, volumes);
    }
  }

  async getVm(vmId: string, signal: AbortSignal): Promise<Vm> {
    const subject = this.#subject("look up VM", vmId);
    return this.#toVm(await this.#parts.droplets.get(vmId, subject, signal), subject, signal);
  }

  async createVm(spec: VmSpec, key: string, signal: AbortSignal): Promise<Vm> {
    const droplet = await this.#parts.launcher.launch(spec, key, signal);
    return this.#toVm(droplet, this.#subject("create VM", String(droplet.id)), signal);
  }

  async startVm(vmId: string, signal: AbortSignal): Promise<Vm> {
    const subject = this.#subject("start VM", vmId);
    const { droplets } = this.#parts;
    const holder = seenOf((await droplets.get(vmId, subject, signal)).tags).tags[tagKeys.fencedBy];
    if (holder !== undefined) {
      throw conflict(
        subject,
        `it is fenced by migration ${holder}: its successor may run elsewhere`,
        `Roll back migration ${holder}, or finalize it.`,
      );
    }
    await poll(
      async () => {
        const { status } = await droplets.get(vmId, subject, signal);
        if (status === "active") return true;
        if (status !== "off") return undefined;
        const action = await this.#order(vmId, "power_on", subject, signal);
        if (action) await this.#cloud.done(action, subject, signal);
        return undefined;
      },
      this.#cloud.patience,
      signal,
    );
    return this.getVm(vmId, signal);
  }

  /** DigitalOcean asks the guest only; after the time that it is given we turn it off. */
  async stopVm(
    vmId: string,
    options: { graceMs: number; onWaiting?: () => void },
    signal: AbortSignal,
  ): Promise<{ forced: boolean }> {
    const subject = this.#subject("stop VM", vmId);
    const { first, most } = this.#cloud.patience.pollMs;
    const forceAt = performance.now() + options.graceMs;
    let asked = false;
    let forced = false;
    for (let pauseMs = first; ; pauseMs = Math.min(most, pauseMs * 1.5)) {
      const { status } = await this.#parts.droplets.get(vmId, subject, signal);
      if (status === "off" || status === "archive") return { forced };
      const late = performance.now() >= forceAt;
      if (status === "active" && late) forced = !!(await this.#order(vmId, "power_off", subject, signal)) || forced;
      else if (status === "active" && !asked) asked = !!(await this.#order(vmId, "shutdown", subject, signal));
      const until = Math.min(pauseMs, late ? most : Math.max(first, forceAt - performance.now()));
      await tellingPause(until, options.onWaiting, signal);
    }
  }

  /** Its CPUs and its memory: the disk that comes with it keeps its size, so that it can become smaller again. */
  async resizeVm(
    vmId: string,
    size: { readonly cpus: number; readonly memoryBytes: number; readonly instanceType?: string },
    signal: AbortSignal,
  ): Promise<Vm> {
    const subject = this.#subject("resize VM", vmId);
    const droplet = await this.#parts.droplets.get(vmId, subject, signal);
    if (droplet.status !== "off") throw conflict(subject, `it is ${droplet.status}`, "Stop it first.");
    const { name } = await this.#parts.sizes.choose(size, subject, signal);
    if (name !== droplet.size_slug) {
      await this.#act(vmId, { type: "resize", size: name, disk: false }, subject, signal);
    }
    return this.getVm(vmId, signal);
  }

  /** Volumes outlive their droplet; it lets go of them a moment after it is gone. */
  async deleteVm(vmId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete VM", vmId);
    const { droplets, volumes, tagging } = this.#parts;
    const droplet = await droplets.find(vmId, subject, signal);
    if (!droplet) return;
    await droplets.destroy(vmId, subject, signal);
    const isGone = async () => {
      if (await droplets.find(vmId, subject, signal)) return undefined;
      for (const volumeId of droplet.volume_ids) {
        const volume = await volumes.find(volumeId, subject, signal);
        if (volume?.droplet_ids?.includes(droplet.id)) return undefined;
      }
      return true;
    };
    await poll(isGone, this.#cloud.patience, signal);
    await tagging.forget(droplet.tags, subject, signal);
  }

  /** What is new is there before what is old goes: a fence is never missing in between. */
  async setTags(vmId: string, tags: Readonly<Record<string, string | undefined>>, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("tag VM", vmId);
    const droplet = await this.#parts.droplets.get(vmId, subject, signal);
    const { add, remove } = changedWords(droplet.tags, tags);
    for (const word of add) await this.#parts.tagging.add(word, "droplet", vmId, subject, signal);
    for (const word of remove) await this.#parts.tagging.remove(word, "droplet", vmId, subject, signal);
  }

  async consoleOutput(vmId: string): Promise<string> {
    throw unsupported(
      this.#subject("read console output", vmId),
      capabilities.digitalocean["compute.console-output"],
      "Open the droplet's recovery console there, or look at the guest by its network.",
    );
  }

  /** Undefined where it was refused, as another action is under way or the droplet is in another state by now. */
  async #order(vmId: string, type: string, subject: Subject, signal: AbortSignal): Promise<Action | undefined> {
    try {
      return await this.#begin(vmId, { type }, subject, signal);
    } catch (error) {
      const isRefused = isProviderError(error, "Conflict", "InvalidInput", "Unavailable");
      // A server that can't answer is no refusal.
      if (!isRefused || error.details.facts?.status !== 422) throw error;
      return undefined;
    }
  }

  async #act(vmId: string, body: object, subject: Subject, signal: AbortSignal): Promise<void> {
    await this.#cloud.done(await this.#begin(vmId, body, subject, signal), subject, signal);
  }

  async #begin(vmId: string, body: object, subject: Subject, signal: AbortSignal): Promise<Action> {
    const path = `droplets/${vmId}/actions`;
    const request = { operation: "dropletActions_post", method: "POST", path, body, repeatable: true } as const;
    const { action } = await this.#cloud.call<{ action: Action }>(request, subject, signal);
    return action;
  }

  async #toVm(droplet: Droplet, subject: Subject, signal: AbortSignal): Promise<Vm> {
    const volumes = new Map<string, WireVolume>();
    for (const id of droplet.volume_ids) {
      const volume = await this.#parts.volumes.find(id, subject, signal);
      if (volume) volumes.set(id, volume);
    }
    return toVm(droplet, this.#cloud.site, volumes);
  }

  #subject(operation: string, vmId: string): Subject {
    return { operation, resource: this.#cloud.resource("vm", vmId) };
  }
}

async function tellingPause(ms: number, tell: (() => void) | undefined, signal: AbortSignal): Promise<void> {
  for (let left = ms; left > 0; left -= tellEveryMs) {
    tell?.();
    await sleep(Math.min(left, tellEveryMs), undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
