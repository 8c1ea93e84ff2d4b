import type { Cursor } from "./cursor.ts";
import { Unreadable } from "./disk-bytes.ts";

export interface ArchiveEntry {
  readonly name: string;
  readonly mode: number;
  readonly sizeBytes: number;
}

const headerBytes = 110;
const maxNameBytes = 4096;
const trailer = "TRAILER!!!";

/**
 * Reads archives in the "newc" format that follow each other, as Linux unpacks them
 * (Documentation/driver-api/early-userspace/buffer-format.rst): until the stream ends, or something else comes.
 * `want` says which files' content `found` gets; others are skipped.
 */
export async function readArchives(
  input: Cursor,
  want: (entry: ArchiveEntry) => boolean,
  found: (entry: ArchiveEntry, content: Buffer | undefined) => void,
): Promise<void> {
  while (await input.skipZeros()) {
    const magic = (await input.peek(6)).toString("latin1");
    if (magic !== "070701" && magic !== "070702") return;
    await readArchive(input, want, found);
  }
}

async function readArchive(
  input: Cursor,
  want: (entry: ArchiveEntry) => boolean,
  found: (entry: ArchiveEntry, content: Buffer | undefined) => void,
): Promise<void> {
  const start = input.position;
  const align = () => input.skip((4 - ((input.position - start) % 4)) % 4);
  while (true) {
    const header = (await input.take(headerBytes)).toString("latin1");
    if (!/^07070[12][0-9a-fA-F]{104}$/.test(header)) throw new Unreadable("its archive is damaged");
    const field = (index: number) => Number.parseInt(header.slice(6 + 8 * index, 14 + 8 * index), 16);
    const [mode, sizeBytes, nameBytes] = [field(1), field(6), field(11)];
    if (nameBytes < 1 || nameBytes > maxNameBytes) throw new Unreadable("its archive is damaged");
    const name = (await input.take(nameBytes)).toString("utf8", 0, nameBytes - 1);
    await align();
    if (name === trailer) return;
    const entry = { name, mode, sizeBytes };
    if (want(entry)) found(entry, Buffer.from(await input.take(sizeBytes)));
    else {
      found(entry, undefined);
      await input.skip(sizeBytes);
    }
    await align();
  }
}
