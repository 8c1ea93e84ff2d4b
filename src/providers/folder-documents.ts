import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import type { TextStore } from "./documents.ts";
import { absentDocument } from "./documents-facet.ts";
import { fileFailure, type Subject } from "./failures.ts";
import { putOnce, readNames, writePartialText } from "./record-files.ts";

/** A folder a document; the part of a document's path that tells it from folders of longer names. */
const ending = ".doc";
const filePattern = /^(\d{12})\.json$/;

/**
 * Texts in a folder of a file system that may be a shared one. Each version is a file of its own with the next number, made by
 * `link`, which exactly one of several writers succeeds with, over NFS too. Nothing is locked, so nobody who dies leaves a
 * lock. A removed document is an empty version: numbers never begin again, so that a writer who slept can't write over it.
 */
export class FolderTexts implements TextStore {
  readonly #open: (signal: AbortSignal) => Promise<string>;

  /** `open` sees that the folder is there, and gives its path. */
  constructor(open: (signal: AbortSignal) => Promise<string>) {
    this.#open = open;
  }

  async read(name: string, subject: Subject, signal: AbortSignal) {
    return this.#within(subject, signal, async (root) => {
      const newest = await newestOf(join(root, name + ending));
      return newest && newest.text !== "" ? { text: newest.text, version: String(newest.number) } : undefined;
    });
  }

  async write(
    { name, text, version }: { readonly name: string; readonly text: string; readonly version: string },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    return this.#within(subject, signal, async (root) => {
      const folder = join(root, name + ending);
      const newest = await newestOf(folder);
      const expected = newest === undefined || newest.text === "" ? absentDocument : String(newest.number);
      if (expected !== version) return undefined;
      return (await put(folder, (newest?.number ?? 0) + 1, text)) ? String((newest?.number ?? 0) + 1) : undefined;
    });
  }

  async remove(name: string, subject: Subject, signal: AbortSignal): Promise<void> {
    await this.#within(subject, signal, async (root) => {
      const folder = join(root, name + ending);
      for (;;) {
        signal.throwIfAborted();
        const newest = await newestOf(folder);
        if (newest === undefined || newest.text === "") return;
        if (await put(folder, newest.number + 1, "")) return;
      }
    });
  }

  async *names(prefix: string, subject: Subject, signal: AbortSignal): AsyncGenerator<string> {
    const found = await this.#within(subject, signal, async (root) => {
      const folders = await foldersBelow(root);
      const names = folders.map((folder) => relative(root, folder).slice(0, -ending.length));
      const kept: string[] = [];
      for (const name of names.filter((each) => each.startsWith(prefix))) {
        const newest = await newestOf(join(root, name + ending));
        if (newest && newest.text !== "") kept.push(name);
      }
      return kept;
    });
    yield* found;
  }

  async #within<T>(subject: Subject, signal: AbortSignal, work: (root: string) => Promise<T>): Promise<T> {
    try {
      return await work(join(await this.#open(signal), "documents"));
    } catch (error) {
      throw fileFailure(error, subject);
    }
  }
}

/** The version with the highest number: that one counts, whatever else still lies there. */
async function newestOf(folder: string): Promise<{ number: number; text: string } | undefined> {
  for (;;) {
    const name = (await readNames(folder)).filter((each) => filePattern.test(each)).at(-1);
    if (name === undefined) return undefined;
    try {
      return { number: numberOf(name), text: await readFile(join(folder, name), "utf8") };
    } catch (error) {
      // A newer one has come, and this one went.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

/** False when somebody else has that number, or was further already: then an older number may be free again. */
async function put(folder: string, number: number, text: string): Promise<boolean> {
  await mkdir(folder, { recursive: true, mode: 0o750 });
  const path = join(folder, fileOf(number));
  if (!(await putOnce(await writePartialText(path, text), path))) return false;
  const numbers = (await readNames(folder)).filter((name) => filePattern.test(name)).map(numberOf);
  if (numbers.some((other) => other > number)) {
    await rm(path, { force: true });
    return false;
  }
  // The one before is kept, for a person who looks for what was there.
  for (const old of numbers.filter((other) => other < number - 1)) await rm(join(folder, fileOf(old)), { force: true });
  return true;
}

async function foldersBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    },
  );
  return entries
    .filter((entry) => entry.isDirectory() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name));
}

function fileOf(number: number): string {
  return `${String(number).padStart(12, "0")}.json`;
}

function numberOf(name: string): number {
  return Number(filePattern.exec(name)?.[1]);
}
