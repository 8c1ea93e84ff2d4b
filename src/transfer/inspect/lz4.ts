import type { Cursor } from "./cursor.ts";
import { Unreadable } from "./disk-bytes.ts";

/**
 * The "legacy" LZ4 frame, the one that Linux reads an initramfs from (doc/lz4_Frame_format.md of lz4, "Legacy frame"):
 * a magic number, then blocks of at most 8 MiB, each with its compressed size before it.
 */
const lz4Magic = 0x184c2102;
const maxBlockBytes = 8 * 1024 * 1024;
const maxStoredBytes = maxBlockBytes + maxBlockBytes / 255 + 16;

/** Expands one frame that starts at the cursor; leaves the cursor after it. */
export async function* expandLz4(input: Cursor): AsyncGenerator<Buffer> {
  await input.skip(4);
  const block = Buffer.alloc(maxBlockBytes);
  while (true) {
    const head = await input.peek(4);
    if (head.length < 4) return;
    const stored = head.readUInt32LE(0);
    // Padding, or the next frame.
    if (stored === 0 || stored === lz4Magic) return;
    if (stored > maxStoredBytes) throw new Unreadable("its LZ4 data is damaged");
    await input.skip(4);
    yield Buffer.from(block.subarray(0, expandBlock(await input.take(stored), block)));
  }
}

/** Expands one block into `out`; returns its length. The format is doc/lz4_Block_format.md of lz4. */
function expandBlock(block: Buffer, out: Buffer): number {
  let [from, to] = [0, 0];
  const byte = (): number => {
    const value = block[from++];
    if (value === undefined) throw new Unreadable("its LZ4 data is damaged");
    return value;
  };
  const lengthOf = (nibble: number): number => {
    let length = nibble;
    if (nibble === 15) {
      for (let more = 255; more === 255; length += more) more = byte();
    }
    return length;
  };
  while (from < block.length) {
    const token = byte();
    const literals = lengthOf(token >> 4);
    if (from + literals > block.length || to + literals > out.length) throw new Unreadable("its LZ4 data is damaged");
    block.copy(out, to, from, from + literals);
    [from, to] = [from + literals, to + literals];
    // The last sequence has no match.
    if (from === block.length) break;
    const distance = byte() | (byte() << 8);
    const length = lengthOf(token & 0xf) + 4;
    if (distance === 0 || distance > to || to + length > out.length) throw new Unreadable("its LZ4 data is damaged");
    // A match may overlap what it makes: then it repeats.
    if (distance >= length) out.copy(out, to, to - distance, to - distance + length);
    else for (let at = to; at < to + length; at++) out[at] = out[at - distance] as number;
    to += length;
  }
  return to;
}
