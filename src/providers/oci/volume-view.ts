import type { models } from "oci-core";
import type { Tags } from "../../domain/tags.ts";
import type { Subject } from "../failures.ts";
import type { Oci } from "./client.ts";
import { isoOf, stateOf } from "./models.ts";
import { fromWire, type Notes } from "./tags.ts";
import { alive, goneIsUndefined, isId, isOver, items } from "./view.ts";

const GiB = 2 ** 30;
const limit = 1_000;

/** A boot volume or a block volume: two services to Oracle, the same kind of disk. */
export interface OciVolume {
  readonly volumeId: string;
  readonly name: string;
  readonly state: string;
  readonly sizeBytes: number;
  readonly availabilityDomain: string;
  /** `lower-cost`, `balanced`…: Oracle's words for its performance levels, as its price list has them. */
  readonly type: string;
  readonly createdAt: string;
  /** The backup that it was restored from. */
  readonly sourceBackupId?: string;
  readonly tags: Tags;
  readonly notes: Notes;
}

/** "Block Volume Performance": volume performance units a GB. */
const performance: readonly (readonly [number, string])[] = [
  [0, "lower-cost"],
  [10, "balanced"],
  [20, "higher-performance"],
  [30, "ultra-high-performance"],
];
export const usualType = "balanced";

/** @returns undefined for a word that Oracle does not have. */
export function vpusOf(type: string): number | undefined {
  return performance.find(([, word]) => word === type)?.[0];
}

export class VolumeView {
  readonly #oci: Oci;

  constructor(oci: Oci) {
    this.#oci = oci;
  }

  async *list(subject: Subject, signal: AbortSignal): AsyncGenerator<OciVolume> {
    const compartmentId = await this.#oci.compartment();
    const boots = items((page) =>
      this.#oci.block.call("listBootVolumes", { compartmentId, limit, page }, subject, signal),
    );
    for await (const volume of alive(boots)) yield toOurs(volume);
    const data = items((page) => this.#oci.block.call("listVolumes", { compartmentId, limit, page }, subject, signal));
    for await (const volume of alive(data)) yield toOurs(volume);
  }

  /** All by id. */
  async all(subject: Subject, signal: AbortSignal): Promise<Map<string, OciVolume>> {
    const found = new Map<string, OciVolume>();
    for await (const volume of this.list(subject, signal)) found.set(volume.volumeId, volume);
    return found;
  }

  /** Those of a few ids; what is gone is left out. */
  async byIds(ids: readonly string[], subject: Subject, signal: AbortSignal): Promise<Map<string, OciVolume>> {
    const found = new Map<string, OciVolume>();
    for (const id of ids) {
      const volume = await this.byId(id, subject, signal);
      if (volume) found.set(id, volume);
    }
    return found;
  }

  async byId(volumeId: string, subject: Subject, signal: AbortSignal): Promise<OciVolume | undefined> {
    const seen = await this.#read(volumeId, subject, signal);
    return seen && !isOver(seen) && stateOf(seen) !== "TERMINATING" ? toOurs(seen) : undefined;
  }

  /** True until Oracle says that it is over. */
  async isThere(volumeId: string, subject: Subject, signal: AbortSignal): Promise<boolean> {
    const seen = await this.#read(volumeId, subject, signal);
    return seen !== undefined && !isOver(seen);
  }

  async #read(volumeId: string, subject: Subject, signal: AbortSignal) {
    if (isId(volumeId, "bootvolume")) {
      const bootVolumeId = volumeId;
      const answer = await goneIsUndefined(this.#oci.block.call("getBootVolume", { bootVolumeId }, subject, signal));
      return answer?.bootVolume;
    }
    if (!isId(volumeId, "volume")) return undefined;
    const answer = await goneIsUndefined(this.#oci.block.call("getVolume", { volumeId }, subject, signal));
    return answer?.volume;
  }
}

export function toOurs(volume: models.BootVolume | models.Volume): OciVolume {
  const { id, displayName = id, sizeInGBs, sizeInMBs, availabilityDomain, vpusPerGB = 10, timeCreated } = volume;
  const source = volume.sourceDetails as { readonly id?: string } | undefined;
  const type = performance.findLast(([vpus]) => vpusPerGB >= vpus)?.[1] ?? usualType;
  return {
    volumeId: id,
    name: displayName,
    state: volume.lifecycleState,
    // Gigabytes of Oracle's are 2^30 bytes: "50 GB" has 53687091200.
    sizeBytes: (sizeInGBs ?? Math.ceil(sizeInMBs / 1_024)) * GiB,
    availabilityDomain,
    type,
    createdAt: isoOf(timeCreated),
    ...(source?.id !== undefined && /backup\./.test(source.id) && { sourceBackupId: source.id }),
    ...fromWire(volume),
  };
}
