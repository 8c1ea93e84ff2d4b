import { randomBytes } from "node:crypto";
import { link, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileFailure } from "./failures.ts";
import { markIsAlive, ownMark } from "./processes.ts";

/** A name beside `path` for what is being made; it tells whose it is, so that leftovers of the dead can be swept. */
export function partialName(path: string): string {
  return `${path}.partial-${ownMark()}-${randomBytes(4).toString("hex")}`;
}

/** Removes partial files whose makers are gone. */
export async function sweepPartials(folder: string): Promise<void> {
  for (const name of await readNames(folder)) {
    const mark = /\.partial-(\d+\.\d+)-[0-9a-f]+$/.exec(name)?.[1];
    if (mark !== undefined && !markIsAlive(mark)) await rm(join(folder, name), { force: true });
  }
}

/** Replaces a JSON file as a whole, durably. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  const partial = await writePartial(path, value);
  await rename(partial, path);
  await syncFile(dirname(path));
}

/** Writes a JSON file unless there is one; says whether it did. */
export async function writeJsonOnce(path: string, value: unknown): Promise<boolean> {
  const partial = await writePartial(path, value);
  return putOnce(partial, path);
}

/** Makes an empty file unless there is one, in a folder that is made with it. It takes no room of its own: what frees
 *  room has to work on a full storage. */
export async function markOnce(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await (await open(path, "a", 0o640)).close();
    await syncFile(dirname(path));
  } catch (error) {
    throw fileFailure(error, { operation: "write a record", resource: path });
  }
}

/** Gives a finished file its name unless that is taken; durable when it returns. The partial name is gone after. */
export async function putOnce(partial: string, path: string): Promise<boolean> {
  try {
    await link(partial, path);
    await syncFile(dirname(path));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  } finally {
    await rm(partial, { force: true });
  }
}

export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Names in a folder; none when it does not exist. */
export async function readNames(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Makes a file's bytes, or a folder's names, durable. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writePartial(path: string, value: unknown): Promise<string> {
  return writePartialText(path, `${JSON.stringify(value, undefined, 2)}\n`);
}

/** Writes what is to be `path`, durably, under a name of its own beside it; gives that name. */
export async function writePartialText(path: string, text: string): Promise<string> {
  const partial = partialName(path);
  try {
    const file = await open(partial, "wx", 0o640);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    return partial;
  } catch (error) {
    await rm(partial, { force: true });
    throw fileFailure(error, { operation: "write a record", resource: path });
  }
}
