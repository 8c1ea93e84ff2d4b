import { mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tagKeys } from "../../domain/vm.ts";
import { conflict, fileFailure, invalid, type Subject } from "../failures.ts";
import type { Volume } from "../provider.ts";
import { readJson, syncFile, writeJson } from "../record-files.ts";
import { copyView } from "./copy-view.ts";
import { checkId, type Folder, idOf } from "./folder.ts";
import type { Points } from "./points.ts";
import { RangeMap } from "./ranges.ts";
import { blockLogOf, firstLine, restamp, wholeSectors } from "./raw-disk.ts";

export interface VolumeRecord {
  readonly volumeId: string;
  readonly sizeBytes: number;
  readonly createdAt: string;
  readonly key: string;
  readonly tags: Readonly<Record<string, string>>;
  /** The point that it was made from. */
  readonly pointId?: string;
}

export interface SeenVolume extends VolumeRecord {
  /** `making`: its maker is at it, or died. `deleted`: removed by its owner, kept while something is built on it. */
  readonly state: "making" | "ready" | "deleted";
}

const diskName = "disk.raw";
const makingPattern = /^(.+)\.making-(\d+)$/;

/** Raw images of our own, one folder each. A folder is made beside and renamed, so that a volume is there or not. */
export class Volumes {
  readonly #folder: Folder;
  readonly #points: Points;
  /** Makers of this process by volume; others that take over remove a maker's folder under it. */
  readonly #making = new Map<string, Promise<void>>();

  constructor(folder: Folder, points: Points) {
    this.#folder = folder;
    this.#points = points;
  }

  diskPath(volumeId: string): string {
    return this.#folder.path("volumes", checkId(volumeId), diskName);
  }

  /** The id of the volume whose image that is, when it is one of ours. */
  idOfPath(path: string): string | undefined {
    const prefix = `${this.#folder.path("volumes")}/`;
    const [id, name, ...rest] = path.startsWith(prefix) ? path.slice(prefix.length).split("/") : [];
    return id && name === diskName && rest.length === 0 ? id : undefined;
  }

  async get(volumeId: string): Promise<SeenVolume | undefined> {
    const folder = this.#folder.path("volumes", checkId(volumeId));
    const live = await readJson<VolumeRecord>(join(folder, "volume.json"));
    if (live) return { ...live, state: "ready" };
    const deleted = await readJson<VolumeRecord>(join(folder, "deleted.json"));
    return deleted && { ...deleted, state: "deleted" };
  }

  async list(): Promise<SeenVolume[]> {
    const names = await this.#folder.ids("volumes");
    const found = await Promise.all(
      names.map(async (name): Promise<SeenVolume | undefined> => {
        if (!makingPattern.test(name)) return this.get(name);
        const record = await readJson<VolumeRecord>(this.#folder.path("volumes", name, "volume.json"));
        return record && { ...record, state: "making" };
      }),
    );
    return found.filter((volume) => volume !== undefined);
  }

  async create(
    input: { sizeBytes: number; key: string; tags: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<Volume> {
    const subject = this.#folder.subject("create volume", "volume", input.key);
    if (!(input.sizeBytes > 0)) throw invalid(subject, "its size is 0", "Give a size in bytes.");
    const sizeBytes = wholeSectors(input.sizeBytes);
    return this.#place({ ...input, sizeBytes }, subject, signal, async (path) => {
      const file = await open(path, "wx", 0o640);
      try {
        await file.truncate(sizeBytes);
        await file.sync();
      } finally {
        await file.close();
      }
      return new RangeMap();
    });
  }

  async materialise(
    input: { pointId: string; key: string; tags: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<Volume> {
    const subject = this.#folder.subject("clone recovery point", "recovery-point", input.pointId);
    const known = (await this.list()).find(({ key, state }) => key === input.key && state === "ready");
    if (known) return toVolume(known);
    const { sizeBytes } = await this.#points.get(input.pointId);
    return this.#place({ ...input, sizeBytes }, subject, signal, async (path) =>
      copyView(await this.#points.view(input.pointId), path, subject, signal),
    );
  }

  /** Marks it removed, with what makers left of it; the bytes go when nothing is built on them. */
  async markDeleted(volumeId: string): Promise<void> {
    for (const { name, id } of await this.#makings()) if (id === volumeId) await this.#remove(name);
    const folder = this.#folder.path("volumes", checkId(volumeId));
    await rename(join(folder, "volume.json"), join(folder, "deleted.json")).catch(ignoreMissing);
  }

  async drop(volumeId: string): Promise<void> {
    await this.#remove(checkId(volumeId));
  }

  /** A key whose volume is only kept for what is built on it gets another id. */
  async #place(
    input: { sizeBytes: number; key: string; tags: Readonly<Record<string, string>>; pointId?: string },
    subject: Subject,
    signal: AbortSignal,
    fill: (path: string) => Promise<RangeMap>,
  ): Promise<Volume> {
    const { sizeBytes, key, pointId } = input;
    for (let round = 0; ; round++) {
      const volumeId = idOf("vol", key, String(round));
      const known = await this.get(volumeId);
      if (known?.state === "deleted") continue;
      if (known) return toVolume(known);
      const running = this.#making.get(volumeId);
      if (running) {
        await running.catch(() => undefined);
        round--;
        continue;
      }
      const tags = { ...input.tags, [tagKeys.managed]: "true", [tagKeys.key]: key };
      const record: VolumeRecord = { volumeId, sizeBytes, createdAt: new Date().toISOString(), key, tags, pointId };
      const making = this.#make(record, subject, fill);
      this.#making.set(volumeId, making);
      try {
        await making;
      } catch (error) {
        signal.throwIfAborted();
        throw fileFailure(error, subject);
      } finally {
        this.#making.delete(volumeId);
      }
      return toVolume((await this.get(volumeId)) ?? record);
    }
  }

  async #make(record: VolumeRecord, subject: Subject, fill: (path: string) => Promise<RangeMap>): Promise<void> {
    const { volumeId } = record;
    const earlier = (await this.#makings()).filter(({ id }) => id === volumeId);
    const turn = earlier.reduce((newest, making) => Math.max(newest, making.turn + 1), 0);
    const name = `${volumeId}.making-${turn}`;
    const folder = this.#folder.path("volumes", name);
    try {
      await mkdir(folder, { mode: 0o750 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") throw anotherMaker(subject);
      throw error;
    }
    try {
      // First, so that the census finds what a dead maker left.
      await writeJson(join(folder, "volume.json"), record);
      for (const making of earlier) await this.#remove(making.name);
      const path = join(folder, diskName);
      const data = await fill(path);
      const { stamp } = await restamp(path, subject);
      await writeFile(blockLogOf(path), firstLine(stamp, data), { mode: 0o640, flush: true });
      await syncFile(folder);
      await rename(folder, this.#folder.path("volumes", volumeId));
      await syncFile(this.#folder.path("volumes"));
    } catch (error) {
      await this.#remove(name);
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOTEMPTY" || code === "EEXIST") return;
      if (code === "ENOENT") throw anotherMaker(subject);
      throw error;
    }
  }

  async #makings(): Promise<{ name: string; id: string; turn: number }[]> {
    return (await this.#folder.ids("volumes")).flatMap((name) => {
      const [, id, turn] = makingPattern.exec(name) ?? [];
      return id && turn ? [{ name, id, turn: Number(turn) }] : [];
    });
  }

  async #remove(name: string): Promise<void> {
    await rm(this.#folder.path("volumes", name), { recursive: true, force: true });
  }
}

export function toVolume({ volumeId, sizeBytes, tags }: Volume): Volume {
  return { volumeId, sizeBytes, tags };
}

function anotherMaker(subject: Subject) {
  return conflict(subject, "another maker has taken over", "Leave it to that one.");
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
