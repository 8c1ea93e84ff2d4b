import { copyFileSync } from "node:fs";
import { open } from "node:fs/promises";
import type { PreparationChange } from "../../../src/domain/preparation.ts";
import { preparedSince, prepareGuest } from "../../../src/transfer/prepare/index.ts";
import { FileSource } from "./file-source.ts";

/** Writes the changes into a copy of the image, as they would come to a target, and returns its path. */
export async function prepareFile(image: string, changes: readonly PreparationChange[]): Promise<string> {
  const source = await FileSource.open(image);
  const copy = `${image}-prepared`;
  try {
    const at = new Date("2026-01-02T03:04:05Z");
    const prepared = await prepareGuest(source, changes, { resource: "test", at });
    copyFileSync(image, copy);
    await using file = await open(copy, "r+");
    for await (const { offset, length } of prepared.source.extents({ sinceBaseline: preparedSince })) {
      const bytes = Buffer.alloc(length);
      await prepared.source.read(offset, bytes);
      await file.write(bytes, 0, length, offset);
    }
    return copy;
  } finally {
    await source.close();
  }
}
