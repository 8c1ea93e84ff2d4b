const magic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
/** A block of this type repeats one byte, so only that is stored. */
const repeated = 1;

/**
 * The length of the first zstd frame in `bytes` (RFC 8878, section 3.1.1). A stored cluster is padded to sectors, and the
 * decoder takes what follows a frame for another one.
 * @throws Error where there is no whole frame.
 */
export function zstdFrameBytes(bytes: Buffer): number {
  const start = bytes.readUInt32LE(0);
  if (start >>> 4 === skippableMagic >>> 4 || start !== magic) throw new Error("there is no zstd frame");
  const descriptor = bytes.readUInt8(4);
  const single = (descriptor & 0x20) !== 0;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  let at = 5 + (single ? 0 : 1) + dictionaryBytes + sizeBytes;
  for (let last = false; !last; ) {
    const header = bytes.readUIntLE(at, 3);
    last = (header & 1) !== 0;
    at += 3 + (((header >> 1) & 3) === repeated ? 1 : header >> 3);
  }
  const end = at + ((descriptor & 4) !== 0 ? 4 : 0);
  if (end > bytes.byteLength) throw new Error("the zstd frame is cut off");
  return end;
}
