/** The Castagnoli polynomial, bits reversed. */
const polynomial = 0x82f63b78;
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  return value;
});

/** CRC-32C of `bytes`, with the four bytes at `checksumAt` taken as zeros, as VHDX keeps it in its structures. */
export function crc32c(bytes: Uint8Array, checksumAt: number = Number.NEGATIVE_INFINITY): number {
  let crc = 0xffffffff;
  for (let index = 0; index < bytes.byteLength; index++) {
    const own = index >= checksumAt && index < checksumAt + 4;
    crc = (table[(crc ^ (own ? 0 : (bytes[index] ?? 0))) & 0xff] ?? 0) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}
