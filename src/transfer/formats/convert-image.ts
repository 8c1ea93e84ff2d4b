import { randomUUID } from "node:crypto";
import { type ConvertProgress, writeImage } from "./convert.ts";
import type { ImageFormat } from "./format-names.ts";
import { openImage } from "./open-image.ts";
import { OutputFile, requireRoom } from "./output-file.ts";

export interface ConvertImageInput {
  readonly source: string;
  /** Undefined: by its mark. */
  readonly from?: ImageFormat;
  readonly target: string;
  readonly to: ImageFormat;
  /** Replaces a file that is there. */
  readonly replace?: boolean;
  /** Waits until the disk has it all before it takes its name. */
  readonly flush?: boolean;
  readonly onProgress?: (progress: ConvertProgress) => void;
  readonly signal?: AbortSignal;
}

export interface ConvertedImage {
  readonly sourceFormat: ImageFormat;
  readonly sizeBytes: number;
  /** Bytes of the disk that the source stores. */
  readonly allocatedBytes: number;
  /** Of these, the bytes that were not zeros. */
  readonly dataBytes: number;
  readonly fileBytes: number;
}

/**
 * Writes the disk of an image file as another image file, which takes its name when it is whole; a failure or an abort
 * leaves nothing behind.
 * @throws ProviderError as {@link openImage}; Conflict when the target is there; InsufficientCapacity without room for it.
 */
export async function convertImage(input: ConvertImageInput): Promise<ConvertedImage> {
  const { to, onProgress, signal } = input;
  const source = await openImage(input.source, { format: input.from, signal });
  try {
    const { allocatedBytes, compressedBytes } = await source.survey(signal);
    const output = await OutputFile.create(input.target, { replace: input.replace ?? false });
    try {
      // What isn't compressed has its room already, in the source; a small file can unpack to more than any disk holds.
      requireRoom(input.target, compressedBytes, await output.freeBytes());
      const identity = { id: randomUUID(), createdAt: new Date() };
      const written = await writeImage({
        source,
        compressed: compressedBytes > 0,
        format: to,
        output,
        identity,
        onProgress,
        signal,
      });
      await output.commit({ flush: input.flush ?? false });
      return { sourceFormat: source.facts.format, sizeBytes: source.sizeBytes, allocatedBytes, ...written };
    } catch (error) {
      await output.discard();
      throw error;
    }
  } finally {
    await source.close();
  }
}
