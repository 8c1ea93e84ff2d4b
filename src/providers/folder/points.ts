import { rename, rm } from "node:fs/promises";
import { tagKeys } from "../../domain/vm.ts";
import { conflict, notFound, type Subject } from "../failures.ts";
import type { ListedPoint, RecoveryPoint } from "../provider.ts";
import { readJson, writeJsonOnce } from "../record-files.ts";
import { checkId, exists, type Folder } from "./folder.ts";
import type { Generation, Layers } from "./layers.ts";
import { overlay, RangeMap } from "./ranges.ts";
import { BlockLog, type DiskState, diskState, isSame } from "./raw-disk.ts";
import { rawView, type View, type ViewFile, zeros } from "./view.ts";

/** A stopped VM's disk that serves as a recovery point as long as it is not written to. */
export interface AdoptedRecord {
  readonly pointId: string;
  /** As {@link Folder.named} has it. */
  readonly file: string;
  readonly state: DiskState;
  readonly createdAt: string;
  readonly tags: Readonly<Record<string, string>>;
}

type Found =
  | { readonly kind: "sealed"; readonly generation: Generation }
  | { readonly kind: "adopted"; readonly record: AdoptedRecord };

/** Recovery points, whether they were written here or are a VM's disk, and what they hold. */
export class Points {
  readonly #folder: Folder;
  readonly #layers: Layers;

  constructor(folder: Folder, layers: Layers) {
    this.#folder = folder;
    this.#layers = layers;
  }

  async adopt(record: Omit<AdoptedRecord, "tags">): Promise<void> {
    const tags = { [tagKeys.managed]: "true" };
    await writeJsonOnce(this.#folder.path("adopted", `${checkId(record.pointId)}.json`), { ...record, tags });
  }

  /** @throws NotFound when it is gone, Conflict when an adopted disk changed. */
  async get(pointId: string): Promise<RecoveryPoint> {
    const subject = this.#folder.subject("find recovery point", "recovery-point", pointId);
    const found = await this.#find(pointId);
    if (!found) throw notFound(subject, "it does not exist");
    if (found.kind === "sealed") return this.#sealed(found.generation);
    await this.#refuseChanged(found.record, subject);
    return this.#adopted(found.record);
  }

  /** All that were not removed; of an adopted one it isn't known whether its disk changed. */
  async list(): Promise<ListedPoint[]> {
    const sealed = (await this.#layers.list()).filter(({ seal, deleted }) => seal && !deleted);
    const adopted = (await this.listAdopted()).filter(({ deleted }) => !deleted);
    return [
      ...sealed.map((generation) => ({ ...this.#sealed(generation), tags: generation.tags })),
      ...adopted.map((record) => ({ ...this.#adopted(record), tags: record.tags })),
    ];
  }

  #sealed({ generationId: pointId, sizeBytes, createdAt, seal }: Generation): RecoveryPoint {
    const { site } = this.#folder;
    return { pointId, site, sizeBytes, createdAt: seal?.sealedAt ?? createdAt, kind: "sealed" };
  }

  #adopted({ pointId, createdAt, state: { sizeBytes } }: AdoptedRecord): RecoveryPoint {
    return { pointId, site: this.#folder.site, sizeBytes, createdAt, kind: "adopted" };
  }

  /** A point's content; also of one that was removed and is still built on, when `kept` is set. */
  async view(pointId: string, kept = false): Promise<View> {
    const subject = this.#folder.subject("read recovery point", "recovery-point", pointId);
    const found = await this.#find(pointId, kept);
    if (!found) throw notFound(subject, "it does not exist");
    if (found.kind === "sealed") return this.#layerView(found.generation);
    await this.#refuseChanged(found.record, subject);
    const path = this.#folder.absolute(found.record.file);
    const { state } = found.record;
    return rawView(path, state, (await BlockLog.read(path)).allocation(state.stamp));
  }

  async delete(pointId: string): Promise<void> {
    const generation = await this.#layers.get(pointId);
    if (generation?.seal) await this.#layers.markDeleted(pointId);
    const path = this.#folder.path("adopted", checkId(pointId));
    if (await exists(`${path}.json`)) await rename(`${path}.json`, `${path}.deleted`).catch(() => undefined);
  }

  async listAdopted(): Promise<(AdoptedRecord & { readonly deleted: boolean })[]> {
    const live = await this.#folder.records<AdoptedRecord>("adopted");
    const gone = await this.#folder.records<AdoptedRecord>("adopted", ".deleted");
    return [...live.map((each) => ({ ...each, deleted: false })), ...gone.map((each) => ({ ...each, deleted: true }))];
  }

  async forgetAdopted(pointId: string): Promise<void> {
    await rm(this.#folder.path("adopted", `${checkId(pointId)}.deleted`), { force: true });
  }

  async #find(pointId: string, kept = false): Promise<Found | undefined> {
    const generation = await this.#layers.get(pointId);
    if (generation?.seal && (kept || !generation.deleted)) return { kind: "sealed", generation };
    const path = this.#folder.path("adopted", checkId(pointId));
    const record =
      (await readJson<AdoptedRecord>(`${path}.json`)) ??
      (kept ? await readJson<AdoptedRecord>(`${path}.deleted`) : undefined);
    return record && { kind: "adopted", record };
  }

  /** What the parts wrote, newest on top, over the parent's content. */
  async #layerView(generation: Generation): Promise<View> {
    const { generationId, parentPointId, sizeBytes } = generation;
    const below = parentPointId === undefined ? undefined : await this.view(parentPointId, true);
    const files: ViewFile[] = [...(below?.files ?? [])];
    const own = new RangeMap();
    let issued: number | undefined;
    const parts = generation.seal?.parts ?? [];
    for (const part of parts) {
      const { log, file } = await this.#layers.readPart(generationId, part);
      const indices = new Map<number, number>([[zeros, zeros]]);
      for (const { offset, end, value } of log.map) {
        if (!indices.has(value)) indices.set(value, files.push({ path: file(value) }) - 1);
        own.set(offset, end, indices.get(value) as number);
      }
      issued = log.issued;
    }
    const map = below ? overlay(below.map, own, sizeBytes) : own;
    const [only] = files;
    if (!below && only && files.length === 1 && parts.length === 1) {
      const data = RangeMap.of(
        [...own].flatMap(({ offset, end, value }) => (value === 0 ? [[offset, end - offset]] : [])),
      );
      // Every byte that was written to the file is in the log: the file is the disk.
      if (data.bytes === issued) return { sizeBytes, files: [{ ...only, whole: data }], map };
    }
    return { sizeBytes, files, map };
  }

  async #refuseChanged(record: AdoptedRecord, subject: Subject): Promise<void> {
    if (isSame(await diskState(this.#folder.absolute(record.file), subject), record.state)) return;
    throw conflict(
      subject,
      "the disk was written to since it became a recovery point",
      "Plan the move again: it then moves everything.",
    );
  }
}
