// Long because it is one procedure, which goes on from wherever it was interrupted.
import type { models } from "oci-core";
import type { Tags } from "../../domain/tags.ts";
import { tagKeys } from "../../domain/vm.ts";
import { capabilities } from "../capabilities.ts";
import { conflict, invalid, notFound, type Subject, unsupported } from "../failures.ts";
import { poll } from "../poll.ts";
import type { VmSpec } from "../provider.ts";
import type { Backups } from "./backups.ts";
import type { Oci } from "./client.ts";
import { codeFailure, vendorCode } from "./errors.ts";
import { type Instance, stateOf } from "./models.ts";
import type { Interface, Placements } from "./placements.ts";
import type { Shapes } from "./shapes.ts";
import { createdTags, fromWire, hasKey, token, vmToWire } from "./tags.ts";
import { isId, isOver, type OciView } from "./view.ts";
import { dataDevices } from "./vm.ts";
import type { OciVolume, VolumeView } from "./volume-view.ts";
import type { Volumes } from "./volumes.ts";

const GiB = 2 ** 30;
/** A key whose instance was terminated gets another retry token; so many times at most. */
const rounds = 20;

interface LaunchParts {
  readonly view: OciView;
  readonly shapes: Shapes;
  readonly placements: Placements;
  readonly volumeView: VolumeView;
  readonly volumes: Volumes;
  readonly backups: Backups;
}

interface Ordered {
  readonly id: string;
  /** What the reason is asked for by when the launch fails; of one that was found there is none. */
  readonly workRequestId?: string;
}

/**
 * Launches instances: from a boot volume that is there, or from an image, whose boot volume Oracle makes on the way. Then the other
 * disks and interfaces are attached. Everything is found by the key: a repeat goes on where the last call ended.
 */
export class Launcher {
  readonly #oci: Oci;
  readonly #parts: LaunchParts;

  constructor(oci: Oci, parts: LaunchParts) {
    this.#oci = oci;
    this.#parts = parts;
  }

  /** @returns the instance's id, once it runs and all its disks are its own. */
  async launch(spec: VmSpec, key: string, signal: AbortSignal): Promise<string> {
    const subject = { operation: "create VM", resource: this.#oci.resource("vm", spec.name) };
    refuseWhatOracleLacks(spec, subject);
    const volumes = await this.#volumes(spec, subject, signal);
    const boots = new Set(spec.disks.filter(({ boot }) => boot).map(({ volumeId }) => volumeId));
    const domain = volumes[0]?.availabilityDomain;
    const network = await this.#parts.placements.interfaces(spec, domain, subject, signal);
    const known = await this.#find(key, subject, signal);
    const availabilityDomain =
      domain ?? network.availabilityDomain ?? (await this.#parts.placements.availabilityDomain(subject, signal));
    const { id: launched, workRequestId }: Ordered =
      known ?? (await this.#order(spec, key, { availabilityDomain, primary: network.interfaces[0] }, subject, signal));
    await this.#running(launched, workRequestId, subject, signal);
    await this.#ownBootVolume(spec, launched, key, subject, signal);
    const data = volumes.filter(({ volumeId }) => !boots.has(volumeId));
    for (const [index, volume] of data.entries()) {
      await this.attach({ instanceId: launched, volume, device: dataDevices[index] as string }, subject, signal);
    }
    await this.#addInterfaces(launched, network.interfaces.slice(1), key, subject, signal);
    return launched;
  }

  /** Returns once the guest can see it. */
  async attach(
    input: { instanceId: string; volume: OciVolume; device: string; readOnly?: boolean },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    const { instanceId, volume, device, readOnly = false } = input;
    const { volumeId } = volume;
    const { view } = this.#parts;
    const find = async () => (await view.dataAttachments({ volumeId }, subject, signal))[0];
    const there = await find();
    if (there && there.instanceId !== instanceId) {
      throw conflict(subject, `VM ${there.instanceId} uses volume ${volumeId}`, "Detach it there first.");
    }
    if (!there) {
      const attachVolumeDetails: models.AttachParavirtualizedVolumeDetails = {
        type: "paravirtualized",
        instanceId,
        volumeId,
        device,
        isReadOnly: readOnly,
      };
      const opcRetryToken = token("attach", instanceId, volumeId, Date.now());
      await this.#oci.compute.call("attachVolume", { attachVolumeDetails, opcRetryToken }, subject, signal);
    }
    await poll(
      async () => {
        const seen = await view.shown(find, signal);
        if (!seen) throw codeFailure("Conflict", `volume ${volumeId} did not stay attached`, subject);
        return stateOf(seen) === "ATTACHED" ? true : undefined;
      },
      this.#oci.patience,
      signal,
    );
  }

  async #find(key: string, subject: Subject, signal: AbortSignal): Promise<Instance | undefined> {
    for await (const instance of this.#parts.view.instances(subject, signal)) {
      if (hasKey(instance, key)) return instance;
    }
    return undefined;
  }

  /** The disks that are there, in the order of the spec. @throws InvalidInput, NotFound. */
  async #volumes({ disks, image }: VmSpec, subject: Subject, signal: AbortSignal): Promise<OciVolume[]> {
    const boots = disks.filter(({ boot }) => boot);
    if (boots.length !== (image ? 0 : 1)) {
      throw invalid(
        subject,
        image ? "it has an image and a boot disk" : `${boots.length} of its disks are boot disks`,
        "Give it an image, or exactly one boot disk.",
      );
    }
    if (disks.length > dataDevices.length) throw invalid(subject, `it has ${disks.length} disks`, "Use fewer.");
    const ids = disks.map(({ volumeId }) => volumeId);
    const found = await this.#parts.volumeView.byIds(ids, subject, signal);
    const missing = ids.find((id) => !found.has(id));
    if (missing !== undefined) throw notFound(subject, `volume ${missing} does not exist`);
    const foreign = boots.find(({ volumeId }) => !isId(volumeId, "bootvolume"));
    if (foreign) {
      throw invalid(
        subject,
        `${foreign.volumeId} is a block volume, and Oracle Cloud boots from boot volumes only`,
        "Use a boot volume; what NovaCron makes are such.",
      );
    }
    const domains = new Set([...found.values()].map(({ availabilityDomain }) => availabilityDomain));
    if (domains.size > 1) {
      throw invalid(subject, `its volumes lie in ${[...domains].join(" and ")}`, "Use volumes of one of them.");
    }
    return ids.map((id) => found.get(id) as OciVolume);
  }

  /** @returns an instance that is not over. */
  async #order(
    spec: VmSpec,
    key: string,
    place: { availabilityDomain: string; primary: Interface | undefined },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<Ordered> {
    const size = await this.#parts.shapes.choose(spec, subject, signal);
    const details: models.LaunchInstanceDetails = {
      compartmentId: await this.#oci.compartment(),
      availabilityDomain: place.availabilityDomain,
      displayName: spec.name,
      shape: size.shape,
      ...(size.config && { shapeConfig: { ...size.config } }),
      sourceDetails: await this.#source(spec, key, place.availabilityDomain, subject, signal),
      ...(place.primary && { createVnicDetails: place.primary }),
      ...(spec.userData !== undefined && {
        metadata: { user_data: Buffer.from(spec.userData).toString("base64") },
      }),
      ...(spec.capacityType === "spot" && {
        preemptibleInstanceConfig: { preemptionAction: { type: "TERMINATE", preserveBootVolume: true } },
      }),
      // An image knows how it is to be started; a disk from elsewhere does not.
      ...(spec.image === undefined && { launchOptions: launchOptions(spec) }),
      freeformTags: vmToWire(createdTags(spec.tags, key), spec.publishPorts),
    };
    for (let round = 0; ; round++) {
      try {
        const request = { launchInstanceDetails: details, opcRetryToken: token("launch", key, round) };
        const { instance, opcWorkRequestId } = await this.#oci.compute.call("launchInstance", request, subject, signal);
        const seen = (await this.#parts.view.lastSeen(instance.id, subject, signal)) ?? instance;
        if (!isOver(seen) && stateOf(seen) !== "TERMINATING") {
          await this.#refuseFailed(opcWorkRequestId, subject, signal);
          return { id: instance.id, workRequestId: opcWorkRequestId };
        }
      } catch (error) {
        if (vendorCode(error) !== "InvalidatedRetryToken") throw error;
      }
      if (round === rounds) throw conflict(subject, "its key was used too often", "Use another key.");
    }
  }

  /** What a launch gave as its reason when it failed after Oracle had taken it. */
  async #refuseFailed(workRequestId: string | undefined, subject: Subject, signal: AbortSignal): Promise<void> {
    if (!workRequestId) return;
    const { workRequest } = await this.#oci.work.call("getWorkRequest", { workRequestId }, subject, signal);
    const status: string = workRequest.status;
    if (status !== "FAILED") return;
    const { items } = await this.#oci.work.call("listWorkRequestErrors", { workRequestId }, subject, signal);
    const { code = "Conflict", message = "the launch failed" } = items[0] ?? {};
    throw codeFailure(code, message, subject);
  }

  async #source(
    spec: VmSpec,
    key: string,
    availabilityDomain: string,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<models.InstanceSourceViaBootVolumeDetails | models.InstanceSourceViaImageDetails> {
    const boot = spec.disks.find((disk) => disk.boot);
    if (boot) return { sourceType: "bootVolume", bootVolumeId: boot.volumeId };
    const { imageId = "", bootDisk = {} } = spec.image ?? {};
    const { sizeBytes, type, encryptionKey } = bootDisk;
    if (isId(imageId, "bootvolumebackup")) {
      const backup = await this.#parts.backups.byId(imageId, subject, signal);
      if (!backup) throw notFound(subject, `there is no image ${imageId}`);
      const wanted = this.#parts.volumes.size(Math.max(sizeBytes ?? 0, backup.sizeBytes));
      const input = {
        backupId: imageId,
        sizeBytes: wanted,
        availabilityDomain,
        key,
        name: spec.name,
        tags: ownTags(spec),
      };
      const volume = await this.#parts.volumes.restore({ ...input, type, encryptionKey }, subject, signal);
      return { sourceType: "bootVolume", bootVolumeId: volume.volumeId };
    }
    const kmsKeyId = encryptionKey ?? this.#oci.entry.encryptionKey;
    return {
      sourceType: "image",
      imageId,
      ...(sizeBytes !== undefined && { bootVolumeSizeInGBs: this.#parts.volumes.size(sizeBytes) / GiB }),
      ...(kmsKeyId !== undefined && { kmsKeyId }),
    };
  }

  async #running(
    instanceId: string,
    workRequestId: string | undefined,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    await poll(
      async () => {
        const seen = await this.#parts.view.shown(() => this.#parts.view.lastSeen(instanceId, subject, signal), signal);
        const state = seen ? stateOf(seen) : "TERMINATED";
        if (isOver({ lifecycleState: state }) || state === "TERMINATING") {
          await this.#refuseFailed(workRequestId, subject, signal);
          throw codeFailure("Conflict", `instance ${instanceId} ended as it was being made`, subject);
        }
        return state === "RUNNING" || state === "STOPPED" ? true : undefined;
      },
      this.#oci.patience,
      signal,
    );
  }

  /** An image's own disk goes by the VM's key from now on: without one it would go with the instance. */
  async #ownBootVolume(
    spec: VmSpec,
    instanceId: string,
    key: string,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    if (!spec.image) return;
    const { view, volumeView, volumes } = this.#parts;
    const [attachment] = await view.bootAttachments({ instanceId }, subject, signal);
    const volume = attachment && (await volumeView.byId(attachment.bootVolumeId, subject, signal));
    if (!volume || volume.tags[tagKeys.key] !== undefined) return;
    const tags = createdTags({ ...fromWire({ freeformTags: {} }).tags, ...ownTags(spec) }, key);
    await volumes.setTags(volume.volumeId, tags, volume.notes, subject, signal);
    await view.shown(async () => {
      const seen = await volumeView.byId(volume.volumeId, subject, signal);
      return seen?.tags[tagKeys.key] === key || undefined;
    }, signal);
  }

  async #addInterfaces(
    instanceId: string,
    wanted: readonly Interface[],
    key: string,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    if (wanted.length === 0) return;
    const { view } = this.#parts;
    const there = await view.vnicAttachments({ instanceId }, subject, signal);
    // The first one came with the instance.
    for (const [index, createVnicDetails] of [...wanted.entries()].slice(Math.max(0, there.length - 1))) {
      const attachVnicDetails = { instanceId, createVnicDetails };
      const opcRetryToken = token("vnic", key, instanceId, index);
      await this.#oci.compute.call("attachVnic", { attachVnicDetails, opcRetryToken }, subject, signal);
    }
    await poll(
      async () => {
        const seen = await view.vnicAttachments({ instanceId }, subject, signal);
        const attached = seen.filter(({ lifecycleState }) => stateOf({ lifecycleState }) === "ATTACHED");
        return attached.length > wanted.length ? true : undefined;
      },
      this.#oci.patience,
      signal,
    );
  }
}

/** "Bring Your Own Image": what came from elsewhere is started as a paravirtualized guest. */
function launchOptions({ firmware }: VmSpec): models.LaunchOptions {
  return {
    firmware: (firmware === "uefi" ? "UEFI_64" : "BIOS") as models.LaunchOptions.Firmware,
    bootVolumeType: "PARAVIRTUALIZED" as models.LaunchOptions.BootVolumeType,
    networkType: "PARAVIRTUALIZED" as models.LaunchOptions.NetworkType,
    remoteDataVolumeType: "PARAVIRTUALIZED" as models.LaunchOptions.RemoteDataVolumeType,
    isConsistentVolumeNamingEnabled: true,
  };
}

/** What a VM's parts carry of its tags: whose they are. */
function ownTags({ tags }: VmSpec): Tags {
  const migration = tags[tagKeys.migration];
  return migration === undefined ? {} : { [tagKeys.migration]: migration };
}

function refuseWhatOracleLacks({ disks, nics }: VmSpec, subject: Subject): void {
  const other = disks.find(({ bus }) => bus !== "virtio-blk");
  if (other) {
    throw unsupported(
      subject,
      `paravirtualized disks of Oracle Cloud are virtio block devices to their guests here, not ${other.bus}`,
      "Use virtio-blk for its disks; the guest needs that driver.",
    );
  }
  if (nics.some(({ mac }) => mac !== undefined)) {
    throw unsupported(subject, capabilities.oci["network.fixed-mac"], "Leave the MAC out.");
  }
}
