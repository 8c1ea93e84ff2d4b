import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

export type ChecksumName = "crc32" | "crc32c" | "sha1" | "sha256" | "md5";

/** A checksum over bytes that come piece by piece. */
export interface Checksum {
  update(piece: Buffer): void;
  digest(): Buffer;
}

export function checksum(name: ChecksumName): Checksum {
  switch (name) {
    case "crc32":
      return new Crc(crc32);
    case "crc32c":
      return new Crc(crc32c);
    default: {
      const hash = createHash(name);
      return { update: (piece) => void hash.update(piece), digest: () => hash.digest() };
    }
  }
}

class Crc implements Checksum {
  readonly #step: (piece: Buffer, value: number) => number;
  #value = 0;

  constructor(step: (piece: Buffer, value: number) => number) {
    this.#step = step;
  }

  update(piece: Buffer): void {
    this.#value = this.#step(piece, this.#value);
  }

  digest(): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.#value >>> 0);
    return bytes;
  }
}

/** Castagnoli's polynomial, reversed: RFC 3720, appendix B.4. Eight bytes a step. */
const castagnoli = 0x82f6_3b78;
let tables: readonly Uint32Array[] | undefined;

function castagnoliTables(): readonly Uint32Array[] {
  if (tables) return tables;
  const made = Array.from({ length: 8 }, () => new Uint32Array(256));
  const [first] = made as [Uint32Array];
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ castagnoli : value >>> 1;
    first[byte] = value >>> 0;
  }
  for (let byte = 0; byte < 256; byte++) {
    let value = first[byte] as number;
    for (const table of made.slice(1)) {
      value = (first[value & 0xff] as number) ^ (value >>> 8);
      table[byte] = value >>> 0;
    }
  }
  tables = made;
  return made;
}

export function crc32c(piece: Buffer, start = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = castagnoliTables() as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  const at = (table: Uint32Array, index: number) => table[index] as number;
  let value = ~start >>> 0;
  let position = 0;
  for (; position + 8 <= piece.length; position += 8) {
    const low = (piece.readUInt32LE(position) ^ value) >>> 0;
    const high = piece.readUInt32LE(position + 4);
    value =
      at(t7, low & 0xff) ^
      at(t6, (low >>> 8) & 0xff) ^
      at(t5, (low >>> 16) & 0xff) ^
      at(t4, low >>> 24) ^
      at(t3, high & 0xff) ^
      at(t2, (high >>> 8) & 0xff) ^
      at(t1, (high >>> 16) & 0xff) ^
      at(t0, high >>> 24);
  }
  for (; position < piece.length; position++)
    value = at(t0, (value ^ (piece[position] as number)) & 0xff) ^ (value >>> 8);
  return ~value >>> 0;
}
