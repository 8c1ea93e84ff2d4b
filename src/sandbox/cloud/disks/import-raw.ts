import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { DiskStore } from "./disk-store.ts";
import { blockBytes } from "./layer-reader.ts";

/** Makes a sealed layer of a raw disk image; blocks of zeros are left out. `sizeBytes` may exceed the image's. */
export async function importRaw(disks: DiskStore, layerId: string, path: string, sizeBytes: number): Promise<void> {
  await disks.createBlocks(layerId, sizeBytes);
  const file = await open(path, "r");
  try {
    for (let index = 0; ; index++) {
      const block = Buffer.alloc(blockBytes);
      const { bytesRead } = await file.read(block, 0, blockBytes, index * blockBytes);
      if (bytesRead === 0) break;
      if (isZero(block)) continue;
      await disks.putBlock(layerId, index, block, createHash("sha256").update(block).digest());
    }
  } finally {
    await file.close();
  }
  await disks.seal(layerId);
}

const zeros = Buffer.alloc(blockBytes);

function isZero(block: Buffer): boolean {
  return block.equals(zeros);
}
