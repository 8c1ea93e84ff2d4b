import { isProviderError } from "../../domain/errors.ts";
import type { BlockSink } from "../../transfer/ports.ts";
import { conflict, invalid, notFound, type Subject } from "../failures.ts";
import type { Helpers } from "../helpers.ts";
import type { RecoveryPoint, ReplicaSpec } from "../provider.ts";
import type { Backups } from "./backups.ts";
import type { Blank } from "./blank.ts";
import type { Oci } from "./client.ts";
import { helperDevice } from "./helper-instances.ts";
import type { Placements } from "./placements.ts";
import { type Points, toRecoveryPoint } from "./points.ts";
import { ownerOf } from "./readings.ts";
import type { OciView } from "./view.ts";
import type { OciVolume, VolumeView } from "./volume-view.ts";
import type { Volumes } from "./volumes.ts";

const purpose = "generation";

interface Parts {
  readonly view: OciView;
  readonly placements: Placements;
  readonly volumeView: VolumeView;
  readonly volumes: Volumes;
  readonly backups: Backups;
  readonly points: Points;
  readonly blank: Blank;
  readonly helpers: Helpers;
}

/**
 * A generation is a boot volume of its own, restored of its parent's backup (or of the empty one) and written by a helper; sealing
 * backs it up, and the volume goes. The volume's notes name the newest attempt.
 */
export class Generations {
  readonly #oci: Oci;
  readonly #parts: Parts;

  constructor(oci: Oci, parts: Parts) {
    this.#oci = oci;
    this.#parts = parts;
  }

  async open(
    input: { replica: ReplicaSpec; generationId: string; parentPointId?: string; attempt: number },
    signal: AbortSignal,
  ): Promise<BlockSink> {
    const { generationId, attempt } = input;
    const subject = this.#subject("open generation", generationId);
    await this.#refuseSealed(generationId, subject, signal);
    const volume = (await this.#working(generationId, subject, signal)) ?? (await this.#make(input, subject, signal));
    await this.#claim(volume, attempt, subject, signal);
    const wanted = { owner: ownerOf(generationId), diskId: volume.volumeId, device: helperDevice };
    return this.#parts.helpers.openSink(wanted, signal);
  }

  async seal(
    input: { replicaId: string; generationId: string; attempt: number },
    signal: AbortSignal,
  ): Promise<RecoveryPoint> {
    const { replicaId, generationId, attempt } = input;
    const subject = this.#subject("seal generation", generationId);
    const volume = await this.#working(generationId, subject, signal);
    const sealed = await this.#parts.points.lookUp(generationId, subject, signal);
    if (!volume && !sealed) throw notFound(subject, "there is no such generation");
    if (volume && !sealed && Number(volume.notes.attempt ?? 0) !== attempt) {
      throw conflict(subject, `attempt ${volume.notes.attempt} has taken it over`, "Let that one seal it.");
    }
    // From here on nobody writes to it.
    await this.#parts.helpers.removeAll(ownerOf(generationId), signal);
    const backup = volume
      ? await this.#parts.backups.create(
          {
            volumeId: volume.volumeId,
            key: generationId,
            name: volume.name,
            tags: withoutKey(volume),
            notes: { point: "sealed", replica: replicaId.slice(0, 64) },
          },
          subject,
          signal,
        )
      : await this.#parts.backups.completed(sealed?.backupId ?? "", subject, signal);
    if (volume) await this.#parts.volumes.delete(volume.volumeId, signal);
    return toRecoveryPoint(this.#oci.site, backup);
  }

  async discard(generationId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("discard generation", generationId);
    await this.#refuseSealed(generationId, subject, signal);
    await this.#parts.helpers.removeAll(ownerOf(generationId), signal);
    const volume = await this.#working(generationId, subject, signal);
    if (volume) await this.#parts.volumes.delete(volume.volumeId, signal);
  }

  async #refuseSealed(generationId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    if (await this.#parts.points.lookUp(generationId, subject, signal)) {
      throw conflict(subject, "it is sealed", "Open another generation.");
    }
  }

  async #working(generationId: string, subject: Subject, signal: AbortSignal): Promise<OciVolume | undefined> {
    const volume = await this.#parts.volumes.ofKey(generationId, subject, signal);
    return volume?.notes.purpose === purpose ? volume : undefined;
  }

  /** The retry token of a generation is good for one volume: what was discarded does not come back as long as Oracle remembers
   *  it ("24 hours"). */
  async #make(
    input: { replica: ReplicaSpec; generationId: string; parentPointId?: string },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<OciVolume> {
    const { replica, generationId, parentPointId } = input;
    const { sizeBytes, encryptionKey, tags, replicaId } = replica;
    const { points, blank, placements, volumes } = this.#parts;
    const parent = await (parentPointId === undefined
      ? blank.backup(signal)
      : points.find(parentPointId, subject, signal));
    if (parent.sizeBytes > sizeBytes) {
      throw invalid(subject, "its parent is larger than it", "Give it its parent's size at least.");
    }
    try {
      return await volumes.restore(
        {
          backupId: parent.backupId,
          sizeBytes,
          availabilityDomain: await placements.availabilityDomain(subject, signal),
          key: generationId,
          name: `novacron ${replicaId}`.slice(0, 255),
          tags,
          notes: { purpose },
          once: true,
          ...(encryptionKey !== undefined && { encryptionKey }),
        },
        subject,
        signal,
      );
    } catch (error) {
      if (!isProviderError(error, "Conflict")) throw error;
      throw conflict(subject, "it was discarded", "Open another generation.");
    }
  }

  async #claim(volume: OciVolume, attempt: number, subject: Subject, signal: AbortSignal): Promise<void> {
    const { volumeId, notes, tags } = volume;
    const newest = Number(notes.attempt ?? 0);
    if (newest > attempt) throw conflict(subject, `attempt ${newest} has taken it over`, "Let that one go on.");
    if (newest === attempt) return;
    const { volumes, view, volumeView } = this.#parts;
    await volumes.setTags(volumeId, tags, { ...notes, attempt: String(attempt) }, subject, signal);
    await view.shown(async () => {
      const seen = await volumeView.byId(volumeId, subject, signal);
      return Number(seen?.notes.attempt ?? 0) >= attempt || undefined;
    }, signal);
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#oci.resource("generation", id) };
  }
}

function withoutKey({ tags }: OciVolume): Record<string, string> {
  const { "novacron:key": _key, "novacron:managed": _managed, ...own } = tags;
  return own;
}
