/** Bytes as text of an alphabet that a tag's value takes, with a checksum. */

const alphabets = {
  base64url: { digits: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", bits: 6 },
  base32: { digits: "abcdefghijklmnopqrstuvwxyz234567", bits: 5 },
} as const;
export type TagAlphabet = keyof typeof alphabets;

/** The version of this form; a later one gets another digit. */
const version = "1";

/** `1-<CRC-32 in hex>-<digits>`. */
export function toTagText(text: string, alphabet: TagAlphabet): string {
  const bytes = new TextEncoder().encode(text);
  return `${version}-${crc32(bytes)}-${encode(bytes, alphabet)}`;
}

/** Undefined for anything that {@link toTagText} did not make. */
export function fromTagText(text: string, alphabet: TagAlphabet): string | undefined {
  const [, checksum, digits] = /^1-([0-9a-f]{8})-(.*)$/s.exec(text) ?? [];
  const bytes = digits === undefined ? undefined : decode(digits, alphabet);
  return bytes && crc32(bytes) === checksum ? new TextDecoder().decode(bytes) : undefined;
}

function encode(bytes: Uint8Array, alphabet: TagAlphabet): string {
  const { digits, bits } = alphabets[alphabet];
  let text = "";
  let buffer = 0;
  let held = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    held += 8;
    while (held >= bits) {
      held -= bits;
      text += digits[(buffer >> held) & ((1 << bits) - 1)];
      buffer &= (1 << held) - 1;
    }
  }
  return held > 0 ? text + digits[(buffer << (bits - held)) & ((1 << bits) - 1)] : text;
}

function decode(text: string, alphabet: TagAlphabet): Uint8Array | undefined {
  const { digits, bits } = alphabets[alphabet];
  const bytes: number[] = [];
  let buffer = 0;
  let held = 0;
  for (const digit of text) {
    const value = digits.indexOf(digit);
    if (value < 0) return undefined;
    buffer = (buffer << bits) | value;
    held += bits;
    if (held < 8) continue;
    held -= 8;
    bytes.push(buffer >> held);
    buffer &= (1 << held) - 1;
  }
  return Uint8Array.from(bytes);
}

/** A text that stands for one too long for a tag: its checksum and its end, which in clouds' ids is what tells them apart. */
export function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${crc32(new TextEncoder().encode(text))}-${text.slice(9 - length)}`;
}

/** CRC-32 as of zip and Ethernet. */
function crc32(bytes: Uint8Array): string {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, "0");
}
