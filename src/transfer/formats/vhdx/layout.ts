import { createHash } from "node:crypto";
import type { FormatPlan, Geometry, ImageIdentity, PlanInput, Region } from "../layout.ts";
import { requireFits, roundUp, sectorsUp } from "../sizes.ts";
import { crc32c } from "./crc32c.ts";
import {
  blockState,
  chunkRatio,
  fileSignature,
  headerAt,
  headerBytes,
  headerSignature,
  itemFlag,
  itemId,
  maxVhdxBytes,
  metadataSignature,
  metadataTableBytes,
  mib,
  regionId,
  regionSignature,
  regionTableAt,
  regionTableBytes,
} from "./structures.ts";

const blockBytes = 2 * mib;
const logicalSectorBytes = 512;
const physicalSectorBytes = 4096;
const ratio = chunkRatio(blockBytes, logicalSectorBytes);
const log = { at: mib, length: mib } as const;
const metadata = { at: 2 * mib, length: mib } as const;
const batAt = 3 * mib;
const batPieceBytes = 64 * 1024;
const creator = "NovaCron";

export function vhdxGeometry(sizeBytes: number): Geometry {
  requireFits("vhdx", sizeBytes, maxVhdxBytes);
  return { unitBytes: blockBytes, dataAt: batAt + batBytes(sizeBytes), strideBytes: blockBytes, dense: true };
}

export function planVhdx({ sizeBytes, units, identity }: PlanInput, geometry: Geometry): FormatPlan {
  const bat = { at: batAt, length: batBytes(sizeBytes) };
  const once = (at: number, length: number, fill: (piece: Uint8Array) => void): Region => {
    return { at, length, count: 1, stride: length, fillPiece: fill };
  };
  const [first, second] = headerAt;
  const perPiece = batPieceBytes / 8;
  return {
    objectBytes: geometry.dataAt + units.count * blockBytes,
    regions: [
      once(0, headerBytes, writeFileIdentifier),
      once(first, headerBytes, (piece) => writeHeader(piece, 1n, identity)),
      once(second, headerBytes, (piece) => writeHeader(piece, 2n, identity)),
      ...regionTableAt.map((at) => once(at, regionTableBytes, (piece) => writeRegions(piece, bat))),
      once(metadata.at, 2 * metadataTableBytes, (piece) => writeMetadata(piece, sizeBytes, identity)),
      {
        at: bat.at,
        length: batPieceBytes,
        count: bat.length / batPieceBytes,
        stride: batPieceBytes,
        fillPiece: (piece, index) => {
          const view = new DataView(piece.buffer);
          const from = index * perPiece;
          // Which blocks have their entries here; every so many entries one of a sector bitmap comes between.
          const blocks = { from: blockOf(from), to: blockOf(from + perPiece) };
          for (const { first: block, count, before } of units.runsIn(blocks.from, blocks.to)) {
            for (let unit = 0; unit < count; unit++) {
              const place = (geometry.dataAt + (before + unit) * blockBytes) / mib;
              const value = (BigInt(place) << 20n) | BigInt(blockState.present);
              view.setBigUint64((entryOf(block + unit) - from) * 8, value, true);
            }
          }
        },
      },
    ],
  };
}

function entryOf(block: number): number {
  return block + Math.floor(block / ratio);
}

/** The first block whose entry is at `entry` or after it. */
function blockOf(entry: number): number {
  return entry - Math.floor(entry / (ratio + 1));
}

function batBytes(sizeBytes: number): number {
  const blocks = Math.ceil(sizeBytes / blockBytes);
  return roundUp(Math.max(1, entryOf(Math.max(0, blocks - 1)) + 1) * 8, mib);
}

function writeFileIdentifier(piece: Uint8Array): void {
  const bytes = Buffer.from(piece.buffer);
  bytes.write(fileSignature, 0, "latin1");
  bytes.write(creator, 8, "utf16le");
}

function writeHeader(piece: Uint8Array, sequence: bigint, identity: ImageIdentity): void {
  const bytes = Buffer.from(piece.buffer);
  bytes.write(headerSignature, 0, "latin1");
  bytes.writeBigUInt64LE(sequence, 8);
  bytes.write(derivedId(identity, "file write"), 16, "hex");
  bytes.write(derivedId(identity, "data write"), 32, "hex");
  bytes.writeUInt16LE(1, 66);
  bytes.writeUInt32LE(log.length, 68);
  bytes.writeBigUInt64LE(BigInt(log.at), 72);
  bytes.writeUInt32LE(crc32c(bytes, 4), 4);
}

function writeRegions(piece: Uint8Array, bat: { at: number; length: number }): void {
  const bytes = Buffer.from(piece.buffer);
  const regions = [
    { id: regionId.bat, ...bat },
    { id: regionId.metadata, ...metadata },
  ];
  bytes.write(regionSignature, 0, "latin1");
  bytes.writeUInt32LE(regions.length, 8);
  for (const [index, { id, at, length }] of regions.entries()) {
    const entry = 16 + index * 32;
    bytes.write(id, entry, "hex");
    bytes.writeBigUInt64LE(BigInt(at), entry + 16);
    bytes.writeUInt32LE(length, entry + 24);
    bytes.writeUInt32LE(1, entry + 28);
  }
  bytes.writeUInt32LE(crc32c(bytes, 4), 4);
}

function writeMetadata(piece: Uint8Array, sizeBytes: number, identity: ImageIdentity): void {
  const bytes = Buffer.from(piece.buffer);
  const { required, virtualDisk } = itemFlag;
  const number = (value: number, length: 4 | 8): Buffer => {
    const item = Buffer.alloc(length);
    if (length === 4) item.writeUInt32LE(value);
    else item.writeBigUInt64LE(BigInt(value));
    return item;
  };
  const items = [
    { id: itemId.fileParameters, flags: required, value: number(blockBytes, 8) },
    { id: itemId.diskSize, flags: required | virtualDisk, value: number(sectorsUp(sizeBytes), 8) },
    { id: itemId.diskId, flags: required | virtualDisk, value: Buffer.from(derivedId(identity, "disk"), "hex") },
    { id: itemId.logicalSector, flags: required | virtualDisk, value: number(logicalSectorBytes, 4) },
    { id: itemId.physicalSector, flags: required | virtualDisk, value: number(physicalSectorBytes, 4) },
  ];
  bytes.write(metadataSignature, 0, "latin1");
  bytes.writeUInt16LE(items.length, 10);
  let at = metadataTableBytes;
  for (const [index, { id, flags, value }] of items.entries()) {
    const entry = 32 + index * 32;
    bytes.write(id, entry, "hex");
    bytes.writeUInt32LE(at, entry + 16);
    bytes.writeUInt32LE(value.byteLength, entry + 20);
    bytes.writeUInt32LE(flags, entry + 24);
    bytes.set(value, at);
    at += value.byteLength;
  }
}

/** The format wants several ids that differ; all follow from the one that is given. */
function derivedId({ id }: ImageIdentity, purpose: string): string {
  return createHash("sha256").update(`${purpose} of ${id}`).digest("hex").slice(0, 32);
}
