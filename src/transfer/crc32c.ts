/** The Castagnoli polynomial, bits reversed. */
const polynomial = 0x82f63b78;
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  return value;
});

/** The register after more bytes; it begins as all ones, and formats differ in whether they invert it in the end. */
export function addToCrc32c(register: number, bytes: Uint8Array): number {
  let crc = register;
  for (let index = 0; index < bytes.byteLength; index++) {
    crc = (table[(crc ^ (bytes[index] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  }
  return crc >>> 0;
}
