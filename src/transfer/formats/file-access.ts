import { close, constants, fstat, open, read, type Stats } from "node:fs";
import { promisify } from "node:util";
import { ProviderError } from "../../domain/errors.ts";
import { damaged } from "./failures.ts";
import { askDataRanges } from "./file-holes.ts";
import type { RandomAccess, Range } from "./image.ts";

const blockBytes = 512;

/**
 * Opens a regular file for reading.
 * @throws ProviderError NotFound, CloudPermissionDenied, InvalidInput for what is no file.
 */
export async function openFile(path: string): Promise<RandomAccess> {
  // A pipe would otherwise hold the open up until somebody writes to it.
  const handle = await promisify(open)(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw cannotOpen(path, cause);
  });
  const stats = await promisify(fstat)(handle);
  if (stats.isFile()) return new FileAccess(path, handle, stats);
  await promisify(close)(handle);
  throw new ProviderError("InvalidInput", {
    operation: "open the image",
    resource: path,
    reason: "it is not a file",
    action: "Name an image file; a device is copied into one first.",
  });
}

class FileAccess implements RandomAccess {
  readonly name: string;
  readonly sizeBytes: number;
  readonly #handle: number;
  readonly #sparse: boolean;
  #ranges: Promise<readonly Range[] | undefined> | undefined;
  #closed = false;

  constructor(path: string, handle: number, stats: Stats) {
    this.name = path;
    this.#handle = handle;
    this.sizeBytes = stats.size;
    this.#sparse = stats.blocks * blockBytes < stats.size;
  }

  async read(at: number, target: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    for (let done = 0; done < target.byteLength; ) {
      const got = await this.#readOnce(at + done, target, done);
      signal?.throwIfAborted();
      if (got === 0)
        throw damaged(this.name, `it ends at byte ${at + done}, and byte ${at + target.byteLength} is needed`);
      done += got;
    }
  }

  dataRanges(): Promise<readonly Range[] | undefined> {
    if (!this.#sparse) return Promise.resolve(undefined);
    this.#ranges ??= askDataRanges(this.#handle);
    return this.#ranges;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await promisify(close)(this.#handle);
  }

  #readOnce(at: number, target: Uint8Array, done: number): Promise<number> {
    return new Promise((resolve, reject) => {
      read(this.#handle, target, done, target.byteLength - done, at, (cause, got) => {
        if (!cause) resolve(got);
        else reject(cannotRead(this.name, at + done, cause));
      });
    });
  }
}

function cannotOpen(path: string, cause: unknown): ProviderError {
  const code = codeOf(cause);
  const common = { operation: "open the image", resource: path, cause };
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new ProviderError("NotFound", { ...common, reason: "there is no such file", action: "Check the path." });
  }
  if (code === "EACCES" || code === "EPERM") {
    const action = "Give this account the right to read it.";
    return new ProviderError("CloudPermissionDenied", { ...common, reason: "this account may not read it", action });
  }
  return new ProviderError("InvalidInput", {
    ...common,
    reason: `it can't be opened (${code})`,
    action: "Name an image file that this machine can read.",
  });
}

function cannotRead(path: string, at: number, cause: unknown): ProviderError {
  return new ProviderError("Unavailable", {
    operation: "read the image",
    resource: path,
    reason: `its storage failed at byte ${at} (${codeOf(cause)})`,
    action: "Look at the disk that the file is on, and try again.",
    cause,
  });
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
}
