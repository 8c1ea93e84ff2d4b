import type { models } from "oci-core";
import { isProviderError } from "../../domain/errors.ts";
import { planners } from "../../transfer/formats/layout.ts";
import { UnitSet } from "../../transfer/formats/unit-set.ts";
import { invalid, type Subject } from "../failures.ts";
import { poll } from "../poll.ts";
import type { Backups, OciBackup } from "./backups.ts";
import type { Oci } from "./client.ts";
import { codeFailure } from "./errors.ts";
import { type Instance, stateOf } from "./models.ts";
import type { OciObjects } from "./objects.ts";
import type { Placements } from "./placements.ts";
import type { Shapes } from "./shapes.ts";
import { createdTags, hasKey, token, toWire } from "./tags.ts";
import { alive, goneIsUndefined, isOver, items, type OciView } from "./view.ts";
import type { VolumeView } from "./volume-view.ts";
import type { Volumes } from "./volumes.ts";
import { shared } from "./wait.ts";

const GiB = 2 ** 30;
const purpose = "blank";
const objectKey = "blank.qcow2";
const limit = 1_000;
const makeWithinMs = 60 * 60_000;

interface Parts {
  readonly view: OciView;
  readonly shapes: Shapes;
  readonly placements: Placements;
  readonly objects: OciObjects;
  readonly volumeView: VolumeView;
  readonly volumes: Volumes;
  readonly backups: Backups;
}

/**
 * The backup of an empty boot volume, which every empty disk here is made of. Oracle makes boot volumes of images, of other boot
 * volumes and of their backups only: so once for a compartment an image without a byte in it is imported and launched, and its boot
 * volume backed up. The backup stays, holds nothing, and is in the census; everything else goes again.
 */
export class Blank {
  readonly #oci: Oci;
  readonly #parts: Parts;
  #making: Promise<OciBackup> | undefined;
  #isTidy = false;

  constructor(oci: Oci, parts: Parts) {
    this.#oci = oci;
    this.#parts = parts;
  }

  async backup(signal: AbortSignal): Promise<OciBackup> {
    const subject = { operation: "make an empty boot volume", resource: this.#oci.resource("volume", purpose) };
    const known = await this.#find(subject, signal);
    if (known) {
      await this.#tidy(subject, signal);
      return known;
    }
    this.#making ??= this.#make(subject, AbortSignal.timeout(makeWithinMs)).finally(() => {
      this.#making = undefined;
    });
    return shared(this.#making, signal);
  }

  async #find(subject: Subject, signal: AbortSignal): Promise<OciBackup | undefined> {
    for await (const backup of this.#parts.backups.list(subject, signal)) {
      if (backup.notes.purpose === purpose && backup.state !== "failed") {
        return this.#parts.backups.completed(backup.backupId, subject, signal);
      }
    }
    return undefined;
  }

  /** Each step is found by its key: what another call has begun is gone on with. */
  async #make(subject: Subject, signal: AbortSignal): Promise<OciBackup> {
    const { backups, volumes } = this.#parts;
    const key = await this.#key();
    const bootVolumeId = await this.#bootVolume(key, subject, signal);
    await this.#endInstances(key, subject, signal);
    await volumes.ready(bootVolumeId, subject, signal);
    for (const { backupId, state } of await backups.ofKey(key, subject, signal)) {
      if (state === "failed") await backups.delete(backupId, subject, signal);
    }
    const name = "novacron blank";
    const input = { volumeId: bootVolumeId, key, name, tags: {}, notes: { purpose }, type: "FULL" as const };
    const backup = await backups.create(input, subject, signal);
    this.#isTidy = false;
    await this.#tidy(subject, signal);
    return backup;
  }

  async #key(): Promise<string> {
    return `blank-${token(await this.#oci.compartment(), this.#oci.entry.region).slice(0, 24)}`;
  }

  /** Takes away what the backup was made by, also what another process has left of it. The backup can be used in any case. */
  async #tidy(subject: Subject, signal: AbortSignal): Promise<void> {
    if (this.#isTidy) return;
    const { objects, volumes } = this.#parts;
    const key = await this.#key();
    const bucket = bucketOf(key);
    try {
      await this.#endInstances(key, subject, signal);
      const volume = await volumes.ofKey(key, subject, signal);
      if (volume) await volumes.delete(volume.volumeId, signal);
      const imageId = await this.#knownImage(key, subject, signal);
      if (imageId) await goneIsUndefined(this.#oci.compute.call("deleteImage", { imageId }, subject, signal));
      await objects.deleteObject(bucket, objectKey, signal);
      await objects.deleteBucket(bucket, signal);
      this.#isTidy = true;
    } catch (error) {
      signal.throwIfAborted();
      const { site, log } = this.#oci;
      log("warn", "What an empty boot volume was made by could not all be removed", { site, reason: String(error) });
    }
  }

  async #knownImage(key: string, subject: Subject, signal: AbortSignal): Promise<string | undefined> {
    const compartmentId = await this.#oci.compartment();
    const listed = items((page) =>
      this.#oci.compute.call("listImages", { compartmentId, limit, page }, subject, signal),
    );
    for await (const image of alive(listed)) {
      const state: string = image.lifecycleState;
      if (hasKey(image, key) && state !== "DELETING" && state !== "DISABLED") return image.id;
    }
    return undefined;
  }

  async #image(key: string, subject: Subject, signal: AbortSignal): Promise<string> {
    const imageId = (await this.#knownImage(key, subject, signal)) ?? (await this.#import(key, subject, signal));
    await poll(
      async () => {
        const { image } = await this.#oci.compute.call("getImage", { imageId }, subject, signal);
        const state: string = image.lifecycleState;
        if (isOver(image) || state === "DISABLED") {
          throw codeFailure("Conflict", "Oracle Cloud did not take the empty image", subject);
        }
        return state === "AVAILABLE" ? true : undefined;
      },
      this.#oci.patience,
      signal,
    );
    return imageId;
  }

  async #import(key: string, subject: Subject, signal: AbortSignal): Promise<string> {
    const { objects } = this.#parts;
    const bucket = bucketOf(key);
    await objects.createBucket({ bucket, tags: {} }, signal);
    const bytes = emptyImage();
    const namespaceName = await objects.namespace(signal);
    const put = { namespaceName, bucketName: bucket, objectName: objectKey, putObjectBody: bytes };
    await this.#oci.objects.call("putObject", { ...put, contentLength: bytes.byteLength }, subject, signal);
    const source: models.ImageSourceViaObjectStorageTupleDetails = {
      sourceType: "objectStorageTuple",
      namespaceName,
      bucketName: bucket,
      objectName: objectKey,
      sourceImageType: "QCOW2" as models.ImageSourceDetails.SourceImageType,
    };
    const createImageDetails = {
      compartmentId: await this.#oci.compartment(),
      displayName: "novacron blank",
      launchMode: "PARAVIRTUALIZED" as models.CreateImageDetails.LaunchMode,
      imageSourceDetails: source,
      freeformTags: toWire(createdTags({}, key), { purpose }),
    };
    const request = { createImageDetails, opcRetryToken: tokenOfHour("image", key) };
    return (await this.#oci.compute.call("createImage", request, subject, signal)).image.id;
  }

  /** The instance boots nothing: it is there for its boot volume only. */
  async #bootVolume(key: string, subject: Subject, signal: AbortSignal): Promise<string> {
    const { view, volumes, volumeView } = this.#parts;
    const instances = await this.#instances(key, subject, signal);
    const running = instances.find((instance) => stateOf(instance) !== "TERMINATING");
    const known = running ? undefined : await volumes.ofKey(key, subject, signal);
    if (known) return known.volumeId;
    const instanceId = running?.id ?? (await this.#launch(key, subject, signal));
    const bootVolumeId = await poll(
      async () => {
        const seen = await view.lastSeen(instanceId, subject, signal);
        if (seen && isOver(seen)) throw codeFailure("Conflict", "the instance ended as it was being made", subject);
        const state = stateOf(seen ?? {});
        if (state !== "RUNNING" && state !== "STOPPED") return undefined;
        return (await view.bootAttachments({ instanceId }, subject, signal))[0]?.bootVolumeId;
      },
      this.#oci.patience,
      signal,
    );
    if (bootVolumeId === undefined) throw invalid(subject, "the instance has no boot volume", "Try again.");
    const volume = await volumeView.byId(bootVolumeId, subject, signal);
    await volumes.setTags(bootVolumeId, createdTags(volume?.tags ?? {}, key), { purpose }, subject, signal);
    return bootVolumeId;
  }

  async #launch(key: string, subject: Subject, signal: AbortSignal): Promise<string> {
    const { volumes, placements, shapes } = this.#parts;
    const imageId = await this.#image(key, subject, signal);
    const size = await shapes.choose({ cpus: 1, memoryBytes: GiB, architecture: "x86_64" }, subject, signal);
    const subnet = await placements.defaultSubnet(subject, signal);
    const sourceDetails: models.InstanceSourceViaImageDetails = {
      sourceType: "image",
      imageId,
      bootVolumeSizeInGBs: volumes.size(1) / GiB,
    };
    const launchInstanceDetails: models.LaunchInstanceDetails = {
      compartmentId: await this.#oci.compartment(),
      availabilityDomain: subnet.availabilityDomain ?? (await placements.availabilityDomain(subject, signal)),
      displayName: "novacron blank",
      shape: size.shape,
      ...(size.config && { shapeConfig: { ...size.config } }),
      sourceDetails,
      createVnicDetails: { subnetId: subnet.id, assignPublicIp: false },
      freeformTags: toWire(createdTags({}, key), { purpose }),
    };
    const request = { launchInstanceDetails, opcRetryToken: tokenOfHour("blank", imageId) };
    return (await this.#oci.compute.call("launchInstance", request, subject, signal)).instance.id;
  }

  /** Also one that is about to end. */
  async #instances(key: string, subject: Subject, signal: AbortSignal): Promise<Instance[]> {
    const compartmentId = await this.#oci.compartment();
    const listed = items((page) =>
      this.#oci.compute.call("listInstances", { compartmentId, limit, page }, subject, signal),
    );
    return (await Array.fromAsync(listed)).filter((instance) => hasKey(instance, key) && !isOver(instance));
  }

  /** Their boot volume stays. */
  async #endInstances(key: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const { view } = this.#parts;
    for (const { id: instanceId } of await this.#instances(key, subject, signal)) {
      await poll(
        async () => {
          const seen = await view.lastSeen(instanceId, subject, signal);
          if (!seen || isOver(seen)) return true;
          if (stateOf(seen) !== "TERMINATING") {
            const ending = { instanceId, preserveBootVolume: true };
            await this.#oci.compute.call("terminateInstance", ending, subject, signal).catch((error: unknown) => {
              if (!isProviderError(error, "NotFound", "Conflict")) throw error;
            });
          }
          return undefined;
        },
        this.#oci.patience,
        signal,
      );
    }
  }
}

function bucketOf(key: string): string {
  return `novacron-${key}`;
}

/** Two calls at once make one of it; what came to nothing is made again later. */
function tokenOfHour(what: string, of: string): string {
  return token(what, of, Math.floor(Date.now() / 3_600_000));
}

/** A small QCOW2 image of nothing: the volume is larger, and what is beyond the image is empty too. */
function emptyImage(): Uint8Array {
  const { geometry, plan } = planners.qcow2;
  const sizeBytes = 16 * 2 ** 20;
  const at = geometry(sizeBytes);
  const identity = { id: "00000000-0000-4000-8000-000000000000", createdAt: new Date(0) };
  const { objectBytes, regions } = plan({ sizeBytes, units: new UnitSet(at.unitBytes), identity }, at);
  const bytes = new Uint8Array(objectBytes);
  for (const region of regions) {
    for (let index = 0; index < region.count; index++) {
      const piece = new Uint8Array(region.length);
      region.fillPiece(piece, index);
      bytes.set(piece, region.at + index * region.stride);
    }
  }
  return bytes;
}
