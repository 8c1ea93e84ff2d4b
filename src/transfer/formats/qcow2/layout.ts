import type { FormatPlan, Geometry, PlanInput, Region } from "../layout.ts";
import { sectorsUp } from "../sizes.ts";
import { qcow2Magic } from "./header.ts";

const clusterBits = 16;
const clusterBytes = 2 ** clusterBits;
const headerBytes = 104;
const entryBytes = 8;
const entriesPerTable = clusterBytes / entryBytes;
/** Reference counts of 16 bits, the usual width. */
const refcountOrder = 4;
const refcountsPerBlock = clusterBytes / 2;
/** "This cluster's count is exactly one", in the upper half of an entry. */
const copied = 0x80000000;

/** The header, then the data, then all tables: so the place of data doesn't depend on what comes after them. */
export function qcow2Geometry(): Geometry {
  return { unitBytes: clusterBytes, dataAt: clusterBytes, strideBytes: clusterBytes, dense: true };
}

export function planQcow2({ sizeBytes, units }: PlanInput, geometry: Geometry): FormatPlan {
  const tables = Math.ceil(sizeBytes / (clusterBytes * entriesPerTable));
  const used: number[] = [];
  for (let table = 0; table < tables; table++) {
    const [any] = units.runsIn(table * entriesPerTable, (table + 1) * entriesPerTable);
    if (any) used.push(table);
  }
  const l2At = geometry.dataAt + units.count * clusterBytes;
  const l1At = l2At + used.length * clusterBytes;
  const l1Clusters = Math.max(1, Math.ceil(tables / entriesPerTable));
  const refcountsAt = l1At + l1Clusters * clusterBytes;
  const { blocks, tableClusters } = refcountsFor(refcountsAt / clusterBytes);
  const blocksAt = refcountsAt + tableClusters * clusterBytes;
  const objectBytes = blocksAt + blocks * clusterBytes;
  const places = new Map(used.map((table, index) => [table, l2At + index * clusterBytes]));
  const regions: Region[] = [
    {
      ...one(0, clusterBytes),
      fillPiece: (piece) => writeHeader(piece, { sizeBytes, tables, l1At, refcountsAt, tableClusters }),
    },
    {
      ...many(l2At, used.length),
      fillPiece: (piece, index) => {
        const view = new DataView(piece.buffer);
        const start = (used[index] ?? 0) * entriesPerTable;
        for (const { first, count, before } of units.runsIn(start, start + entriesPerTable)) {
          for (let unit = 0; unit < count; unit++) {
            writeEntry(
              view,
              (first - start + unit) * entryBytes,
              geometry.dataAt + (before + unit) * clusterBytes,
              copied,
            );
          }
        }
      },
    },
    {
      ...many(l1At, l1Clusters),
      fillPiece: (piece, index) => {
        const view = new DataView(piece.buffer);
        for (let entry = 0; entry < entriesPerTable; entry++) {
          const at = places.get(index * entriesPerTable + entry);
          if (at !== undefined) writeEntry(view, entry * entryBytes, at, copied);
        }
      },
    },
    {
      ...many(refcountsAt, tableClusters),
      fillPiece: (piece, index) => {
        const view = new DataView(piece.buffer);
        const first = index * entriesPerTable;
        for (let entry = 0; entry < Math.min(entriesPerTable, blocks - first); entry++) {
          writeEntry(view, entry * entryBytes, blocksAt + (first + entry) * clusterBytes, 0);
        }
      },
    },
    {
      ...many(blocksAt, blocks),
      fillPiece: (piece, index) => {
        const view = new DataView(piece.buffer);
        const left = objectBytes / clusterBytes - index * refcountsPerBlock;
        for (let entry = 0; entry < Math.min(refcountsPerBlock, left); entry++) view.setUint16(entry * 2, 1);
      },
    },
  ];
  return { objectBytes, regions };
}

/** Refcount blocks count themselves and their table too. */
function refcountsFor(clusters: number): { blocks: number; tableClusters: number } {
  let blocks = 1;
  for (;;) {
    const tableClusters = Math.ceil(blocks / entriesPerTable);
    const needed = Math.ceil((clusters + blocks + tableClusters) / refcountsPerBlock);
    if (needed <= blocks) return { blocks, tableClusters };
    blocks = needed;
  }
}

function writeHeader(
  piece: Uint8Array,
  header: { sizeBytes: number; tables: number; l1At: number; refcountsAt: number; tableClusters: number },
): void {
  const view = new DataView(piece.buffer);
  view.setUint32(0, qcow2Magic);
  view.setUint32(4, 3);
  view.setUint32(20, clusterBits);
  view.setBigUint64(24, BigInt(sectorsUp(header.sizeBytes)));
  view.setUint32(36, header.tables);
  view.setBigUint64(40, BigInt(header.l1At));
  view.setBigUint64(48, BigInt(header.refcountsAt));
  view.setUint32(56, header.tableClusters);
  view.setUint32(96, refcountOrder);
  view.setUint32(100, headerBytes);
}

function writeEntry(view: DataView, entry: number, at: number, flags: number): void {
  view.setUint32(entry, (Math.floor(at / 2 ** 32) | flags) >>> 0);
  view.setUint32(entry + 4, at % 2 ** 32);
}

function one(at: number, length: number): Omit<Region, "fillPiece"> {
  return { at, length, count: 1, stride: length };
}

function many(at: number, count: number): Omit<Region, "fillPiece"> {
  return { at, length: clusterBytes, count, stride: clusterBytes };
}
