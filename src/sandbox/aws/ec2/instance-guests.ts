import type { Forward } from "../../cloud/guests/command-line.ts";
import { type Cidr, formatAddress, parseCidr } from "../../cloud/ipv4.ts";
import type { AwsCloud } from "../cloud.ts";
import type { Instance, NetworkInterface, Subnet } from "../state.ts";
import type { InstanceDisks } from "./instance-disks.ts";
import { instanceType } from "./instance-types.ts";
import { publicAddressOf, unusedPublicAddress } from "./public-addresses.ts";

/** Wider port ranges than this are not forwarded: each port costs a socket. */
const portsAtMost = 16;

/** The life of an instance: its state, and the guest that stands behind it. */
export class InstanceGuests {
  readonly #cloud: AwsCloud;
  readonly #disks: InstanceDisks;
  readonly #crashed = new Set<string>();

  constructor(cloud: AwsCloud, disks: InstanceDisks) {
    this.#cloud = cloud;
    this.#disks = disks;
    cloud.onGuestEnd = (instanceId) => this.#ended(instanceId);
  }

  /** From `pending` on: the guest starts at once, in the background. */
  launch(instance: Instance): void {
    this.#lendAddress(instance);
    this.#cloud.inBackground(`start ${instance.id}`, () => this.#start(instance.id));
  }

  /** From `stopping` on. */
  stop(instanceId: string, force: boolean): void {
    this.#cloud.inBackground(`stop ${instanceId}`, async () => {
      const { guests, settings, tables } = this.#cloud;
      await guests.stop(instanceId, force ? 0 : settings.stopGraceMs);
      // It may have been asked for twice, and have been started again since the first was done.
      if (tables.instances.get(instanceId)?.state === "stopping" && !guests.isRunning(instanceId))
        this.#toStopped(instanceId);
    });
  }

  /** From `shutting-down` on. */
  terminate(instanceId: string, force = false): void {
    this.#cloud.inBackground(`terminate ${instanceId}`, async () => {
      await this.#cloud.guests.stop(instanceId, force ? 0 : this.#cloud.settings.stopGraceMs);
      this.#toTerminated(instanceId);
    });
  }

  async reboot(instanceId: string): Promise<void> {
    if (this.#cloud.guests.isRunning(instanceId)) await this.#cloud.guests.reset(instanceId);
  }

  /** Pulls an instance's plug, as a failing host would. */
  crash(instanceId: string): boolean {
    this.#crashed.add(instanceId);
    return this.#cloud.guests.crash(instanceId);
  }

  /** Opens and closes ports after a change of a security group or an address. */
  refreshForwards(affected: (instance: Instance) => boolean): void {
    for (const instance of this.#cloud.tables.instances.where((one) => one.state === "running" && affected(one))) {
      this.#cloud.inBackground(`forward ports of ${instance.id}`, async () => {
        if (!this.#cloud.guests.isRunning(instance.id)) return;
        const { forwards, refused } = this.#forwards(instance);
        const unforwarded = [...refused, ...(await this.#cloud.guests.setForwards(instance.id, forwards))];
        this.#cloud.tables.instances.change(instance.id, { unforwarded });
      });
    }
  }

  hasGroup(instance: Instance, groupId: string): boolean {
    return this.#interfacesOf(instance.id).some(({ groupIds }) => groupIds.includes(groupId));
  }

  /** Brings every instance to where it was heading when the sandbox last ended, however it ended. */
  reconcile(): void {
    const { tables, guests } = this.#cloud;
    for (const instance of tables.instances.values()) {
      if (instance.state === "pending") this.launch(instance);
      else if (instance.state === "stopping") this.stop(instance.id, false);
      else if (instance.state === "shutting-down") this.terminate(instance.id);
      else if (instance.resume && !guests.isRunning(instance.id)) {
        this.launch(tables.instances.put({ ...instance, state: "pending", resume: undefined }));
      }
    }
  }

  /** Powers all guests off before the sandbox ends, and notes which are to run again. */
  async suspendAll(): Promise<void> {
    const { tables, guests, settings } = this.#cloud;
    const graceMs = Math.min(settings.stopGraceMs, 8_000);
    const running = tables.instances.where(({ id, state }) => state === "running" && guests.isRunning(id));
    for (const { id } of running) tables.instances.change(id, { resume: true });
    await Promise.all(guests.running().map((id) => guests.stop(id, graceMs)));
  }

  async #start(instanceId: string): Promise<void> {
    const { tables, guests, settings } = this.#cloud;
    const instance = tables.instances.get(instanceId);
    if (instance?.state !== "pending") return;
    const [eni] = this.#interfacesOf(instanceId);
    const type = instanceType(instance.type);
    const { forwards, refused } = this.#forwards(instance);
    try {
      const volumes = this.#disks.volumesOf(instance);
      await this.#disks.grow(volumes);
      if (instance.architecture !== "x86_64") throw new Error("only x86_64 guests are run here");
      const unforwarded = await guests.start({
        id: instanceId,
        cpus: Math.min(type?.vcpus ?? 1, settings.guestCpus),
        memoryMib: Math.min((type?.memoryGib ?? 1) * 1024, settings.guestMemoryMib),
        firmware: instance.uefi ? "uefi" : "bios",
        disks: this.#disks.volumesOf(instance).map((volume) => this.#disks.guestDisk(volume)),
        ...(eni ? { nic: this.#nic(eni, forwards) } : {}),
        system: { manufacturer: "Amazon EC2 (simulated)", product: instance.type, serial: instanceId },
      });
      // It may have been terminated while it started; that call may have found nothing to end yet.
      if (tables.instances.get(instanceId)?.state !== "pending") {
        await guests.stop(instanceId, 0);
        return;
      }
      tables.instances.change(instanceId, { state: "running", unforwarded: [...refused, ...unforwarded] });
    } catch (error) {
      if (tables.instances.get(instanceId)?.state !== "pending") return;
      this.#cloud.parts.log("A guest did not start", { instanceId, error });
      const message = `Server.InternalError: Internal error on launch (simulated: ${(error as Error).message})`;
      tables.instances.change(instanceId, { stateReason: { code: "Server.InternalError", message } });
      this.#toTerminated(instanceId);
    }
  }

  #ended(instanceId: string): void {
    const { tables } = this.#cloud;
    const instance = tables.instances.get(instanceId);
    const crashed = this.#crashed.delete(instanceId);
    if (!instance || instance.state !== "running" || instance.resume) return;
    const at = `(${new Date().toISOString().replace("T", " ").slice(0, 19)} GMT)`;
    const stateReason = crashed
      ? { code: "Server.InternalError", message: "Server.InternalError: the simulated host failed" }
      : {
          code: "Client.InstanceInitiatedShutdown",
          message: "Client.InstanceInitiatedShutdown: Instance initiated shutdown",
        };
    tables.instances.change(instanceId, {
      stateReason,
      transitionReason: crashed ? "Server.InternalError" : `User initiated ${at}`,
    });
    if (instance.shutdownBehavior === "terminate" && !crashed) this.#toTerminated(instanceId);
    else this.#toStopped(instanceId);
  }

  #toStopped(instanceId: string): void {
    const { tables, documents } = this.#cloud;
    documents.together(() => {
      for (const eni of this.#interfacesOf(instanceId)) tables.interfaces.put({ ...eni, lentPublicIp: undefined });
      tables.instances.change(instanceId, { state: "stopped", unforwarded: [] });
    });
  }

  #toTerminated(instanceId: string): void {
    const { tables, documents, guests } = this.#cloud;
    const instance = tables.instances.get(instanceId);
    if (!instance) return;
    const volumes = this.#disks.volumesOf(instance);
    documents.together(() => {
      for (const volume of volumes) {
        if (volume.attachment?.deleteOnTermination) tables.volumes.delete(volume.id);
        else tables.volumes.put({ ...volume, attachment: undefined });
      }
      for (const eni of this.#interfacesOf(instanceId)) {
        const address = tables.addresses.find(({ interfaceId }) => interfaceId === eni.id);
        if (address) {
          const { associationId: _a, interfaceId: _i, privateIp: _p, ...free } = address;
          tables.addresses.put(free);
        }
        if (eni.attachment?.deleteOnTermination) tables.interfaces.delete(eni.id);
        else tables.interfaces.put({ ...eni, attachment: undefined, lentPublicIp: undefined });
      }
      tables.instances.put({ ...instance, state: "terminated", terminatedAt: Date.now(), unforwarded: [] });
    });
    guests.remove(instanceId);
    this.#cloud.inBackground("drop disks", () => this.#cloud.collectDisks());
    this.#forgetOld();
  }

  /** What was terminated long ago is no longer described. */
  #forgetOld(): void {
    const { tables, settings } = this.#cloud;
    const old = tables.instances.where(
      ({ terminatedAt }) => Date.now() - (terminatedAt ?? Infinity) > settings.terminatedVisibleMs,
    );
    for (const { id } of old) tables.instances.delete(id);
  }

  #interfacesOf(instanceId: string): NetworkInterface[] {
    return this.#cloud.tables.interfaces
      .where(({ attachment }) => attachment?.instanceId === instanceId)
      .sort((a, b) => (a.attachment?.deviceIndex ?? 0) - (b.attachment?.deviceIndex ?? 0));
  }

  #lendAddress({ id }: Instance): void {
    const { tables } = this.#cloud;
    const [eni] = this.#interfacesOf(id);
    if (!eni?.wantsPublicIp || publicAddressOf(tables, eni.id) !== undefined) return;
    tables.interfaces.put({ ...eni, lentPublicIp: unusedPublicAddress(tables, "lent") });
  }

  #nic(eni: NetworkInterface, forwards: readonly Forward[]) {
    const { cidr } = this.#cloud.tables.subnets.get(eni.subnetId) as Subnet;
    const { base } = parseCidr(cidr) as Cidr;
    const [router, nameServer] = [formatAddress(base + 1), formatAddress(base + 2)];
    return { mac: eni.mac, subnet: cidr, router, nameServer, address: eni.privateIp, forwards };
  }

  /** The TCP ports that the security groups let in from this machine or from everywhere, at the public address. */
  #forwards(instance: Instance): { forwards: Forward[]; refused: string[] } {
    const { tables } = this.#cloud;
    const [eni] = this.#interfacesOf(instance.id);
    const address = eni && publicAddressOf(tables, eni.id);
    if (!eni || !address) return { forwards: [], refused: [] };
    const ports = new Set<number>();
    const refused: string[] = [];
    for (const rule of eni.groupIds.flatMap((id) => tables.groups.get(id)?.rules ?? [])) {
      if (rule.egress || !rule.cidr || !reaches(rule.cidr) || (rule.protocol !== "tcp" && rule.protocol !== "-1"))
        continue;
      if (rule.protocol === "-1" || rule.toPort - rule.fromPort >= portsAtMost) {
        refused.push(`tcp ${rule.fromPort}-${rule.toPort}: ranges of more than ${portsAtMost} ports are not forwarded`);
        continue;
      }
      for (let port = rule.fromPort; port <= rule.toPort; port++) ports.add(port);
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
