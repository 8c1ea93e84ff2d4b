import type { FormatPlan, Geometry, ImageIdentity, PlanInput } from "../layout.ts";
import { requireFits, roundUp, sectorsUp } from "../sizes.ts";
import {
  diskType,
  dynamicCookie,
  dynamicHeaderBytes,
  footerBytes,
  footerCookie,
  geometryOf,
  maxVhdBytes,
  noOffset,
  vhdChecksum,
  vhdEpochSeconds,
  vhdSectorBytes,
} from "./footer.ts";

const pageBytes = 4096;
const blockBytes = 2 * 1024 * 1024;
/** A bit a sector, in whole sectors. */
const bitmapBytes = 512;
const tableAt = footerBytes + dynamicHeaderBytes;
/**
 * Readers decide by this name whether the disk is as large as the size field or as the geometry says. This one stands for
 * the size field in QEMU, and is what Azure's instructions for QEMU lead to.
 */
const creator = "qem2";
const creatorSystem = "Wi2k";
const version = 0x00010000;

export function vhdFixedGeometry(sizeBytes: number): Geometry {
  requireFits("vhd-fixed", sizeBytes, maxVhdBytes);
  return { unitBytes: pageBytes, dataAt: 0, strideBytes: pageBytes, dense: false };
}

/** The disk as it is, and its footer, which a writer can so put down last. */
export function planVhdFixed({ sizeBytes, identity }: PlanInput): FormatPlan {
  const at = sectorsUp(sizeBytes);
  const footer = { at, length: footerBytes, count: 1, stride: footerBytes };
  const fill = (piece: Uint8Array) => writeFooter(piece, diskType.fixed, sizeBytes, identity);
  return { objectBytes: at + footerBytes, regions: [{ ...footer, fillPiece: fill }] };
}

export function vhdDynamicGeometry(sizeBytes: number): Geometry {
  requireFits("vhd-dynamic", sizeBytes, maxVhdBytes);
  const dataAt = tableAt + tableBytes(sizeBytes) + bitmapBytes;
  return { unitBytes: blockBytes, dataAt, strideBytes: bitmapBytes + blockBytes, dense: true };
}

export function planVhdDynamic({ sizeBytes, units, identity }: PlanInput, geometry: Geometry): FormatPlan {
  const blocksAt = geometry.dataAt - bitmapBytes;
  const footerAt = blocksAt + units.count * geometry.strideBytes;
  const footer = (piece: Uint8Array) => writeFooter(piece, diskType.dynamic, sizeBytes, identity);
  return {
    objectBytes: footerAt + footerBytes,
    regions: [
      { at: 0, length: footerBytes, count: 1, stride: footerBytes, fillPiece: footer },
      {
        at: footerBytes,
        length: dynamicHeaderBytes,
        count: 1,
        stride: dynamicHeaderBytes,
        fillPiece: (piece) => writeDynamicHeader(piece, Math.ceil(sizeBytes / blockBytes)),
      },
      {
        at: tableAt,
        length: tableBytes(sizeBytes),
        count: 1,
        stride: tableBytes(sizeBytes),
        fillPiece: (piece) => {
          piece.fill(0xff);
          const view = new DataView(piece.buffer);
          for (const { first, count, before } of units.runsIn(0, Number.POSITIVE_INFINITY)) {
            for (let unit = 0; unit < count; unit++) {
              const at = blocksAt + (before + unit) * geometry.strideBytes;
              view.setUint32((first + unit) * 4, at / vhdSectorBytes);
            }
          }
        },
      },
      {
        at: blocksAt,
        length: bitmapBytes,
        count: units.count,
        stride: geometry.strideBytes,
        fillPiece: (piece) => void piece.fill(0xff),
      },
      { at: footerAt, length: footerBytes, count: 1, stride: footerBytes, fillPiece: footer },
    ],
  };
}

function tableBytes(sizeBytes: number): number {
  return roundUp(Math.max(1, Math.ceil(sizeBytes / blockBytes)) * 4, vhdSectorBytes);
}

function writeFooter(piece: Uint8Array, type: number, sizeBytes: number, { id, createdAt }: ImageIdentity): void {
  const bytes = Buffer.from(piece.buffer);
  const size = sectorsUp(sizeBytes);
  const { cylinders, heads, sectors } = geometryOf(size);
  bytes.write(footerCookie, 0, "latin1");
  bytes.writeUInt32BE(2, 8);
  bytes.writeUInt32BE(version, 12);
  bytes.writeBigUInt64BE(type === diskType.fixed ? noOffset : BigInt(footerBytes), 16);
  bytes.writeUInt32BE(Math.max(0, Math.floor(createdAt.getTime() / 1000) - vhdEpochSeconds), 24);
  bytes.write(creator, 28, "latin1");
  bytes.writeUInt32BE(version, 32);
  bytes.write(creatorSystem, 36, "latin1");
  bytes.writeBigUInt64BE(BigInt(size), 40);
  bytes.writeBigUInt64BE(BigInt(size), 48);
  bytes.writeUInt16BE(cylinders, 56);
  bytes.writeUInt8(heads, 58);
  bytes.writeUInt8(sectors, 59);
  bytes.writeUInt32BE(type, 60);
  bytes.write(id.replaceAll("-", ""), 68, "hex");
  bytes.writeUInt32BE(vhdChecksum(bytes, 64), 64);
}

function writeDynamicHeader(piece: Uint8Array, blocks: number): void {
  const bytes = Buffer.from(piece.buffer);
  bytes.write(dynamicCookie, 0, "latin1");
  bytes.writeBigUInt64BE(noOffset, 8);
  bytes.writeBigUInt64BE(BigInt(tableAt), 16);
  bytes.writeUInt32BE(version, 24);
  bytes.writeUInt32BE(blocks, 28);
  bytes.writeUInt32BE(blockBytes, 32);
  bytes.writeUInt32BE(vhdChecksum(bytes, 36), 36);
}
