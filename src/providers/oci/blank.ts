import type { models } from "oci-core";
import { isProviderError } from "../../domain/errors.ts";
import { planners } from "../../transfer/formats/layout.ts";
import { UnitSet } from "../../transfer/formats/unit-set.ts";
import { invalid, type Subject } from "../failures.ts";
import type { Backups, OciBackup } from "./backups.ts";
import type { Oci } from "./client.ts";
import { codeFailure } from "./errors.ts";
import { stateOf } from "./models.ts";
import type { OciObjects } from "./objects.ts";
import type { Placements } from "./placements.ts";
import type { Shapes } from "./shapes.ts";
import { createdTags, token, toWire } from "./tags.ts";
import { goneIsUndefined, isOver, type OciView } from "./view.ts";
import type { VolumeView } from "./volume-view.ts";
import type { Volumes } from "./volumes.ts";
import { poll } from "./wait.ts";

const GiB = 2 ** 30;
const purpose = "blank";
const objectKey = "blank.qcow2";

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

  constructor(oci: Oci, parts: Parts) {
    this.#oci = oci;
    this.#parts = parts;
  }

  async backup(signal: AbortSignal): Promise<OciBackup> {
    const subject = { operation: "make an empty boot volume", resource: this.#oci.resource("volume", purpose) };
    const known = await this.#find(subject, signal);
    if (known) return known;
    this.#making ??= this.#make(subject, signal).finally(() => {
      this.#making = undefined;
    });
    return this.#making;
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
    const { backups, objects } = this.#parts;
    const key = `blank-${token(await this.#oci.compartment(), this.#oci.entry.region).slice(0, 24)}`;
    const bucket = `novacron-${key}`;
    const imageId = await this.#image(bucket, key, subject, signal);
    const bootVolumeId = await this.#bootVolume(imageId, key, subject, signal);
    const name = "novacron blank";
    const input = { volumeId: bootVolumeId, key, name, tags: {}, notes: { purpose }, type: "FULL" as const };
    const backup = await backups.create(input, subject, signal);
    await this.#parts.volumes.delete(bootVolumeId, signal);
    await goneIsUndefined(this.#oci.compute.call("deleteImage", { imageId }, subject, signal));
    await objects.deleteObject(bucket, objectKey, signal);
    await objects.deleteBucket(bucket, signal);
    return backup;
  }

  async #image(bucket: string, key: string, subject: Subject, signal: AbortSignal): Promise<string> {
    const { objects } = this.#parts;
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
    const opcRetryToken = token("image", key, Math.floor(Date.now() / 3_600_000));
    const request = { createImageDetails, opcRetryToken };
    const { image } = await this.#oci.compute.call("createImage", request, subject, signal);
    await poll(
      async () => {
        const answer = await this.#oci.compute.call("getImage", { imageId: image.id }, subject, signal);
        const state: string = answer.image.lifecycleState;
        if (isOver(answer.image) || state === "DISABLED") {
          throw codeFailure("Conflict", "Oracle Cloud did not take the empty image", subject);
        }
        return state === "AVAILABLE" ? true : undefined;
      },
      this.#oci.patience,
      signal,
    );
    return image.id;
  }

  /** The instance boots nothing: it is there for its boot volume only. */
  async #bootVolume(imageId: string, key: string, subject: Subject, signal: AbortSignal): Promise<string> {
    const { view, volumes, volumeView, placements, shapes } = this.#parts;
    const known = await volumes.ofKey(key, subject, signal);
    if (known) return known.volumeId;
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
    const request = { launchInstanceDetails, opcRetryToken: token("blank", imageId) };
    const { instance } = await this.#oci.compute.call("launchInstance", request, subject, signal);
    const instanceId = instance.id;
    const bootVolumeId = await poll(
      async () => {
        const seen = await view.lastSeen(instanceId, subject, signal);
        if (seen && isOver(seen)) throw codeFailure("Conflict", "the instance ended as it was being made", subject);
        if (stateOf(seen ?? {}) !== "RUNNING") return undefined;
        return (await view.bootAttachments({ instanceId }, subject, signal))[0]?.bootVolumeId;
      },
      this.#oci.patience,
      signal,
    );
    if (bootVolumeId === undefined) throw invalid(subject, "the instance has no boot volume", "Try again.");
    const volume = await volumeView.byId(bootVolumeId, subject, signal);
    await volumes.setTags(bootVolumeId, createdTags(volume?.tags ?? {}, key), { purpose }, subject, signal);
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
    return bootVolumeId;
  }
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
