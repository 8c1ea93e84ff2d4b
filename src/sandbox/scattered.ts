import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";

const writeChunk = 4 * 2 ** 20;

/** Makes a raw file with random data at its start, in its middle and at its end; `[offset, length]` of each. */
export async function writeScattered(
  path: string,
  sizeBytes: number,
  dataBytes: number,
): Promise<(readonly [number, number])[]> {
  const file = await open(path, "w");
  try {
    await file.truncate(sizeBytes);
    const third = Math.floor(dataBytes / 3);
    const last = dataBytes - 2 * third;
    const stretches = [
      [0, third],
      [Math.floor(sizeBytes / 2), third],
      [sizeBytes - last, last],
    ] as const;
    for (const [start, length] of stretches) {
      for (let at = start; at < start + length; ) {
        const bytes = randomBytes(Math.min(start + length - at, writeChunk));
        await file.write(bytes, 0, bytes.length, at);
        at += bytes.length;
      }
    }
    return stretches.filter(([, length]) => length > 0);
  } finally {
    await file.close();
  }
}
