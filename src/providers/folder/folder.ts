import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { isAbsolute, join, relative, resolve } from "node:path";
import { ProviderError } from "../../domain/errors.ts";
import { fileFailure, invalid, type Subject, unsupported } from "../failures.ts";
import type { CallBudget, ProviderContext } from "../provider.ts";
import { readJson, readNames, writeJsonOnce } from "../record-files.ts";

const format = 1;
/** A file system takes far more. */
const callRate = { perSecond: 200 };
const folders = ["vms", "volumes", "generations", "adopted", "external", "points", "tracking", "gone"] as const;
export type RecordFolder = (typeof folders)[number];

const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,120}$/;
/** A record that somebody was writing when it was left; far longer than a write takes. */
const leftOverMs = 24 * 60 * 60 * 1000;
/** How long a late attempt at a discarded generation is still recognised. */
const tombstoneMs = 7 * leftOverMs;

/** A site's folder. It is never made here: an empty mount point must not be taken for an empty site. */
export class Folder {
  readonly site: string;
  readonly root: string;
  readonly log: ProviderContext["log"];
  readonly #budget: CallBudget;
  #id: string | undefined;

  constructor(context: ProviderContext, root: string) {
    this.site = context.site;
    this.root = resolve(root);
    this.log = context.log;
    this.#budget = context.budget("calls", callRate);
  }

  /** To be awaited before anything is done: takes a call of the site's budget and sees that the folder is still there.
   *  @throws ProviderError Unavailable when it is not: its file system may have been unmounted. */
  async begin(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#budget.take(signal);
    await this.open();
  }

  async open(): Promise<void> {
    const subject = { operation: "use the folder", resource: `${this.site} (${this.root})` };
    try {
      const known = await readJson<{ format: number; id: string }>(join(this.root, "site.json"));
      if (known && known.format !== format) {
        throw unsupported(subject, `its format is ${known.format}, not ${format}`, "Use the version that wrote it.");
      }
      if (known && (this.#id === undefined || this.#id === known.id)) {
        this.#id = known.id;
        return;
      }
      if (this.#id !== undefined || !(await isFolder(this.root))) throw this.#away(subject);
      for (const folder of folders) await mkdir(join(this.root, folder), { recursive: true, mode: 0o750 });
      await writeJsonOnce(join(this.root, "site.json"), { format, id: randomUUID() });
      this.#id = (await readJson<{ id: string }>(join(this.root, "site.json")))?.id;
    } catch (error) {
      throw fileFailure(error, subject);
    }
  }

  #away(subject: Subject): ProviderError {
    return new ProviderError("Unavailable", {
      ...subject,
      reason: this.#id === undefined ? "there is no such folder" : "it is not the folder that it was",
      action: "Mount its file system, or make the folder if it is new; it is tried again.",
    });
  }

  path(folder: RecordFolder, ...names: readonly string[]): string {
    return join(this.root, folder, ...names);
  }

  /** Of a file named in a record: relative names are below the folder, so that it can be mounted anywhere. */
  absolute(file: string): string {
    return resolve(this.root, file);
  }

  /** How a file is named in a record. */
  named(path: string): string {
    const below = relative(this.root, path);
    return below.startsWith("..") || isAbsolute(below) ? path : below;
  }

  /** Names in one of its folders that can be an id: other things may lie there (`lost+found`, `.nfs…`). */
  async ids(folder: RecordFolder): Promise<string[]> {
    return (await readNames(this.path(folder))).filter((name) => idPattern.test(name));
  }

  subject(operation: string, kind: string, id: string): Subject {
    return { operation, resource: `${this.site}/${kind}/${id}` };
  }

  async records<T>(folder: RecordFolder, ending: ".json" | ".deleted" = ".json"): Promise<T[]> {
    const names = (await readNames(this.path(folder))).filter((name) => name.endsWith(ending));
    const found = await Promise.all(names.map((name) => readJson<T>(this.path(folder, name))));
    return found.filter((record) => record !== undefined) as T[];
  }

  /** Drops records that were never finished and marks that are too old to matter. */
  async sweepLeftOvers(): Promise<void> {
    for (const folder of folders) {
      for (const entry of await readdir(this.path(folder))) {
        const limit = folder === "gone" ? tombstoneMs : entry.includes(".partial-") ? leftOverMs : undefined;
        if (limit === undefined) continue;
        const path = this.path(folder, entry);
        const stats = await stat(path).catch(() => undefined);
        if (stats && Date.now() - stats.mtimeMs > limit) await rm(path, { recursive: true, force: true });
      }
    }
  }
}

/** @throws ProviderError InvalidInput for what could not be a file's name. */
export function checkId(id: string): string {
  if (idPattern.test(id)) return id;
  const reason = "an id may have letters, digits, dots, hyphens and underscores only";
  throw invalid({ operation: "find it", resource: id }, reason, "Use the id as it was given out.");
}

/** The same parts, the same id. */
export function idOf(prefix: string, ...parts: readonly string[]): string {
  return `${prefix}-${createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 20)}`;
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await exists(path)) && (await stat(path)).isDirectory();
}
