import { lstat, rm } from "node:fs/promises";
import { tagKeys } from "../../domain/vm.ts";
import { unsupported } from "../failures.ts";
import { writeJsonOnce } from "../record-files.ts";
import { checkId, type Folder, idOf } from "./folder.ts";
import type { Layers } from "./layers.ts";
import type { Points } from "./points.ts";
import { blockLogOf } from "./raw-disk.ts";
import type { Volumes } from "./volumes.ts";

/** A disk from outside that is to go when nothing is built on it. */
export interface ExternalRecord {
  readonly id: string;
  readonly file: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Keeps the bytes of what was removed as long as something is built on them, and drops them then. */
export class Retention {
  readonly #folder: Folder;
  readonly #layers: Layers;
  readonly #points: Points;
  readonly #volumes: Volumes;

  constructor(folder: Folder, layers: Layers, points: Points, volumes: Volumes) {
    this.#folder = folder;
    this.#layers = layers;
    this.#points = points;
    this.#volumes = volumes;
  }

  async removeExternal(path: string): Promise<void> {
    const stats = await lstat(path).catch(() => undefined);
    if (!stats) return;
    if (!stats.isFile()) {
      const subject = this.#folder.subject("delete volume", "volume", path);
      throw unsupported(subject, "it is no plain file", "Remove it with the host's own tools.");
    }
    const record: ExternalRecord = {
      id: idOf("ext", path),
      file: this.#folder.named(path),
      tags: { [tagKeys.managed]: "true" },
    };
    await writeJsonOnce(this.#folder.path("external", `${record.id}.json`), record);
  }

  listExternal(): Promise<ExternalRecord[]> {
    return this.#folder.records<ExternalRecord>("external");
  }

  async sweep(): Promise<void> {
    while (await this.#sweepOnce());
    await this.#folder.sweepLeftOvers();
  }

  /** Whether anything went, so that what it was built on may go too. */
  async #sweepOnce(): Promise<boolean> {
    const generations = await this.#layers.list();
    const parents = new Set(generations.map(({ parentPointId }) => parentPointId));
    let dropped = false;
    for (const { generationId, deleted } of generations) {
      if (!deleted || parents.has(generationId)) continue;
      await this.#layers.drop(generationId);
      dropped = true;
    }
    const adopted = await this.#points.listAdopted();
    for (const { pointId, deleted } of adopted) {
      if (!deleted || parents.has(pointId)) continue;
      await this.#points.forgetAdopted(pointId);
      dropped = true;
    }
    const needed = new Set((await this.#points.listAdopted()).map(({ file }) => this.#folder.absolute(file)));
    for (const { volumeId, state } of await this.#volumes.list()) {
      if (state !== "deleted" || needed.has(this.#volumes.diskPath(volumeId))) continue;
      await this.#volumes.drop(volumeId);
    }
    for (const { id, file } of await this.listExternal()) {
      const path = this.#folder.absolute(file);
      if (needed.has(path)) continue;
      await rm(path, { force: true });
      await rm(blockLogOf(path), { force: true });
      await rm(this.#folder.path("external", `${checkId(id)}.json`), { force: true });
    }
    return dropped;
  }
}
