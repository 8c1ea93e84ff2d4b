import { isProviderError } from "../../domain/errors.ts";
import type { BlockSink } from "../../transfer/ports.ts";
import { conflict, invalid, notFound, type Subject, unavailable } from "../failures.ts";
import type { Helpers } from "../helpers.ts";
import type { RecoveryPoint, ReplicaSpec } from "../provider.ts";
import type { Backups } from "./backups.ts";
import type { Blank } from "./blank.ts";
import type { Oci } from "./client.ts";
import { helperDevice } from "./helper-instances.ts";
import type { Placements } from "./placements.ts";
import { generationPurpose, type Points, toRecoveryPoint } from "./points.ts";
import { ownerOf } from "./readings.ts";
import type { OciView } from "./view.ts";
import type { OciVolume, VolumeView } from "./volume-view.ts";
import type { Volumes } from "./volumes.ts";

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
    const sealed = await this.#parts.points.lookUp(generationId, subject, signal);
    // What a seal that goes on backs up is its content already.
    if (sealed && sealed.state !== "failed") throw alreadySealed(subject);
    const volume = (await this.#working(generationId, subject, signal)) ?? (await this.#make(input, subject, signal));
    await this.#claim(volume, attempt, subject, signal);
    const wanted = { owner: ownerOf(generationId), diskId: volume.volumeId, device: helperDevice };
    const sink = await this.#parts.helpers.openSink(wanted, signal);
    try {
      // A newer attempt may have begun while the helper started.
      await this.#demandClaim(volume.volumeId, attempt, subject, signal);
      return sink;
    } catch (error) {
      await sink.close().catch(() => undefined);
      throw error;
    }
  }

  async seal(
    input: { replicaId: string; generationId: string; attempt: number },
    signal: AbortSignal,
  ): Promise<RecoveryPoint> {
    const { replicaId, generationId, attempt } = input;
    const subject = this.#subject("seal generation", generationId);
    const volume = await this.#working(generationId, subject, signal);
    const known = await this.#parts.points.lookUp(generationId, subject, signal);
    const sealed = known?.state === "failed" ? undefined : known;
    if (!volume && !sealed) throw notFound(subject, "there is no such generation");
    if (volume && !sealed) await this.#demandClaim(volume.volumeId, attempt, subject, signal);
    // From here on nobody writes to it.
    await this.#parts.helpers.removeAll(ownerOf(generationId), signal);
    if (known && !sealed) await this.#parts.backups.delete(known.backupId, subject, signal);
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
    const known = await this.#parts.points.lookUp(generationId, subject, signal);
    if (known?.state === "completed") throw alreadySealed(subject);
    await this.#parts.helpers.removeAll(ownerOf(generationId), signal);
    // Of a seal that was given up.
    if (known) await this.#parts.backups.delete(known.backupId, subject, signal);
    const volume = await this.#working(generationId, subject, signal);
    if (volume) await this.#parts.volumes.delete(volume.volumeId, signal);
  }

  async #working(generationId: string, subject: Subject, signal: AbortSignal): Promise<OciVolume | undefined> {
    const volume = await this.#parts.volumes.ofKey(generationId, subject, signal);
    return volume?.notes.purpose === generationPurpose ? volume : undefined;
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
          notes: { purpose: generationPurpose },
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

  /** Notes the attempt as the newest one; of several at once the newest has it. */
  async #claim({ volumeId }: OciVolume, attempt: number, subject: Subject, signal: AbortSignal): Promise<void> {
    const { volumes, view, volumeView } = this.#parts;
    await volumes.changeNotes(
      volumeId,
      (notes) => {
        const newest = Number(notes.attempt ?? 0);
        if (newest > attempt) throw takenOver(newest, subject);
        return newest === attempt ? undefined : { ...notes, attempt: String(attempt) };
      },
      subject,
      signal,
    );
    const isShown = await view.shown(async () => {
      const seen = await volumeView.byId(volumeId, subject, signal);
      return Number(seen?.notes.attempt ?? 0) >= attempt || undefined;
    }, signal);
    if (!isShown) throw unavailable(subject, "Oracle Cloud does not show the attempt that it took");
    await this.#demandClaim(volumeId, attempt, subject, signal);
  }

  async #demandClaim(volumeId: string, attempt: number, subject: Subject, signal: AbortSignal): Promise<void> {
    const seen = await this.#parts.volumeView.byId(volumeId, subject, signal);
    if (!seen) throw notFound(subject, `its volume ${volumeId} is gone`);
    const newest = Number(seen.notes.attempt ?? 0);
    if (newest !== attempt) throw takenOver(newest, subject);
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#oci.resource("generation", id) };
  }
}

function alreadySealed(subject: Subject): Error {
  return conflict(subject, "it is sealed", "Open another generation.");
}

function takenOver(newest: number, subject: Subject): Error {
  return conflict(subject, `attempt ${newest} has taken it over`, "Let that one go on.");
}

function withoutKey({ tags }: OciVolume): Record<string, string> {
  const { "novacron:key": _key, "novacron:managed": _managed, ...own } = tags;
  return own;
}
