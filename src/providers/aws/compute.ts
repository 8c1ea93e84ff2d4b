import { setTimeout as sleep } from "node:timers/promises";
import type { Instance } from "@aws-sdk/client-ec2";
import { isProviderError } from "../../domain/errors.ts";
import type { InstanceType } from "../../domain/instance-type.ts";
import { changeTags } from "../../domain/tags.ts";
import { tagKeys, type Vm } from "../../domain/vm.ts";
import { conflict, type Subject, unavailable } from "../failures.ts";
import { poll } from "../poll.ts";
import type { ComputeFacet, VmSpec } from "../provider.ts";
import type { Aws } from "./client.ts";
import { type Ec2View, goneIsUndefined } from "./describe.ts";
import { codeFailure } from "./errors.ts";
import { type InstanceTypes, isNitro } from "./instance-types.ts";
import type { Launcher } from "./launch.ts";
import { fromWire, vmTagRules } from "./tags.ts";
import { devicesOf, toVm } from "./vm.ts";

const MiB = 2 ** 20;
/** Whoever waits for a stop is told at least this often. */
const tellEveryMs = 500;
/** Instances that are shown together: their volumes are looked up in one call. */
const batchSize = 50;

export class AwsCompute implements ComputeFacet {
  readonly #aws: Aws;
  readonly #view: Ec2View;
  readonly #types: InstanceTypes;
  readonly #launcher: Launcher;

  constructor(aws: Aws, parts: { view: Ec2View; types: InstanceTypes; launcher: Launcher }) {
    this.#aws = aws;
    this.#view = parts.view;
    this.#types = parts.types;
    this.#launcher = parts.launcher;
  }

  listInstanceTypes(signal: AbortSignal): AsyncIterable<InstanceType> {
    return this.#types.list(signal);
  }

  async *listVms(signal: AbortSignal): AsyncGenerator<Vm> {
    const subject = { operation: "list VMs", resource: this.#aws.site };
    const alive = { Name: "instance-state-name", Values: ["pending", "running", "stopping", "stopped"] };
    let batch: Instance[] = [];
    for await (const instance of this.#view.instances([alive], subject, signal)) {
      batch.push(instance);
      if (batch.length < batchSize) continue;
      yield* await this.#toVms(batch, subject, signal);
      batch = [];
    }
    yield* await this.#toVms(batch, subject, signal);
  }

  async getVm(vmId: string, signal: AbortSignal): Promise<Vm> {
    const subject = this.#subject("look up VM", vmId);
    return this.#toVm(await this.#view.instance(vmId, subject, signal), subject, signal);
  }

  async createVm(spec: VmSpec, key: string, signal: AbortSignal): Promise<Vm> {
    const vmId = await this.#launcher.launch(spec, key, signal);
    return this.getVm(vmId, signal);
  }

  async startVm(vmId: string, signal: AbortSignal): Promise<Vm> {
    const subject = this.#subject("start VM", vmId);
    const instance = await this.#view.instance(vmId, subject, signal);
    const holder = fromWire(instance.Tags, vmTagRules).tags[tagKeys.fencedBy];
    if (holder !== undefined) {
      throw conflict(
        subject,
        `it is fenced by migration ${holder}: its successor may run elsewhere`,
        `Roll back migration ${holder}, or finalize it.`,
      );
    }
    await this.#power(instance, subject, signal);
    return this.getVm(vmId, signal);
  }

  async stopVm(
    vmId: string,
    options: { graceMs: number; onWaiting?: () => void },
    signal: AbortSignal,
  ): Promise<{ forced: boolean }> {
    const subject = this.#subject("stop VM", vmId);
    const { first, most } = this.#aws.patience.pollMs;
    const forceAt = performance.now() + options.graceMs;
    let asked: "nothing" | "shutdown" | "force" = "nothing";
    for (let pauseMs = first; ; pauseMs = Math.min(most, pauseMs * 1.5)) {
      const instance = await this.#view.instance(vmId, subject, signal);
      const state = instance.State?.Name;
      if (state === "stopped") return { forced: asked === "force" };
      if (state !== "pending" && asked !== "force" && performance.now() >= forceAt) {
        await this.#stop(vmId, true, subject, signal);
        asked = "force";
      } else if (state === "running" && asked === "nothing") {
        await this.#stop(vmId, false, subject, signal);
        asked = "shutdown";
      }
      const until = Math.min(pauseMs, asked === "force" ? most : Math.max(first, forceAt - performance.now()));
      await tellingPause(until, options.onWaiting, signal);
    }
  }

  async resizeVm(
    vmId: string,
    size: { readonly cpus: number; readonly memoryBytes: number; readonly instanceType?: string },
    signal: AbortSignal,
  ): Promise<Vm> {
    const subject = this.#subject("resize VM", vmId);
    const instance = await this.#view.instance(vmId, subject, signal);
    const vm = await this.#toVm(instance, subject, signal);
    if (vm.state !== "stopped") throw conflict(subject, `it is ${vm.state}`, "Stop it first.");
    const { firmware, architecture } = vm;
    const zone = instance.Placement?.AvailabilityZone;
    const type = await this.#types.choose({ ...size, firmware, architecture }, zone, subject, signal);
    if (type !== instance.InstanceType) {
      await this.#aws.ec2.send(
        (sdk) => new sdk.ModifyInstanceAttributeCommand({ InstanceId: vmId, InstanceType: { Value: type } }),
        subject,
        signal,
      );
    }
    const changed = await this.#view.shown(async () => {
      const seen = await this.#view.instance(vmId, subject, signal);
      return seen.InstanceType === type ? seen : undefined;
    }, signal);
    return this.#toVm(changed ?? instance, subject, signal);
  }

  /** AWS may show an instance that its other calls do not know (yet, or any more): it is asked until both agree. */
  async deleteVm(vmId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete VM", vmId);
    const { patience } = this.#aws;
    let kept: readonly string[] = [];
    let unknownSince: number | undefined;
    await poll(
      async () => {
        const instance = await this.#find(vmId, subject, signal);
        if (!instance) return true;
        if (instance.State?.Name === "shutting-down") return undefined;
        const ended = await goneIsUndefined(this.#terminate(instance, subject, signal));
        if (ended) {
          kept = ended;
          unknownSince = undefined;
          return undefined;
        }
        unknownSince ??= performance.now();
        if (performance.now() - unknownSince < patience.consistencyMs) return undefined;
        // Not "not found": whoever takes that for "deleted" would leave a running instance behind.
        throw unavailable(subject, "AWS shows it, and knows no such instance when it is to be terminated");
      },
      patience,
      signal,
    );
    // They are let go of a moment later than the instance is gone.
    await this.#view.shown(async () => {
      const volumes = await this.#view.volumesById(kept, subject, signal);
      return [...volumes.values()].every(({ State }) => State !== "in-use") || undefined;
    }, signal);
  }

  async setTags(vmId: string, tags: Readonly<Record<string, string | undefined>>, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("tag VM", vmId);
    const { raw } = fromWire((await this.#view.instance(vmId, subject, signal)).Tags, vmTagRules);
    const { set, remove } = changeTags(raw, tags, vmTagRules);
    const Resources = [vmId];
    const added = Object.entries(set).map(([Key, Value]) => ({ Key, Value }));
    if (added.length > 0) {
      await this.#aws.ec2.send((sdk) => new sdk.CreateTagsCommand({ Resources, Tags: added }), subject, signal);
    }
    if (remove.length > 0) {
      const removed = remove.map((Key) => ({ Key }));
      await this.#aws.ec2.send((sdk) => new sdk.DeleteTagsCommand({ Resources, Tags: removed }), subject, signal);
    }
    // Who sets a fence relies on it: it is there when this returns.
    await this.#view.shown(async () => {
      const seen = fromWire((await this.#view.instance(vmId, subject, signal)).Tags, vmTagRules).tags;
      return Object.entries(tags).every(([key, value]) => seen[key] === value) || undefined;
    }, signal);
  }

  async consoleOutput(vmId: string, maxBytes: number, signal: AbortSignal): Promise<string> {
    const subject = this.#subject("read console output", vmId);
    const read = (Latest: boolean) =>
      this.#aws.ec2.send((sdk) => new sdk.GetConsoleOutputCommand({ InstanceId: vmId, Latest }), subject, signal);
    const answer = await read(true).catch((error: unknown) => {
      // Before Nitro there is only what AWS has kept of the last change of state.
      if (isProviderError(error, "UnsupportedCapability")) return read(false);
      throw error;
    });
    const bytes = Buffer.from(answer.Output ?? "", "base64");
    return bytes.subarray(Math.max(0, bytes.byteLength - maxBytes)).toString("utf8");
  }

  /** Starts it, unless it runs or is about to. */
  async #power(instance: Instance, subject: Subject, signal: AbortSignal): Promise<void> {
    const vmId = instance.InstanceId ?? "";
    let asked = false;
    await poll(
      async () => {
        const seen = await this.#view.instance(vmId, subject, signal);
        const state = seen.State?.Name;
        if (state === "running") return true;
        if (state !== "stopped") return undefined;
        if (asked && seen.StateReason?.Code && !seen.StateReason.Code.startsWith("Client.User")) {
          throw codeFailure(seen.StateReason.Code, seen.StateReason.Message ?? "", subject);
        }
        await this.#aws.ec2.send((sdk) => new sdk.StartInstancesCommand({ InstanceIds: [vmId] }), subject, signal);
        asked = true;
        return undefined;
      },
      this.#aws.patience,
      signal,
    );
  }

  async #stop(vmId: string, force: boolean, subject: Subject, signal: AbortSignal): Promise<void> {
    const off = force ? { Force: true, SkipOsShutdown: true } : {};
    await this.#aws.ec2.send((sdk) => new sdk.StopInstancesCommand({ InstanceIds: [vmId], ...off }), subject, signal);
  }

  /** @returns the volumes that outlive it. */
  async #terminate(instance: Instance, subject: Subject, signal: AbortSignal): Promise<readonly string[]> {
    const kept = await this.#keepVolumes(instance, subject, signal);
    const InstanceIds = [instance.InstanceId ?? ""];
    await this.#aws.ec2.send(
      (sdk) => new sdk.TerminateInstancesCommand({ InstanceIds, SkipOsShutdown: true }),
      subject,
      signal,
    );
    return kept;
  }

  async #find(vmId: string, subject: Subject, signal: AbortSignal): Promise<Instance | undefined> {
    return goneIsUndefined(this.#view.instance(vmId, subject, signal));
  }

  /**
   * Volumes outlive their VM, except those of a creation that never came to its end: they have no key yet, so nobody else
   * would find them. Returns the ids of those that stay.
   */
  async #keepVolumes(instance: Instance, subject: Subject, signal: AbortSignal): Promise<string[]> {
    const devices = devicesOf(instance);
    const ids = devices.map(({ volumeId }) => volumeId);
    const volumes = await this.#view.volumesById(ids, subject, signal);
    const kept = devices.filter(({ volumeId }) => {
      const { tags } = fromWire(volumes.get(volumeId)?.Tags);
      return tags[tagKeys.managed] === undefined || tags[tagKeys.key] !== undefined;
    });
    const going = new Set(
      (instance.BlockDeviceMappings ?? []).flatMap(({ DeviceName, Ebs }) =>
        Ebs?.DeleteOnTermination ? [DeviceName] : [],
      ),
    );
    const change = kept.filter(({ deviceName }) => going.has(deviceName));
    if (change.length > 0) {
      await this.#launcher.keepDevices(
        instance.InstanceId ?? "",
        change.map(({ deviceName }) => deviceName),
        subject,
        signal,
      );
    }
    return kept.map(({ volumeId }) => volumeId);
  }

  async #toVms(instances: readonly Instance[], subject: Subject, signal: AbortSignal): Promise<Vm[]> {
    const ids = instances.flatMap((instance) => devicesOf(instance).map(({ volumeId }) => volumeId));
    const volumes = await this.#view.volumesById(ids, subject, signal);
    return Promise.all(
      instances.map(async (instance) => {
        const type = await this.#types.find(instance.InstanceType ?? "", signal);
        const memoryBytes = (type?.MemoryInfo?.SizeInMiB ?? 0) * MiB;
        return toVm(instance, { site: this.#aws.site, volumes, memoryBytes, nitro: isNitro(type) });
      }),
    );
  }

  async #toVm(instance: Instance, subject: Subject, signal: AbortSignal): Promise<Vm> {
    const [vm] = await this.#toVms([instance], subject, signal);
    return vm as Vm;
  }

  #subject(operation: string, vmId: string): Subject {
    return { operation, resource: this.#aws.resource("vm", vmId) };
  }
}

async function tellingPause(ms: number, tell: (() => void) | undefined, signal: AbortSignal): Promise<void> {
  for (let left = ms; left > 0; left -= tellEveryMs) {
    tell?.();
    await sleep(Math.min(left, tellEveryMs), undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
