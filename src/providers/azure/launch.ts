import { generateKeyPairSync } from "node:crypto";
import type { Disk, ImageReference, OSProfile, VirtualMachine } from "@azure/arm-compute";
import { isProviderError } from "../../domain/errors.ts";
import { tagKeys } from "../../domain/vm.ts";
import { capabilities } from "../capabilities.ts";
import { conflict, invalid, notFound, type Subject, unsupported } from "../failures.ts";
import { poll } from "../poll.ts";
import type { VmSpec } from "../provider.ts";
import type { Azure } from "./client.ts";
import { diskBus, type InstanceTypes } from "./instance-types.ts";
import { namedFor } from "./names.ts";
import type { Placements } from "./placements.ts";
import { createdTags, toWire, vmTagRules } from "./tags.ts";
import type { View } from "./view.ts";
import { devicesOf, powerStateOf } from "./vm.ts";
import { defaultDiskType, type Volumes } from "./volumes.ts";

const GiB = 2 ** 30;
/** Nobody signs in by it: what a VM is to let in comes with its image or its user data. */
const adminUsername = "novacron";

/**
 * Makes VMs: of disks that are there, which are attached as they are ("specialized"), or of an image. The name is made of the
 * key, so that a repeat finds what the first call made; interfaces come before the VM and go with it.
 */
export class Launcher {
  readonly #azure: Azure;
  readonly #view: View;
  readonly #types: InstanceTypes;
  readonly #placements: Placements;
  readonly #volumes: Volumes;

  constructor(azure: Azure, parts: { view: View; types: InstanceTypes; placements: Placements; volumes: Volumes }) {
    this.#azure = azure;
    this.#view = parts.view;
    this.#types = parts.types;
    this.#placements = parts.placements;
    this.#volumes = parts.volumes;
  }

  /** @returns the VM's id, once it runs. */
  async launch(spec: VmSpec, key: string, signal: AbortSignal): Promise<string> {
    const subject = { operation: "create VM", resource: this.#azure.resource("vm", spec.name) };
    refuseWhatAzureLacks(spec, subject);
    const name = namedFor(spec.name, "vm", key);
    const known = await this.#view.findMachine(name, subject, signal);
    if (known && !isStillborn(known, spec)) return this.#settled(spec, key, known, subject, signal);
    if (known) await this.#removeStillborn(known, spec, subject, signal);
    try {
      const machine = await this.#describe(spec, { name, key }, subject, signal);
      const made = await this.#azure.compute(subject, signal, (client, { group, options }) =>
        client.virtualMachines.createOrUpdate(group, name, machine, options),
      );
      return this.#settled(spec, key, made, subject, signal);
    } catch (error) {
      // What is tried again finds its interfaces; what isn't must not leave them behind.
      if (!signal.aborted && !isProviderError(error, "Unavailable", "Timeout", "RateLimited", "Unknown", "Conflict")) {
        await this.#removeFailed(name, spec, subject, signal).catch(() => undefined);
      }
      throw error;
    }
  }

  removeInterfaces(vmId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    return this.#placements.removeInterfaces(vmId, subject, signal);
  }

  /** A VM that found no room is there all the same, as a failed one. */
  async #removeFailed(name: string, spec: VmSpec, subject: Subject, signal: AbortSignal): Promise<void> {
    const machine = await this.#view.findMachine(name, subject, signal);
    if (machine && machine.provisioningState !== "Failed") return;
    if (machine) await this.#removeStillborn(machine, spec, subject, signal);
    await this.removeInterfaces(name, subject, signal);
  }

  /** The disks that it was given stay. An image's own disk goes where it never ran: its name would be in the way of the next. */
  async #removeStillborn(machine: VirtualMachine, { image }: VmSpec, subject: Subject, signal: AbortSignal) {
    const { name = "", instanceView } = machine;
    await this.#azure.compute(subject, signal, (client, { group, options }) =>
      client.virtualMachines.delete(group, name, { ...options, forceDeletion: true }),
    );
    if (image && powerStateOf(instanceView) === "unknown") await this.#volumes.delete(bootDiskOf(name), signal);
  }

  /** Another call may be at it: waits until Azure is done, and marks the disk of an image as ours. */
  async #settled(
    spec: VmSpec,
    key: string,
    seen: VirtualMachine,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<string> {
    const vmId = seen.name ?? "";
    const machine = await poll(
      async () => {
        const now = await this.#view.machine(vmId, subject, signal);
        return now.provisioningState === "Creating" ? undefined : now;
      },
      this.#azure.patience,
      signal,
    );
    if (machine.provisioningState === "Failed") {
      throw conflict(subject, `Azure could not make ${vmId}`, "Delete the VM and create it again.");
    }
    const boot = devicesOf(machine).find((device) => device.boot);
    if (spec.image && boot) await this.#volumes.claim(boot.volumeId, ownTags(spec), key, subject, signal);
    return vmId;
  }

  async #describe(
    spec: VmSpec,
    vm: { readonly name: string; readonly key: string },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<VirtualMachine> {
    const vmSize = await this.#types.choose(spec, subject, signal);
    const disks = await Promise.all(
      spec.disks.map(async ({ volumeId, boot }) => ({
        boot,
        disk: boot
          ? await this.#volumes.bootable(volumeId, spec.firmware, subject, signal)
          : await this.#disk(volumeId, subject, signal),
      })),
    );
    const [zone, ...others] = new Set(disks.flatMap(({ disk }) => disk.zones ?? []));
    if (others.length > 0) {
      throw invalid(subject, `its disks lie in the zones ${[zone, ...others].join(", ")}`, "Use disks of one zone.");
    }
    const ids = await this.#placements.interfaces(spec, vm, subject, signal);
    const notes = { name: spec.name, publishPorts: spec.publishPorts.join(" ") || undefined };
    const boot = disks.find((each) => each.boot)?.disk;
    const userData = spec.userData === undefined ? undefined : Buffer.from(spec.userData).toString("base64");
    return {
      location: this.#azure.entry.region,
      tags: toWire(createdTags(spec.tags, vm.key), notes, vmTagRules),
      ...(zone !== undefined && { zones: [zone] }),
      hardwareProfile: { vmSize },
      storageProfile: {
        ...(spec.image ? this.#fromImage(spec.image, vm.name) : {}),
        ...(boot && { osDisk: { ...attached(boot), osType: boot.osType ?? "Linux" } }),
        dataDisks: disks.filter((each) => !each.boot).map(({ disk }, lun) => ({ lun, ...attached(disk) })),
      },
      networkProfile: {
        networkInterfaces: ids.map((id, index) => ({ id, primary: index === 0, deleteOption: "Delete" })),
      },
      // Kept by Azure itself, without a storage account of ours.
      diagnosticsProfile: { bootDiagnostics: { enabled: true } },
      ...(spec.image && { osProfile: osProfileOf(spec.name, userData) }),
      ...(userData !== undefined && { userData }),
      ...(spec.capacityType === "spot" && {
        priority: "Spot",
        evictionPolicy: "Deallocate",
        billingProfile: { maxPrice: -1 },
      }),
    };
  }

  #fromImage({ imageId, bootDisk }: NonNullable<VmSpec["image"]>, vmName: string) {
    const encryptionKey = bootDisk?.encryptionKey ?? this.#azure.entry.encryptionKey;
    return {
      imageReference: imageReferenceOf(this.#azure, imageId),
      osDisk: {
        name: bootDiskOf(vmName),
        createOption: "FromImage" as const,
        deleteOption: "Detach" as const,
        ...(bootDisk?.sizeBytes !== undefined && { diskSizeGB: Math.ceil(bootDisk.sizeBytes / GiB) }),
        managedDisk: {
          storageAccountType: (bootDisk?.type ?? defaultDiskType) as typeof defaultDiskType,
          ...(encryptionKey !== undefined && { diskEncryptionSet: { id: encryptionKey } }),
        },
      },
    };
  }

  async #disk(volumeId: string, subject: Subject, signal: AbortSignal): Promise<Disk> {
    const disk = await this.#view.disk(volumeId, subject, signal);
    if (disk) return disk;
    throw notFound(subject, `volume ${volumeId} does not exist`);
  }
}

/** `publisher:offer:sku:version` of the marketplace, else an image of the resource group's or a whole resource id. */
export function imageReferenceOf(azure: Azure, imageId: string): ImageReference {
  const [publisher, offer, sku, version] = imageId.split(":");
  if (version !== undefined) return { publisher, offer, sku, version };
  return { id: imageId.startsWith("/") ? imageId : azure.id("Microsoft.Compute/images", imageId) };
}

function attached(disk: Disk) {
  return { createOption: "Attach" as const, deleteOption: "Detach" as const, managedDisk: { id: disk.id ?? "" } };
}

/** A VM that Azure could not make, as when it found no room: it never ran, or it is off and has disks only that it was given. */
function isStillborn({ provisioningState, instanceView }: VirtualMachine, { image }: VmSpec): boolean {
  const state = powerStateOf(instanceView);
  return provisioningState === "Failed" && (state === "unknown" || (state === "stopped" && !image));
}

/** Of a VM that is made of an image. */
function bootDiskOf(vmName: string): string {
  return `${vmName}-os`;
}

/** Azure wants somebody who may sign in: the key is made for this and thrown away. */
function osProfileOf(name: string, customData: string | undefined): OSProfile {
  const computerName =
    name
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, "-")
      .replace(/^-+|-+$/g, "")
      .slice(0, 60) || "vm";
  return {
    computerName,
    adminUsername,
    ...(customData !== undefined && { customData }),
    linuxConfiguration: {
      disablePasswordAuthentication: true,
      ssh: { publicKeys: [{ path: `/home/${adminUsername}/.ssh/authorized_keys`, keyData: throwAwayKey() }] },
    },
  };
}

/** RFC 4253, section 6.6: the lengths and values of the type, the exponent and the modulus. */
function throwAwayKey(): string {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const { e = "", n = "" } = publicKey.export({ format: "jwk" });
  const part = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const positive = (text: string) => Buffer.concat([Buffer.alloc(1), Buffer.from(text, "base64url")]);
  const blob = Buffer.concat([part(Buffer.from("ssh-rsa")), part(Buffer.from(e, "base64url")), part(positive(n))]);
  return `ssh-rsa ${blob.toString("base64")}`;
}

/** What a VM's parts carry of its tags: whose they are. */
function ownTags({ tags }: VmSpec): Readonly<Record<string, string>> {
  const migration = tags[tagKeys.migration];
  return migration === undefined ? {} : { [tagKeys.migration]: migration };
}

function refuseWhatAzureLacks({ disks, nics, image }: VmSpec, subject: Subject): void {
  const boots = disks.filter(({ boot }) => boot);
  if (boots.length !== (image ? 0 : 1)) {
    throw invalid(
      subject,
      image ? "it has an image and a boot disk" : `${boots.length} of its disks are boot disks`,
      "Give it an image, or exactly one boot disk.",
    );
  }
  const other = disks.find(({ bus }) => bus !== diskBus);
  if (other) {
    throw unsupported(
      subject,
      `Azure's disks are on Hyper-V's SCSI controller, not on ${other.bus}`,
      `Use ${diskBus} for its disks; the guest needs the driver hv_storvsc.`,
    );
  }
  if (nics.some(({ mac }) => mac !== undefined)) {
    throw unsupported(subject, capabilities.azure["network.fixed-mac"], "Leave the MAC out.");
  }
}
