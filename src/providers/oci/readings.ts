import { randomBytes } from "node:crypto";
import type { BlockSource } from "../../transfer/ports.ts";
import type { Subject } from "../failures.ts";
import type { Helpers } from "../helpers.ts";
import type { OciBackup } from "./backups.ts";
import type { Oci } from "./client.ts";
import { helperDevice } from "./helper-instances.ts";
import type { Placements } from "./placements.ts";
import { token } from "./tags.ts";
import type { OciVolume, VolumeView } from "./volume-view.ts";
import type { Volumes } from "./volumes.ts";

const closeWithinMs = 120_000;
/** A volume that was made so long ago and is read by nobody was left behind. */
const leftAfterMs = 3_600_000;

interface Parts {
  readonly placements: Placements;
  readonly volumeView: VolumeView;
  readonly volumes: Volumes;
  readonly helpers: Helpers;
}

/** Reads a backup or a volume: a volume is made of it, a helper has it attached, and both go with the reader. What a process that
 *  died has left is found by what it was made of. */
export class Readings {
  readonly #oci: Oci;
  readonly #parts: Parts;

  constructor(oci: Oci, parts: Parts) {
    this.#oci = oci;
    this.#parts = parts;
  }

  /** Only one reader with an `owner` at a time: opening it again takes the earlier one away. */
  async open(
    what: { readonly backup: OciBackup } | { readonly volume: OciVolume },
    owner: string,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<BlockSource> {
    await this.end(owner, signal);
    const of = "backup" in what ? what.backup.backupId : what.volume.volumeId;
    const key = `reading-${owner}-${randomBytes(6).toString("hex")}`;
    const made = { key, name: "novacron reading", tags: {}, notes: { purpose: "reading", owner } };
    try {
      const volume =
        "backup" in what
          ? await this.#parts.volumes.restore(
              {
                ...made,
                backupId: of,
                sizeBytes: what.backup.sizeBytes,
                availabilityDomain: await this.#parts.placements.availabilityDomain(subject, signal),
              },
              subject,
              signal,
            )
          : await this.#parts.volumes.clone({ ...made, volume: what.volume }, subject, signal);
      const remove = () => this.#parts.volumes.delete(volume.volumeId, AbortSignal.timeout(closeWithinMs));
      const wanted = { owner, diskId: volume.volumeId, device: helperDevice };
      const source = await this.#parts.helpers.openSource(wanted, signal);
      const { sizeBytes, wire } = source;
      let closing: Promise<void> | undefined;
      const close = async () => {
        await source.close();
        await remove();
      };
      return {
        sizeBytes,
        extents: (options) => source.extents(options),
        read: (offset, target, readSignal, vouched) => source.read(offset, target, readSignal, vouched),
        ...("hashes" in source && source.hashes && { hashes: source.hashes }),
        ...(wire && { wire }),
        close: () => (closing ??= close()),
      };
    } catch (error) {
      // Also one whose making was given up. A newer reader of the owner keeps its own.
      await this.#removeOf(key, subject, AbortSignal.timeout(closeWithinMs)).catch(() => undefined);
      throw error;
    }
  }

  /** Takes away what reads with this owner, here or in another process. */
  async end(owner: string, signal: AbortSignal): Promise<void> {
    const subject = { operation: "end a reading", resource: this.#oci.resource("volume", owner) };
    await this.#parts.helpers.removeAll(owner, signal);
    for await (const volume of this.#parts.volumeView.list(subject, signal)) {
      const { volumeId, notes } = volume;
      if (notes.purpose !== "reading") continue;
      if (notes.owner === owner) await this.#parts.volumes.delete(volumeId, signal);
      else await this.#sweep(volume, subject, signal);
    }
  }

  async #removeOf(key: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const volume = await this.#parts.volumes.ofKey(key, subject, signal);
    if (volume) await this.#parts.volumes.delete(volume.volumeId, signal);
  }

  /** Of another owner, whom nobody may ask for again. */
  async #sweep(volume: OciVolume, subject: Subject, signal: AbortSignal): Promise<void> {
    const { volumeId, state, createdAt } = volume;
    const isMade = state === "AVAILABLE" || state === "FAULTY";
    if (!isMade || Date.now() - Date.parse(createdAt) < leftAfterMs) return;
    try {
      if ((await this.#parts.volumes.userOf(volume, subject, signal)) !== undefined) return;
      await this.#parts.volumes.delete(volumeId, signal);
    } catch (error) {
      signal.throwIfAborted();
      const { site, log } = this.#oci;
      log("warn", "A volume that was left behind could not be removed; a later reading does", {
        site,
        volumeId,
        reason: String(error),
      });
    }
  }
}

/** An owner's id, as helpers take it. */
export function ownerOf(...parts: readonly string[]): string {
  return token(...parts).slice(0, 24);
}
