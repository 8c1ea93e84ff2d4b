import { randomUUID } from "node:crypto";
import type { Volume as AwsVolume } from "@aws-sdk/client-ec2";
import { isProviderError } from "../../domain/errors.ts";
import type { Tags } from "../../domain/tags.ts";
import type { BlockSource } from "../../transfer/ports.ts";
import { conflict, invalid, notFound, type Subject } from "../failures.ts";
import { poll } from "../poll.ts";
import type { ListedVolume, NewDisk, Volume } from "../provider.ts";
import { SnapshotSource } from "./block-source.ts";
import type { Aws } from "./client.ts";
import { parseReference } from "./clone-reference.ts";
import type { Ec2View } from "./describe.ts";
import type { Placements } from "./placements.ts";
import type { Snapshots } from "./points.ts";
import { byKey, createdTags, fromWire, tagSpecification, token } from "./tags.ts";

const GiB = 2 ** 30;
/** "Amazon EBS General Purpose SSD volumes": the largest of the types that are made here. */
const largestGib = 65_536;
export const defaultVolumeType = "gp3";
/** A key whose volume was deleted gets another client token; so many times at most. */
const rounds = 20;
const alive = { Name: "status", Values: ["creating", "available", "in-use"] };

/** Real volumes, and those that will come with their VM. */
export class Volumes {
  readonly #aws: Aws;
  readonly #view: Ec2View;
  readonly #snapshots: Snapshots;
  readonly #placements: Placements;

  constructor(aws: Aws, parts: { view: Ec2View; snapshots: Snapshots; placements: Placements }) {
    this.#aws = aws;
    this.#view = parts.view;
    this.#snapshots = parts.snapshots;
    this.#placements = parts.placements;
  }

  async *list(signal: AbortSignal): AsyncGenerator<ListedVolume> {
    const subject = this.#subject("list volumes", "all");
    const there = { Name: "status", Values: ["creating", "available", "in-use", "error"] };
    for await (const volume of this.#view.volumes([there], subject, signal)) yield toListed(volume);
  }

  size(sizeBytes: number): number {
    const gib = Math.max(1, Math.ceil(sizeBytes / GiB));
    if (sizeBytes >= 0 && gib <= largestGib) return gib * GiB;
    throw invalid(
      { operation: "size a volume", resource: this.#aws.resource("volume", `${sizeBytes} bytes`) },
      `EBS has volumes of 1 GiB to ${largestGib / 1024} TiB`,
      "Make the disk smaller first.",
    );
  }

  /** Without a zone in that of the default subnet, where VMs without a network of their own go. */
  async create(
    input: NewDisk & { sizeBytes: number; zone?: string; key: string; tags: Tags },
    signal: AbortSignal,
  ): Promise<Volume> {
    const { key, tags, type = defaultVolumeType } = input;
    const subject = this.#subject("create volume", key);
    if (!(input.sizeBytes > 0)) throw invalid(subject, "its size is 0", "Give a size in bytes.");
    const Size = this.size(input.sizeBytes) / GiB;
    const known = await this.#ofKey(key, subject, signal);
    if (known) return toVolume(known);
    const AvailabilityZone =
      input.zone ?? (await this.#placements.defaultSubnet(undefined, subject, signal)).AvailabilityZone;
    const KmsKeyId = input.encryptionKey ?? this.#aws.entry.encryptionKey;
    for (let round = 0; ; round++) {
      const request = {
        AvailabilityZone,
        Size,
        VolumeType: type as typeof defaultVolumeType,
        Encrypted: true,
        ...(KmsKeyId !== undefined && { KmsKeyId }),
        ClientToken: token("volume", key, round),
        TagSpecifications: [tagSpecification("volume", createdTags(tags, key))],
      };
      // A token that another call has just used may lead to a volume that is not shown yet.
      const { VolumeId = "" } = await this.#view.onceShown(
        () => this.#aws.ec2.send((sdk) => new sdk.CreateVolumeCommand(request), subject, signal),
        signal,
      );
      const made = await this.#created(VolumeId, subject, signal);
      if (made) return toVolume(made);
      if (round === rounds) throw conflict(subject, "its key was used too often", "Use another key.");
    }
  }

  async delete(volumeId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete volume", volumeId);
    const id = await this.#realId(volumeId, subject, signal);
    const volume = id === undefined ? undefined : await this.#view.volume(id, subject, signal);
    if (id === undefined || !volume) return;
    const user = volume.Attachments?.find(({ State }) => State !== "detached");
    if (user) {
      throw conflict(subject, `VM ${user.InstanceId} uses it`, "Delete the VM first.");
    }
    await this.#view.removed(
      () => this.#aws.ec2.send((sdk) => new sdk.DeleteVolumeCommand({ VolumeId: id }), subject, signal),
      async () => (await this.#view.volume(id, subject, signal)) !== undefined,
      subject,
      signal,
    );
  }

  /** Reads a snapshot that is taken for it and goes with it. */
  async open(volumeId: string, signal: AbortSignal): Promise<BlockSource> {
    const subject = this.#subject("read volume", volumeId);
    const clone = parseReference(volumeId);
    const id = await this.#realId(volumeId, subject, signal);
    if (id === undefined && clone) {
      const point = await this.#snapshots.byId(clone.snapshotId, subject, signal);
      if (!point) throw notFound(subject, `recovery point ${clone.pointId} is gone`);
      const { snapshotId, sizeBytes } = point;
      return new SnapshotSource(this.#aws, { snapshotId, sizeBytes, subject });
    }
    const volume = id === undefined ? undefined : await this.#view.volume(id, subject, signal);
    if (!volume) throw notFound(subject, "it does not exist");
    await this.#refuseRunning(volume, subject, signal);
    const snapshotId = await this.#snapshotToRead(volume.VolumeId ?? "", subject, signal);
    const onClose = () => this.#snapshots.delete(snapshotId, subject, AbortSignal.timeout(60_000));
    try {
      const { sizeBytes } = await this.#snapshots.completed(snapshotId, subject, signal);
      return new SnapshotSource(this.#aws, { snapshotId, sizeBytes, subject, onClose });
    } catch (error) {
      await onClose().catch(() => undefined);
      throw error;
    }
  }

  /** Has no client token: when the answer is lost, what it made is looked for, as nobody else knows its key. */
  async #snapshotToRead(VolumeId: string, subject: Subject, signal: AbortSignal): Promise<string> {
    const key = `reading-${randomUUID()}`;
    try {
      const { SnapshotId = "" } = await this.#aws.ec2.send(
        (sdk) =>
          new sdk.CreateSnapshotCommand({
            VolumeId,
            Description: "novacron: to read the volume",
            TagSpecifications: [tagSpecification("snapshot", createdTags({}, key), { purpose: "reading" })],
          }),
        subject,
        signal,
      );
      return SnapshotId;
    } catch (error) {
      if (!isProviderError(error, "Unavailable", "Timeout", "Unknown")) throw error;
      const made = await this.#view.shown(async () => {
        for await (const { snapshotId } of this.#snapshots.list([byKey(key)], subject, signal)) return snapshotId;
        return undefined;
      }, signal);
      if (made === undefined) throw error;
      return made;
    }
  }

  /** The volume that a reference has become; undefined as long as there is none. */
  async #realId(volumeId: string, subject: Subject, signal: AbortSignal): Promise<string | undefined> {
    const clone = parseReference(volumeId);
    if (!clone) return volumeId;
    return (await this.#ofKey(clone.key, subject, signal))?.VolumeId;
  }

  async #ofKey(key: string, subject: Subject, signal: AbortSignal): Promise<AwsVolume | undefined> {
    for await (const volume of this.#view.volumes([byKey(key), alive], subject, signal)) return volume;
    return undefined;
  }

  /** Undefined when its token belongs to one that was deleted since. */
  async #created(volumeId: string, subject: Subject, signal: AbortSignal): Promise<AwsVolume | undefined> {
    const look = () => this.#view.volume(volumeId, subject, signal);
    const first = await this.#view.shown(look, signal);
    if (!first) return undefined;
    const ready = async () => {
      const volume = await look();
      if (volume?.State === "error") {
        throw conflict(subject, "AWS could not make it", "Check that its key may be used, and try again.");
      }
      return volume?.State === "creating" ? undefined : (volume ?? first);
    };
    return poll(ready, this.#aws.patience, signal);
  }

  async #refuseRunning(volume: AwsVolume, subject: Subject, signal: AbortSignal): Promise<void> {
    for (const { InstanceId, State } of volume.Attachments ?? []) {
      if (InstanceId === undefined || State === "detached") continue;
      const instance = await this.#view.instance(InstanceId, subject, signal).catch((error: unknown) => {
        if (isProviderError(error, "NotFound")) return undefined;
        throw error;
      });
      if (!instance || instance.State?.Name === "stopped") continue;
      throw conflict(subject, `VM ${InstanceId}, which uses it, is ${instance.State?.Name}`, "Stop the VM first.");
    }
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#aws.resource("volume", id) };
  }
}

function toListed(volume: AwsVolume): ListedVolume {
  const { VolumeType: type, CreateTime, Attachments = [], Tags, Encrypted: encrypted } = volume;
  const vmId = Attachments.find(({ State }) => State !== "detached")?.InstanceId;
  const name = Tags?.find(({ Key }) => Key === "Name")?.Value;
  return {
    ...toVolume(volume),
    ...(name ? { name } : {}),
    ...(vmId === undefined ? {} : { vmId }),
    ...(type === undefined ? {} : { type }),
    ...(encrypted === undefined ? {} : { encrypted }),
    ...(CreateTime === undefined ? {} : { createdAt: CreateTime.toISOString() }),
  };
}

function toVolume({ VolumeId = "", Size = 0, Tags }: AwsVolume): Volume {
  return { volumeId: VolumeId, sizeBytes: Size * GiB, tags: fromWire(Tags).tags };
}
