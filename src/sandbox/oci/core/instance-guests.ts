import type { Forward } from "../../cloud/guests/command-line.ts";
import { helperMetadata } from "../../cloud/helpers/helper-runner.ts";
import { type Cidr, formatAddress, parseCidr } from "../../cloud/ipv4.ts";
import type { OciCloud } from "../cloud.ts";
import { incorrectState, OciError } from "../errors.ts";
import type { Registry } from "../registry.ts";
import type { Instance, InstanceState } from "../state.ts";
import { helperPort } from "./built-in-network.ts";
import { publicIpOf } from "./network-kinds.ts";
import type { Rule, Subnet, Vnic } from "./network-state.ts";
import { shapes } from "./shapes.ts";
import { attachedTo, disksOf, growDisks, helperDisksOf, isHelper } from "./volume-disks.ts";

/** Wider port ranges than this are not forwarded: each port costs a socket. */
const portsAtMost = 16;

/** The life of an instance: its state, and the guest that stands behind it. */
export class InstanceGuests {
  readonly #registry: Registry;
  readonly #cloud: OciCloud;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#cloud = registry.cloud;
    this.#cloud.onGuestEnd = (guestId) => this.#ended(guestId);
  }

  /** From PROVISIONING or STARTING to RUNNING. @throws OciError when the guest can't be started. */
  async start(instanceId: string): Promise<void> {
    const { tables, guests, settings, parts } = this.#cloud;
    const instance = this.#instance(instanceId);
    const begun = instance.state;
    if (begun !== "PROVISIONING" && begun !== "STARTING") return;
    try {
      const shape = shapes.find(({ name }) => name === instance.shape);
      if (shape?.arm) throw new Error("only x86-64 guests are run here");
      await growDisks(
        this.#cloud,
        attachedTo(this.#cloud, instanceId).map(({ volume }) => volume),
      );
      const vnic = this.#vnicOf(instanceId);
      if (isHelper(instance)) {
        await this.#startHelper(instance);
        tables.instances.change(instanceId, { state: "RUNNING", unforwarded: [] });
        return;
      }
      const { forwards, refused } = this.#forwards(instanceId);
      const unforwarded = await guests.start({
        id: instance.guestId,
        cpus: Math.min(instance.ocpus * 2, settings.guestCpus),
        memoryMib: Math.min(instance.memoryGib * 1024, settings.guestMemoryMib),
        firmware: instance.uefi ? "uefi" : "bios",
        disks: disksOf(this.#cloud, instanceId),
        ...(vnic && { nic: this.#nic(vnic, forwards) }),
        system: { manufacturer: "Oracle Cloud (simulated)", product: instance.shape, serial: instance.guestId },
      });
      // It may have been terminated while it started; that call may have found nothing to end yet.
      if (tables.instances.get(instanceId)?.state !== begun) {
        await guests.stop(instance.guestId, 0);
        return;
      }
      tables.instances.change(instanceId, { state: "RUNNING", unforwarded: [...refused, ...unforwarded] });
    } catch (error) {
      if (tables.instances.get(instanceId)?.state !== begun) return;
      parts.log("A guest did not start", { instanceId, error });
      if (begun === "PROVISIONING") this.#toTerminated(instanceId);
      else tables.instances.change(instanceId, { state: "STOPPED" });
      throw new OciError(500, "InternalError", `Simulated: ${(error as Error).message}`);
    }
  }

  /** Not as a guest, but with the program that its startup script would run. It listens at its public address where the rules
   *  open its port, else where nobody looks for it. */
  async #startHelper(instance: Instance): Promise<void> {
    const open = this.#forwards(instance.id).forwards.find(({ port }) => port === helperPort);
    await this.#cloud.helpers.start({
      id: instance.guestId,
      settings: instance.metadata[helperMetadata] ?? "",
      listenHost: open?.address ?? "127.255.255.254",
      disks: helperDisksOf(this.#cloud, instance.id),
    });
  }

  /** From STOPPING to STOPPED. */
  async stop(instanceId: string, graceMs: number): Promise<void> {
    const instance = this.#instance(instanceId);
    const { guestId } = instance;
    const machines = isHelper(instance) ? this.#cloud.helpers : this.#cloud.guests;
    await machines.stop(guestId, graceMs);
    // It may have been asked for twice, and have been started again since the first was done.
    if (this.#instance(instanceId).state === "STOPPING" && !machines.isRunning(guestId))
      this.#set(instanceId, "STOPPED");
  }

  /** From TERMINATING to TERMINATED. */
  async terminate(instanceId: string): Promise<void> {
    const { guestId } = this.#instance(instanceId);
    await this.#cloud.guests.stop(guestId, 0);
    // Its plug is pulled.
    await this.#cloud.helpers.stop(guestId, 0);
    this.#toTerminated(instanceId);
  }

  /** Off and on again, with other processors or memory maybe. */
  async restart(instanceId: string, graceMs: number): Promise<void> {
    await this.#cloud.guests.stop(this.#instance(instanceId).guestId, graceMs);
    await this.start(instanceId);
  }

  /** Does something with an instance that is off meanwhile, and in the state CREATING_IMAGE. */
  async whileOff<T>(instanceId: string, work: () => Promise<T>): Promise<T> {
    const { guests, settings } = this.#cloud;
    const { guestId, state } = this.#instance(instanceId);
    this.#set(instanceId, "CREATING_IMAGE");
    try {
      if (state === "RUNNING") await guests.stop(guestId, settings.stopGraceMs);
      return await work();
    } finally {
      if (this.#instance(instanceId).state === "CREATING_IMAGE") {
        this.#set(instanceId, state === "RUNNING" ? "STARTING" : "STOPPED");
        if (state === "RUNNING") await this.start(instanceId);
      }
    }
  }

  /** Pulls an instance's plug, as a failing host would. */
  crash(instanceId: string): boolean {
    return this.#cloud.guests.crash(this.#cloud.tables.instances.get(instanceId)?.guestId ?? "");
  }

  /** Opens and closes ports after a change of rules or addresses. */
  refreshForwards(affected: (vnic: Vnic) => boolean): void {
    const { tables, guests } = this.#cloud;
    for (const { instanceId } of tables.vnics.where((vnic) => vnic.deletedAt === undefined && affected(vnic))) {
      this.#cloud.inBackground(`forward ports of ${instanceId}`, async () => {
        const guestId = tables.instances.get(instanceId)?.guestId ?? "";
        if (!guests.isRunning(guestId)) return;
        const { forwards, refused } = this.#forwards(instanceId);
        const unforwarded = [...refused, ...(await guests.setForwards(guestId, forwards))];
        tables.instances.change(instanceId, { unforwarded });
      });
    }
  }

  /** Brings every instance to where it was heading when the sandbox last ended, however it ended. */
  reconcile(): void {
    const { tables, guests, helpers } = this.#cloud;
    const background = (id: string, work: () => Promise<void>) =>
      this.#cloud.inBackground(`bring ${id} on its way`, work);
    for (const { id, guestId, state, resume } of tables.instances.values()) {
      if (state === "PROVISIONING" || state === "STARTING") background(id, () => this.start(id));
      else if (state === "STOPPING") background(id, () => this.stop(id, 0));
      else if (state === "TERMINATING") background(id, () => this.terminate(id));
      else if (state === "CREATING_IMAGE") background(id, () => this.#resume(id, !guests.isRunning(guestId)));
      else if (state === "RUNNING" && !guests.isRunning(guestId) && !helpers.isRunning(guestId)) {
        if (resume) background(id, () => this.#resume(id, true));
        else this.#set(id, "STOPPED");
      }
    }
  }

  async #resume(instanceId: string, off: boolean): Promise<void> {
    this.#cloud.tables.instances.change(instanceId, { state: off ? "STARTING" : "RUNNING", resume: undefined });
    await this.start(instanceId);
  }

  /** Powers all guests off before the sandbox ends, and notes which are to run again. */
  async suspendAll(): Promise<void> {
    const { tables, guests, settings } = this.#cloud;
    const graceMs = Math.min(settings.stopGraceMs, 8_000);
    for (const { id, guestId, state } of tables.instances.values())
      if (state === "RUNNING" && guests.isRunning(guestId)) tables.instances.change(id, { resume: true });
    const { helpers } = this.#cloud;
    await Promise.all([
      ...guests.running().map((id) => guests.stop(id, graceMs)),
      // What a helper served is over when the sandbox is: its key is good for one session.
      ...helpers.running().map((id) => helpers.stop(id)),
    ]);
  }

  #ended(guestId: string): void {
    const instance = this.#cloud.tables.instances.find((one) => one.guestId === guestId);
    if (instance?.state === "RUNNING" && !instance.resume) this.#set(instance.id, "STOPPED");
  }

  #toTerminated(instanceId: string): void {
    const { tables, documents, guests } = this.#cloud;
    const instance = this.#instance(instanceId);
    const deletedAt = Date.now();
    documents.together(() => {
      for (const { volume, attachment } of attachedTo(this.#cloud, instanceId)) {
        tables.attachments.change(attachment.id, { deletedAt, detaching: undefined });
        if (attachment.boot && !instance.preserveBootVolume) tables.volumes.change(volume.id, { deletedAt });
      }
      for (const vnic of tables.vnics.where((one) => one.instanceId === instanceId && one.deletedAt === undefined)) {
        const ip = publicIpOf(this.#registry, vnic);
        if (ip)
          tables.publicIps.put({ ...ip, privateIpId: undefined, ...(ip.lifetime === "EPHEMERAL" && { deletedAt }) });
        tables.vnics.change(vnic.id, { deletedAt });
      }
      tables.instances.change(instanceId, { state: "TERMINATED", deletedAt, unforwarded: [] });
    });
    guests.remove(instance.guestId);
    this.#cloud.helpers.remove(instance.guestId);
    this.#cloud.inBackground("drop disks", () => this.#cloud.collectDisks());
  }

  #instance(instanceId: string): Instance {
    const instance = this.#cloud.tables.instances.get(instanceId);
    if (!instance) throw incorrectState(instanceId, "gone", "there");
    return instance;
  }

  #set(instanceId: string, state: InstanceState): void {
    this.#cloud.tables.instances.change(instanceId, { state, ...(state === "STOPPED" && { unforwarded: [] }) });
  }

  #vnicOf(instanceId: string): Vnic | undefined {
    return this.#cloud.tables.vnics.find((vnic) => vnic.instanceId === instanceId && vnic.deletedAt === undefined);
  }

  #nic(vnic: Vnic, forwards: readonly Forward[]) {
    const { cidr } = this.#cloud.tables.subnets.get(vnic.subnetId) as Subnet;
    const { base } = parseCidr(cidr) as Cidr;
    // The network's own first address would do for both, but QEMU wants its router and its name server apart.
    const [router, nameServer] = [
      formatAddress(base + 1),
      formatAddress(vnic.privateIp === formatAddress(base + 2) ? base + 3 : base + 2),
    ];
    return { mac: vnic.mac, subnet: cidr, router, nameServer, address: vnic.privateIp, forwards };
  }

  /** The TCP ports that security lists and groups let in from this machine or from everywhere, at the public address. */
  #forwards(instanceId: string): { forwards: Forward[]; refused: string[] } {
    const { tables } = this.#cloud;
    const vnic = this.#vnicOf(instanceId);
    const address = vnic && publicIpOf(this.#registry, vnic)?.address;
    if (!vnic || !address) return { forwards: [], refused: [] };
    const lists = tables.subnets.get(vnic.subnetId)?.securityListIds ?? [];
    const rules: readonly Rule[] = [
      ...vnic.groupIds.flatMap((id) => tables.groups.get(id)?.rules ?? []),
      ...lists.flatMap((id) => tables.securityLists.get(id)?.rules ?? []),
    ];
    const ports = new Set<number>();
    const refused: string[] = [];
    for (const { direction, protocol, peer, ports: range } of rules) {
      if (direction !== "INGRESS" || (protocol !== "6" && protocol !== "all") || !reaches(peer)) continue;
      if (!range || range.max - range.min >= portsAtMost) {
        refused.push(`tcp from ${peer}: ranges of more than ${portsAtMost} ports are not forwarded`);
        continue;
      }
      for (let port = range.min; port <= range.max; port++) ports.add(port);
    }
    return { forwards: [...ports].map((port) => ({ address, port, guestPort: port })), refused };
  }
}

/** Whether a rule's source includes this machine, which calls from 127.0.0.1. */
function reaches(cidr: string): boolean {
  const parsed = parseCidr(cidr);
  const loopback = 0x7f00_0001;
  return parsed !== undefined && loopback >= parsed.base && loopback < parsed.base + 2 ** (32 - parsed.prefix);
}
