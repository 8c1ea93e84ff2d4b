import { setTimeout as sleep } from "node:timers/promises";
import { isProviderError } from "../../domain/errors.ts";
import type { InstanceType } from "../../domain/instance-type.ts";
import type { VmSize } from "../../domain/operation.ts";
import { changeTags } from "../../domain/tags.ts";
import { tagKeys, type Vm } from "../../domain/vm.ts";
import { conflict, type Subject, unavailable } from "../failures.ts";
import { poll } from "../poll.ts";
import type { ComputeFacet, VmSpec } from "../provider.ts";
import type { Oci } from "./client.ts";
import { readConsole } from "./console.ts";
import { askToEnd } from "./ending.ts";
import type { Launcher } from "./launch.ts";
import { type Instance, stateOf, type Vnic, type VnicAttachment } from "./models.ts";
import type { Shapes } from "./shapes.ts";
import { fromWire, isOurs, noteKeys, vmFromWire, vmTagRules } from "./tags.ts";
import { goneIsUndefined, isOver, type OciView } from "./view.ts";
import { disksOf, toVm } from "./vm.ts";
import type { VolumeView } from "./volume-view.ts";

/** Whoever waits for a stop is told at least this often. */
const tellEveryMs = 500;

export class OciCompute implements ComputeFacet {
  readonly #oci: Oci;
  readonly #view: OciView;
  readonly #shapes: Shapes;
  readonly #volumes: VolumeView;
  readonly #launcher: Launcher;
  /** An interface keeps its MAC; its addresses are asked for when they matter. */
  readonly #vnics = new Map<string, Vnic>();

  constructor(oci: Oci, parts: { view: OciView; shapes: Shapes; volumeView: VolumeView; launcher: Launcher }) {
    this.#oci = oci;
    this.#view = parts.view;
    this.#shapes = parts.shapes;
    this.#volumes = parts.volumeView;
    this.#launcher = parts.launcher;
  }

  listInstanceTypes(signal: AbortSignal): AsyncIterable<InstanceType> {
    return this.#shapes.list(signal);
  }

  /** Attachments and volumes are looked up for all VMs together. */
  async *listVms(signal: AbortSignal): AsyncGenerator<Vm> {
    const subject = { operation: "list VMs", resource: this.#oci.site };
    const instances: Instance[] = [];
    for await (const instance of this.#view.instances(subject, signal)) {
      // Helper instances are nobody's VMs.
      if (fromWire(instance).notes.purpose === undefined) instances.push(instance);
    }
    if (instances.length === 0) return;
    const volumes = await this.#volumes.all(subject, signal);
    const boots = Map.groupBy(await this.#view.bootAttachments({}, subject, signal), (one) => one.instanceId);
    const data = Map.groupBy(await this.#view.dataAttachments({}, subject, signal), (one) => one.instanceId);
    const nics = Map.groupBy(await this.#view.vnicAttachments({}, subject, signal), (one) => one.instanceId);
    for (const instance of instances) {
      const { id } = instance;
      const disks = disksOf(boots.get(id) ?? [], data.get(id) ?? []);
      yield toVm(instance, {
        site: this.#oci.site,
        shape: await this.#shapes.find(instance.shape, signal),
        disks,
        volumes,
        vnics: await this.#interfaces(instance, nics.get(id) ?? [], subject, signal),
      });
    }
  }

  async getVm(vmId: string, signal: AbortSignal): Promise<Vm> {
    const subject = this.#subject("look up VM", vmId);
    return this.#toVm(await this.#view.instance(vmId, subject, signal), subject, signal);
  }

  async createVm(spec: VmSpec, key: string, signal: AbortSignal): Promise<Vm> {
    return this.getVm(await this.#launcher.launch(spec, key, signal), signal);
  }

  async startVm(vmId: string, signal: AbortSignal): Promise<Vm> {
    const subject = this.#subject("start VM", vmId);
    const holder = vmFromWire(await this.#view.instance(vmId, subject, signal)).tags[tagKeys.fencedBy];
    if (holder !== undefined) {
      throw conflict(
        subject,
        `it is fenced by migration ${holder}: its successor may run elsewhere`,
        `Roll back migration ${holder}, or finalize it.`,
      );
    }
    await poll(
      async () => {
        const state = await this.#state(vmId, subject, signal);
        if (state === "RUNNING") return true;
        if (state === "STOPPED") await this.#act(vmId, "START", subject, signal);
        return undefined;
      },
      this.#oci.patience,
      signal,
    );
    return this.getVm(vmId, signal);
  }

  /** SOFTSTOP tells the guest to shut down, and turns it off after fifteen minutes; STOP does so at once. */
  async stopVm(
    vmId: string,
    options: { graceMs: number; onWaiting?: () => void },
    signal: AbortSignal,
  ): Promise<{ forced: boolean }> {
    const subject = this.#subject("stop VM", vmId);
    const { first, most } = this.#oci.patience.pollMs;
    const forceAt = performance.now() + options.graceMs;
    let asked: "nothing" | "shutdown" | "force" = "nothing";
    for (let pauseMs = first; ; pauseMs = Math.min(most, pauseMs * 1.5)) {
      const state = await this.#state(vmId, subject, signal);
      if (state === "STOPPED") return { forced: asked === "force" };
      const isUp = state === "RUNNING" || state === "STOPPING";
      if (isUp && asked !== "force" && performance.now() >= forceAt) {
        await this.#act(vmId, "STOP", subject, signal);
        asked = "force";
      } else if (state === "RUNNING" && asked === "nothing") {
        await this.#act(vmId, "SOFTSTOP", subject, signal);
        asked = "shutdown";
      }
      const until = Math.min(pauseMs, asked === "force" ? most : Math.max(first, forceAt - performance.now()));
      await tellingPause(until, options.onWaiting, signal);
    }
  }

  async resizeVm(vmId: string, size: VmSize, signal: AbortSignal): Promise<Vm> {
    const subject = this.#subject("resize VM", vmId);
    const vm = await this.getVm(vmId, signal);
    if (vm.state !== "stopped") throw conflict(subject, `it is ${vm.state}`, "Stop it first.");
    const { shape, config } = await this.#shapes.choose({ ...size, architecture: vm.architecture }, subject, signal);
    const isIt = (seen: Instance): boolean =>
      seen.shape === shape &&
      (!config || (seen.shapeConfig?.ocpus === config.ocpus && seen.shapeConfig?.memoryInGBs === config.memoryInGBs));
    if (!isIt(await this.#view.instance(vmId, subject, signal))) {
      const updateInstanceDetails = { shape, ...(config && { shapeConfig: { ...config } }) };
      await this.#oci.compute.call("updateInstance", { instanceId: vmId, updateInstanceDetails }, subject, signal);
    }
    await poll(
      async () => {
        const seen = await this.#view.instance(vmId, subject, signal);
        return isIt(seen) && stateOf(seen) === "STOPPED" ? true : undefined;
      },
      this.#oci.patience,
      signal,
    );
    return this.getVm(vmId, signal);
  }

  /** Its volumes stay, except the boot volume of a creation that never came to its end: it has no key yet, so nobody else would
   *  find it. */
  async deleteVm(vmId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete VM", vmId);
    const ask = askToEnd(this.#oci, subject);
    await poll(
      async () => {
        const instance = await this.#view.lastSeen(vmId, subject, signal);
        if (!instance || isOver(instance)) return true;
        if (stateOf(instance) !== "TERMINATING") {
          const preserveBootVolume = await this.#keepsBootVolume(instance, subject, signal);
          const request = { instanceId: vmId, preserveBootVolume };
          await ask(this.#oci.compute.call("terminateInstance", request, subject, signal));
        }
        return undefined;
      },
      this.#oci.patience,
      signal,
    );
    // Its disks are let go of a moment later than it is gone.
    await poll(
      async () => {
        const held = await goneIsUndefined(this.#view.dataAttachments({ instanceId: vmId }, subject, signal));
        if ((held ?? []).length > 0) return undefined;
        const boot = await goneIsUndefined(this.#view.bootAttachments({ instanceId: vmId }, subject, signal));
        return (boot ?? []).length === 0 ? true : undefined;
      },
      this.#oci.patience,
      signal,
      this.#oci.patience.consistencyMs,
    );
  }

  /** Free-form tags are set as a whole: what another call set meanwhile is kept by asking for the version that was read. */
  async setTags(vmId: string, tags: Readonly<Record<string, string | undefined>>, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("tag VM", vmId);
    let refusal: unknown;
    const done = await poll(
      async () => {
        await this.#view.instance(vmId, subject, signal);
        const { instance, etag } = await this.#oci.compute.call("getInstance", { instanceId: vmId }, subject, signal);
        const seen = instance.freeformTags ?? {};
        const { set, remove } = changeTags(seen, tags, vmTagRules);
        if (Object.keys(set).length === 0 && remove.length === 0) return true;
        const removed = new Set(remove);
        const kept = Object.entries(seen).filter(([key]) => !removed.has(key));
        const updateInstanceDetails = { freeformTags: { ...Object.fromEntries(kept), ...set } };
        const request = { instanceId: vmId, updateInstanceDetails, ...(etag && { ifMatch: etag }) };
        try {
          await this.#oci.compute.call("updateInstance", request, subject, signal);
          return true;
        } catch (error) {
          if (!isProviderError(error, "Conflict")) throw error;
          refusal = error;
          return undefined;
        }
      },
      this.#oci.patience,
      signal,
      // An answer that is lost takes one of them, and its repeat is refused as stale.
      2 * this.#oci.patience.requestTimeoutMs,
    );
    if (!done) throw refusal;
    // Who sets a fence relies on it: it is there when this returns.
    const isShown = await this.#view.shown(async () => {
      const seen = vmFromWire(await this.#view.instance(vmId, subject, signal)).tags;
      return Object.entries(tags).every(([key, value]) => seen[key] === value) || undefined;
    }, signal);
    if (!isShown) throw unavailable(subject, "Oracle Cloud does not show the tags that it took");
  }

  consoleOutput(vmId: string, maxBytes: number, signal: AbortSignal): Promise<string> {
    return readConsole(this.#oci, { vmId, maxBytes, subject: this.#subject("read console output", vmId) }, signal);
  }

  async #state(vmId: string, subject: Subject, signal: AbortSignal): Promise<string> {
    return (await this.#view.instance(vmId, subject, signal)).lifecycleState;
  }

  /** What is on its way already is refused: it is asked for again while the state says so. */
  async #act(vmId: string, action: string, subject: Subject, signal: AbortSignal): Promise<void> {
    await this.#oci.compute
      .call("instanceAction", { instanceId: vmId, action }, subject, signal)
      .catch((error: unknown) => {
        if (!isProviderError(error, "Conflict")) throw error;
      });
  }

  /** Unless it is certain that it came with an image, and never got its key. */
  async #keepsBootVolume(instance: Instance, subject: Subject, signal: AbortSignal): Promise<boolean> {
    const { id: instanceId, availabilityDomain, sourceDetails } = instance;
    if (!isOurs(instance) || sourceDetails?.sourceType !== "image") return true;
    const [boot] = await this.#view.bootAttachments({ instanceId, availabilityDomain }, subject, signal);
    const volume = boot && (await this.#volumes.byId(boot.bootVolumeId, subject, signal));
    return !volume || volume.tags[tagKeys.key] !== undefined;
  }

  async #toVm(instance: Instance, subject: Subject, signal: AbortSignal): Promise<Vm> {
    const { id: instanceId, availabilityDomain } = instance;
    const boots = await this.#view.bootAttachments({ instanceId, availabilityDomain }, subject, signal);
    const disks = disksOf(boots, await this.#view.dataAttachments({ instanceId }, subject, signal));
    const ids = disks.map(({ volumeId }) => volumeId);
    const attached = await this.#view.vnicAttachments({ instanceId }, subject, signal);
    return toVm(instance, {
      site: this.#oci.site,
      shape: await this.#shapes.find(instance.shape, signal),
      disks,
      volumes: await this.#volumes.byIds(ids, subject, signal),
      vnics: await this.#interfaces(instance, attached, subject, signal),
    });
  }

  /** In the order of their making: the first one came with the instance. */
  async #interfaces(instance: Instance, attached: readonly VnicAttachment[], subject: Subject, signal: AbortSignal) {
    const published = instance.freeformTags?.[noteKeys.publishPorts] !== undefined;
    const isFresh = published && stateOf(instance) === "RUNNING";
    const found: { attachment: VnicAttachment; vnic: Vnic | undefined }[] = [];
    for (const attachment of attached) {
      const { vnicId } = attachment;
      const vnic = vnicId === undefined ? undefined : await this.#vnic(vnicId, isFresh, subject, signal);
      found.push({ attachment, vnic });
    }
    const order = ({ attachment, vnic }: (typeof found)[number]) =>
      `${vnic?.isPrimary ? 0 : 1} ${String(attachment.timeCreated)} ${attachment.id}`;
    return found.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
  }

  async #vnic(vnicId: string, isFresh: boolean, subject: Subject, signal: AbortSignal): Promise<Vnic | undefined> {
    const known = this.#vnics.get(vnicId);
    if (known && !isFresh) return known;
    const answer = await goneIsUndefined(this.#oci.network.call("getVnic", { vnicId }, subject, signal));
    if (answer?.vnic.macAddress) this.#vnics.set(vnicId, answer.vnic);
    return answer?.vnic;
  }

  #subject(operation: string, vmId: string): Subject {
    return { operation, resource: this.#oci.resource("vm", vmId) };
  }
}

async function tellingPause(ms: number, tell: (() => void) | undefined, signal: AbortSignal): Promise<void> {
  for (let left = ms; left > 0; left -= tellEveryMs) {
    tell?.();
    await sleep(Math.min(left, tellEveryMs), undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
