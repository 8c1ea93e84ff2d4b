import type { BlockSource } from "../../../src/transfer/ports.ts";

/** Everything that a source holds, by its own extents; closes it. */
export async function readAll(source: BlockSource): Promise<Buffer> {
  const bytes = Buffer.alloc(source.sizeBytes);
  for await (const { offset, length, kind } of source.extents({})) {
    if (kind === "data") await source.read(offset, bytes.subarray(offset, offset + length));
  }
  await source.close();
  return bytes;
}
