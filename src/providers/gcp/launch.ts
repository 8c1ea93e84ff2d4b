import { isProviderError } from "../../domain/errors.ts";
import type { InstanceType } from "../../domain/instance-type.ts";
import { conflict, invalid, type Subject, unsupported } from "../failures.ts";
import { poll } from "../poll.ts";
import type { NewDisk, VmSpec } from "../provider.ts";
import type { Gcp } from "./client.ts";
import type { GcpImages } from "./images.ts";
import { createdTags, describe, toLabels } from "./labels.ts";
import type { MachineTypes } from "./machine-types.ts";
import { readableName } from "./names.ts";
import type { GcpNetwork } from "./network.ts";
import type { Instance } from "./vm.ts";
import { defaultDiskType, type Volumes, volumeName } from "./volumes.ts";

const GiB = 2 ** 30;

/** Makes instances. Their names come from their keys, so that a repeat finds what the first one made. */
export class Launcher {
  readonly #gcp: Gcp;
  readonly #types: MachineTypes;
  readonly #images: GcpImages;
  readonly #network: GcpNetwork;
  readonly #volumes: Volumes;

  constructor(gcp: Gcp, parts: { types: MachineTypes; images: GcpImages; network: GcpNetwork; volumes: Volumes }) {
    this.#gcp = gcp;
    this.#types = parts.types;
    this.#images = parts.images;
    this.#network = parts.network;
    this.#volumes = parts.volumes;
  }

  /** Returns the id of a VM that runs. */
  async launch(spec: VmSpec, key: string, signal: AbortSignal): Promise<string> {
    const name = readableName(spec.name, key);
    const subject = { operation: "create VM", resource: this.#gcp.resource("vm", name) };
    if (!(await this.#gcp.find("instances", { instance: name }, subject, signal))) {
      const instanceResource = await this.#resource(name, spec, key, subject, signal);
      await this.#gcp
        .change("instances", "insert", { instanceResource }, subject, signal)
        .catch(async (error: unknown) => {
          const made = isProviderError(error, "Conflict")
            ? await this.#gcp.find("instances", { instance: name }, subject, signal)
            : undefined;
          if (!made) throw error;
        });
    }
    await poll(() => this.#running(name, subject, signal), this.#gcp.patience, signal);
    return name;
  }

  async #running(name: string, subject: Subject, signal: AbortSignal): Promise<true | undefined> {
    const instance = await this.#gcp.find<Instance>("instances", { instance: name }, subject, signal);
    if (!instance) throw conflict(subject, "it was deleted as it started", "Look at Google's audit log.");
    // A repeat may find one that was stopped since.
    return instance.status === "PROVISIONING" || instance.status === "STAGING" ? undefined : true;
  }

  async #resource(
    name: string,
    spec: VmSpec,
    key: string,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<Record<string, unknown>> {
    const { zone, securityGroups = [] } = this.#gcp.entry;
    const type = await this.#types.choose(spec, subject, signal);
    const tags = spec.securityGroups ?? securityGroups;
    return {
      name,
      description: describe({ name: spec.name, key, publishPorts: spec.publishPorts }),
      labels: toLabels(createdTags(spec.tags, key)),
      machineType: `zones/${zone}/machineTypes/${type.name}`,
      disks: await this.#disks(spec, type, key, subject, signal),
      networkInterfaces: await this.#nics(spec, type, subject, signal),
      ...(tags.length > 0 && { tags: { items: tags } }),
      ...(spec.userData !== undefined && { metadata: { items: [{ key: "user-data", value: spec.userData }] } }),
      ...(spec.capacityType === "spot" && {
        scheduling: { provisioningModel: "SPOT", instanceTerminationAction: "STOP", automaticRestart: false },
      }),
    };
  }

  async #disks(
    spec: VmSpec,
    type: InstanceType,
    key: string,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<readonly object[]> {
    const { zone } = this.#gcp.entry;
    const busName = type.diskBus === "nvme" ? "NVME" : "SCSI";
    for (const { volumeId, boot } of spec.disks) {
      if (boot && spec.firmware === "uefi") await this.#volumes.letBootByUefi(volumeId, subject, signal);
    }
    const given = spec.disks.map(({ volumeId, bus, boot }, index) => {
      if (bus !== type.diskBus) {
        throw unsupported(
          subject,
          `${type.name} shows its guests disks by ${type.diskBus}, and not by ${bus}`,
          `Ask for disks on ${type.diskBus}.`,
        );
      }
      const source = `zones/${zone}/disks/${volumeId}`;
      const deviceName = `disk${index}`;
      return { source, deviceName, boot, autoDelete: false, mode: "READ_WRITE", interface: busName };
    });
    if (spec.image) return [await this.#imageDisk(spec.image, spec, key, signal), ...given];
    if (given.length === 0) throw invalid(subject, "it has no disk", "Give it one, or an image.");
    return given;
  }

  async #imageDisk(
    { imageId, bootDisk = {} }: { imageId: string; bootDisk?: NewDisk },
    { architecture }: VmSpec,
    key: string,
    signal: AbortSignal,
  ): Promise<object> {
    const { zone, encryptionKey: ownKey } = this.#gcp.entry;
    const { sizeBytes, type = defaultDiskType, encryptionKey = ownKey } = bootDisk;
    const bootKey = `${key}/boot`;
    return {
      boot: true,
      autoDelete: false,
      deviceName: "boot",
      ...(encryptionKey !== undefined && { diskEncryptionKey: { kmsKeyName: encryptionKey } }),
      initializeParams: {
        diskName: volumeName(bootKey),
        sourceImage: await this.#images.url(imageId, architecture, signal),
        diskType: `zones/${zone}/diskTypes/${type}`,
        labels: toLabels(createdTags({}, bootKey)),
        description: describe({ key: bootKey }),
        ...(sizeBytes !== undefined && { diskSizeGb: String(this.#volumes.size(sizeBytes) / GiB) }),
      },
    };
  }

  async #nics(
    { nics, publicAddress }: VmSpec,
    type: InstanceType,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<readonly object[]> {
    const wanted = nics.length > 0 ? nics.map(({ networkId }) => networkId) : [undefined];
    return Promise.all(
      wanted.map(async (networkId, index) => {
        const found = await this.#network.place(networkId, subject, signal);
        // Networks give no addresses by themselves; only the default one's have a rule that lets anybody in.
        const outside = index === 0 && (publicAddress ?? found.isDefault);
        return {
          subnetwork: found.url,
          ...(nics[index]?.address !== undefined && { networkIP: nics[index].address }),
          ...(type.nicModel === "gve" && { nicType: "GVNIC" }),
          ...(outside && { accessConfigs: [{ name: "External NAT", type: "ONE_TO_ONE_NAT" }] }),
        };
      }),
    );
  }
}
