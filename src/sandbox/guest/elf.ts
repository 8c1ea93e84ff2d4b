const dynamicSegment = 2;
const loadSegment = 1;
const needed = 1n;
const stringTable = 5n;

/** The names of the shared libraries that a 64-bit little-endian program or library asks for (ELF's `DT_NEEDED`). */
export function neededLibraries(file: Buffer): string[] {
  if (file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2) return [];
  const segments = segmentsOf(file);
  const dynamic = segments.find(({ type }) => type === dynamicSegment);
  if (!dynamic) return [];
  const entries: [tag: bigint, value: bigint][] = [];
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16) {
    entries.push([file.readBigInt64LE(at), file.readBigUInt64LE(at + 8)]);
  }
  const strings = entries.find(([tag]) => tag === stringTable)?.[1];
  if (strings === undefined) return [];
  const table = offsetOf(segments, Number(strings));
  return entries.filter(([tag]) => tag === needed).map(([, name]) => textAt(file, table + Number(name)));
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

function segmentsOf(file: Buffer): Segment[] {
  const table = Number(file.readBigUInt64LE(32));
  const [size, count] = [file.readUInt16LE(54), file.readUInt16LE(56)];
  return Array.from({ length: count }, (_, index) => {
    const at = table + index * size;
    return {
      type: file.readUInt32LE(at),
      offset: Number(file.readBigUInt64LE(at + 8)),
      address: Number(file.readBigUInt64LE(at + 16)),
      size: Number(file.readBigUInt64LE(at + 32)),
    };
  });
}

/** Where in the file an address of the loaded program comes from. */
function offsetOf(segments: readonly Segment[], address: number): number {
  const holder = segments.find(
    (segment) => segment.type === loadSegment && address >= segment.address && address < segment.address + segment.size,
  );
  return holder ? address - holder.address + holder.offset : address;
}

function textAt(file: Buffer, at: number): string {
  return file.toString("latin1", at, file.indexOf(0, at));
}
