import { randomBytes } from "node:crypto";
import { constants, fsync, ftruncate, write } from "node:fs";
import { access, type FileHandle, link, open, rename, rm, statfs } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { ProviderError } from "../../domain/errors.ts";
import type { Write } from "./image-writer.ts";

const operation = "write the image";
/**
 * Written at most so much at once: of more the kernel makes folios of the page cache so large that they are seldom at hand
 * (measured on ext4 of Linux 6.18, writes of 128 or 256 KiB against 512 KiB and more: less than half of the processor).
 */
export const writePieceBytes = 256 * 1024;

/** A new file that takes its name only when it is whole; until then it lies beside it under a name of its own. */
export class OutputFile {
  readonly path: string;
  readonly name: string;
  readonly #handle: FileHandle;
  readonly #partial: string;
  readonly #replace: boolean;

  private constructor(path: string, partial: string, handle: FileHandle, replace: boolean) {
    this.path = path;
    this.name = basename(path);
    this.#partial = partial;
    this.#handle = handle;
    this.#replace = replace;
  }

  /** @throws ProviderError Conflict when the file is there and `replace` is not set. */
  static async create(path: string, { replace }: { replace: boolean }): Promise<OutputFile> {
    if (!replace && (await exists(path))) throw isThere(path);
    const partial = join(dirname(path), `.${basename(path).slice(0, 200)}.${randomBytes(4).toString("hex")}.partial`);
    try {
      // As other programs make images: readable by whom the account's mask allows.
      return new OutputFile(path, partial, await open(partial, "wx", 0o666), replace);
    } catch (cause) {
      throw failedWith(path, cause);
    }
  }

  /** Bytes that this account may still write beside the file. */
  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(dirname(this.path));
    return bavail * bsize;
  }

  async write({ at, bytes }: Write): Promise<void> {
    for (let done = 0; done < bytes.byteLength; ) done += await this.#writeOnce(bytes, done, at + done);
  }

  setLength(bytes: number): Promise<void> {
    return this.#try(() => promisify(ftruncate)(this.#handle.fd, bytes));
  }

  /** Gives the file its name, with `flush` only when the disk has it. */
  async commit({ flush }: { flush: boolean }): Promise<void> {
    await this.#try(async () => {
      if (flush) await promisify(fsync)(this.#handle.fd);
      await this.#handle.close();
      if (this.#replace) await rename(this.#partial, this.path);
      else await this.#linkAsNew();
    });
  }

  /** Removes what was written so far. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(this.#partial, { force: true });
  }

  /** Unlike a rename, a link never replaces a file that came up meanwhile. */
  async #linkAsNew(): Promise<void> {
    try {
      await link(this.#partial, this.path);
    } catch (error) {
      if (codeOf(error) === "EEXIST") throw isThere(this.path);
      // A file system without links.
      if (await exists(this.path)) throw isThere(this.path);
      await rename(this.#partial, this.path);
      return;
    }
    await rm(this.#partial);
  }

  #writeOnce(bytes: Uint8Array, done: number, at: number): Promise<number> {
    return new Promise((resolve, reject) => {
      write(this.#handle.fd, bytes, done, Math.min(writePieceBytes, bytes.byteLength - done), at, (cause, written) => {
        if (cause) reject(failedWith(this.path, cause));
        else resolve(written);
      });
    });
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      throw cause instanceof ProviderError ? cause : failedWith(this.path, cause);
    }
  }
}

/** @throws ProviderError InsufficientCapacity before anything is written in vain. */
export function requireRoom(path: string, neededBytes: number, freeBytes: number): void {
  if (neededBytes <= freeBytes) return;
  throw new ProviderError("InsufficientCapacity", {
    operation,
    resource: path,
    reason: `up to ${neededBytes} bytes are to be written, and ${freeBytes} are free there`,
    action: "Free space, or write it elsewhere.",
  });
}

async function exists(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}

function isThere(path: string): ProviderError {
  return new ProviderError("Conflict", {
    operation,
    resource: path,
    reason: "there is a file of that name",
    action: "Choose another name, or replace it with --force.",
  });
}

function failedWith(path: string, cause: unknown): ProviderError {
  const code = codeOf(cause);
  const common = { operation, resource: path, cause };
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new ProviderError("InsufficientCapacity", {
      ...common,
      reason: "the storage is full",
      action: "Free space, or write it elsewhere.",
    });
  }
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new ProviderError("NotFound", {
      ...common,
      reason: "its folder is not there",
      action: "Make the folder first.",
    });
  }
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
    return new ProviderError("CloudPermissionDenied", {
      ...common,
      reason: `this account may not write there (${code})`,
      action: "Give it the right to, or write elsewhere.",
    });
  }
  return new ProviderError("Unavailable", {
    ...common,
    reason: `its storage failed (${code})`,
    action: "Look at the disk that the file is to be on, and try again.",
  });
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
}
