import { damaged } from "../failures.ts";

export const vhdSectorBytes = 512;
export const footerBytes = 512;
export const dynamicHeaderBytes = 1024;
export const footerCookie = "conectix";
export const dynamicCookie = "cxsparse";
export const noOffset = 2n ** 64n - 1n;
export const diskType = { fixed: 2, dynamic: 3, differencing: 4 } as const;
/** The largest disk of the format: what its geometry and Hyper-V allow. */
export const maxVhdBytes = 2040 * 1024 ** 3;
/** Seconds from 1970 to 2000, where the format's clock begins. */
export const vhdEpochSeconds = 946_684_800;
const maxGeometry = { cylinders: 65_535, heads: 16, sectors: 255 } as const;

export interface VhdFooter {
  readonly type: number;
  readonly sizeBytes: number;
  /** Where the dynamic header is; undefined in a fixed disk. */
  readonly headerAt: number | undefined;
  readonly creator: string;
}

export function isFooter(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 8)).toString("latin1") === footerCookie;
}

/** The complement of the sum of all bytes outside the checksum's own four. */
export function vhdChecksum(bytes: Uint8Array, checksumAt: number): number {
  let sum = 0;
  for (const [index, byte] of bytes.entries()) if (index < checksumAt || index >= checksumAt + 4) sum += byte;
  return ~sum >>> 0;
}

/** @throws ProviderError IntegrityFailure when the checksum or a field is wrong. */
export function parseFooter(bytes: Uint8Array, name: string): VhdFooter {
  const view = new DataView(bytes.buffer, bytes.byteOffset, footerBytes);
  if (view.getUint32(64) !== vhdChecksum(bytes.subarray(0, footerBytes), 64)) {
    throw damaged(name, "its VHD footer's checksum is wrong");
  }
  if (view.getUint32(12) >>> 16 !== 1) throw damaged(name, "its VHD footer is of a version that doesn't exist");
  const type = view.getUint32(60);
  const creator = Buffer.from(bytes.subarray(28, 32)).toString("latin1");
  const offset = view.getBigUint64(16);
  const current = view.getBigUint64(48);
  if (current > BigInt(maxVhdBytes) || current % BigInt(vhdSectorBytes) !== 0n) {
    throw damaged(name, `its VHD footer claims a disk of ${current} bytes`);
  }
  return {
    type,
    creator,
    sizeBytes: usesGeometry(view, creator) ? geometryBytes(view) : Number(current),
    headerAt: offset === noOffset ? undefined : Number(offset),
  };
}

/**
 * Virtual PC and QEMU (without force_size) made disks whose size is their geometry's; all others mean the size field.
 * A geometry at its maximum says nothing.
 */
function usesGeometry(view: DataView, creator: string): boolean {
  const { cylinders, heads, sectors } = maxGeometry;
  const full = view.getUint16(56) === cylinders && view.getUint8(58) === heads && view.getUint8(59) === sectors;
  return !full && (creator === "vpc " || creator === "qemu");
}

function geometryBytes(view: DataView): number {
  return view.getUint16(56) * view.getUint8(58) * view.getUint8(59) * vhdSectorBytes;
}

/** Cylinders, heads and sectors by the rule of the format's specification (its appendix on CHS). */
export function geometryOf(sizeBytes: number): { cylinders: number; heads: number; sectors: number } {
  const total = Math.min(Math.floor(sizeBytes / vhdSectorBytes), 65_535 * 16 * 255);
  if (total >= 65_535 * 16 * 63) return { cylinders: Math.floor(total / (255 * 16)), heads: 16, sectors: 255 };
  const small = Math.max(4, Math.ceil(Math.floor(total / 17) / 1024));
  const shapes = [
    { heads: small, sectors: 17 },
    { heads: 16, sectors: 31 },
    { heads: 16, sectors: 63 },
  ];
  const fits = shapes.find(
    ({ heads, sectors }, index) => index === 2 || (heads <= 16 && Math.floor(total / sectors) < heads * 1024),
  ) ?? { heads: 16, sectors: 63 };
  return { ...fits, cylinders: Math.floor(Math.floor(total / fits.sectors) / fits.heads) };
}
