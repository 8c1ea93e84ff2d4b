import type { BlockDeviceMapping } from "@aws-sdk/client-ec2";
import { invalid, notFound, type Subject } from "../failures.ts";
import type { Aws } from "./client.ts";
import type { Ec2View } from "./describe.ts";
import type { LaunchPlan, PlannedDisk } from "./launch-plan.ts";
import { rootDevice } from "./own-images.ts";
import { defaultVolumeType } from "./volumes.ts";

const GiB = 2 ** 30;

/** Which disks an instance is to be made with, and where those lie that are there already. */
export class LaunchDisks {
  readonly #aws: Aws;
  readonly #view: Ec2View;

  constructor(aws: Aws, view: Ec2View) {
    this.#aws = aws;
    this.#view = view;
  }

  /** The disks that EBS is to make with the instance. */
  async mappings({ spec, disks, subject }: LaunchPlan, signal: AbortSignal): Promise<BlockDeviceMapping[]> {
    const mappings: BlockDeviceMapping[] = [];
    for (const { deviceName, boot, clone, type } of disks) {
      if (!clone) continue;
      const snapshot = await this.#view.snapshot(clone.snapshotId, subject, signal);
      if (!snapshot) throw notFound(subject, `recovery point ${clone.pointId} (${clone.snapshotId}) is gone`);
      // Encrypted snapshots keep their key; a plain one gets the site's.
      const encryption = snapshot.Encrypted ? {} : this.#encryption(undefined);
      mappings.push({
        DeviceName: deviceName,
        Ebs: {
          ...(!boot && { SnapshotId: clone.snapshotId }),
          VolumeSize: snapshot.VolumeSize,
          VolumeType: (type ?? defaultVolumeType) as typeof defaultVolumeType,
          DeleteOnTermination: true,
          ...encryption,
        },
      });
    }
    if (spec.image) {
      const { sizeBytes, type, encryptionKey } = spec.image.bootDisk ?? {};
      mappings.push({
        DeviceName: await this.rootOf(spec.image.imageId, subject, signal),
        Ebs: {
          ...(sizeBytes !== undefined && { VolumeSize: Math.ceil(sizeBytes / GiB) }),
          VolumeType: (type ?? defaultVolumeType) as typeof defaultVolumeType,
          DeleteOnTermination: true,
          ...this.#encryption(encryptionKey),
        },
      });
    }
    return mappings;
  }

  async rootOf(imageId: string, subject: Subject, signal: AbortSignal): Promise<string> {
    const { Images = [] } = await this.#aws.ec2.send(
      (sdk) => new sdk.DescribeImagesCommand({ ImageIds: [imageId] }),
      subject,
      signal,
    );
    return Images[0]?.RootDeviceName ?? rootDevice;
  }

  /** Where the volumes that are there already lie: the instance must be beside them. */
  async zoneOf(disks: readonly PlannedDisk[], subject: Subject, signal: AbortSignal): Promise<string | undefined> {
    const ids = disks.flatMap(({ volumeId }) => volumeId ?? []);
    const volumes = await this.#view.volumesById(ids, subject, signal);
    const missing = ids.find((id) => !volumes.has(id));
    if (missing !== undefined) throw notFound(subject, `volume ${missing} does not exist`);
    const zones = new Set([...volumes.values()].map(({ AvailabilityZone }) => AvailabilityZone));
    if (zones.size > 1) {
      throw invalid(subject, `its volumes lie in ${[...zones].join(" and ")}`, "Use volumes of one zone.");
    }
    return [...zones][0];
  }

  #encryption(key: string | undefined): { Encrypted: true; KmsKeyId?: string } {
    const KmsKeyId = key ?? this.#aws.entry.encryptionKey;
    return { Encrypted: true, ...(KmsKeyId !== undefined && { KmsKeyId }) };
  }
}
