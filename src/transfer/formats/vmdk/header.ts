import { damaged, shown } from "../failures.ts";
import { maxDiskBytes, type RandomAccess, type Refusal } from "../image.ts";

/** VMware's "Virtual Disk Format 5.0", hosted sparse extents. All numbers are little-endian. */
export const vmdkMagic = "KDMV";
export const vmdkSectorBytes = 512;
export const vmdkFlag = {
  newlineTest: 1,
  redundantTable: 2,
  zeroedGrains: 4,
  compressed: 0x10000,
  markers: 0x20000,
} as const;
export const markerType = { endOfStream: 0, grainTable: 1, grainDirectory: 2, footer: 3 } as const;
/** The directory's place is in the footer. */
export const atEnd = 2n ** 64n - 1n;
export const noParent = "ffffffff";
const headerBytes = 512;
const mostDescriptorBytes = 64 * 1024;
const mostTableEntries = 512;
const deflate = 1;
const readableTypes = ["monolithicSparse", "streamOptimized"];

export interface VmdkHeader {
  readonly sizeBytes: number;
  readonly grainBytes: number;
  readonly tableEntries: number;
  readonly directoryAt: number;
  readonly directoryEntries: number;
  readonly compressed: boolean;
  readonly zeroedGrains: boolean;
  readonly createType: string;
  readonly descriptor: { readonly at: number; readonly length: number };
  readonly parent: string | undefined;
  readonly refusals: readonly Refusal[];
  readonly warnings: readonly string[];
}

/** @throws ProviderError IntegrityFailure for a header that can't be true. */
export async function readVmdkHeader(file: RandomAccess, signal?: AbortSignal): Promise<VmdkHeader> {
  const broken = (reason: string) => damaged(file.name, `its VMDK header is damaged: ${reason}`);
  if (file.sizeBytes < headerBytes) throw broken("it is cut off");
  const first = await readView(file, 0, signal);
  if (Buffer.from(first.buffer, 0, 4).toString("latin1") !== vmdkMagic)
    throw broken(`it doesn't begin with ${vmdkMagic}`);
  requireNewlines(first, file.name);
  const atFileEnd = first.getBigUint64(56, true) === atEnd;
  const view = atFileEnd ? await readFooter(file, signal) : first;
  const flags = view.getUint32(8, true);
  const version = view.getUint32(4, true);
  if (version < 1 || version > 3) throw broken(`there is no version ${version}`);
  const compressed = (flags & vmdkFlag.compressed) !== 0;
  if (compressed && (flags & vmdkFlag.markers) === 0) throw broken("compressed grains without markers");
  if (compressed && view.getUint16(77, true) !== deflate) throw broken("a compression that isn't known");

  const capacity = view.getBigUint64(12, true);
  const grainSectors = view.getBigUint64(20, true);
  if (grainSectors < 8n || grainSectors > 4096n || (grainSectors & (grainSectors - 1n)) !== 0n) {
    throw broken(`grains of ${grainSectors} sectors`);
  }
  if (capacity > BigInt(maxDiskBytes / vmdkSectorBytes)) throw broken(`a disk of ${capacity} sectors`);
  const tableEntries = view.getUint32(44, true);
  if (tableEntries < 1 || tableEntries > mostTableEntries) throw broken(`grain tables of ${tableEntries} entries`);
  const sizeBytes = Number(capacity) * vmdkSectorBytes;
  const grainBytes = Number(grainSectors) * vmdkSectorBytes;
  const directoryEntries = Math.ceil(sizeBytes / (grainBytes * tableEntries));
  const directoryAt = Number(view.getBigUint64(56, true)) * vmdkSectorBytes;
  if (directoryAt < headerBytes || directoryAt + directoryEntries * 4 > file.sizeBytes) {
    throw broken("its grain directory is not in the file");
  }
  const place = {
    at: Number(first.getBigUint64(28, true)) * vmdkSectorBytes,
    length: Number(first.getBigUint64(36, true)) * vmdkSectorBytes,
  };
  const described = await readDescriptor(file, place, signal);
  return {
    sizeBytes,
    grainBytes,
    tableEntries,
    directoryAt,
    directoryEntries,
    compressed,
    zeroedGrains: (flags & vmdkFlag.zeroedGrains) !== 0,
    descriptor: place,
    createType: described.createType,
    parent: described.parent,
    refusals: described.refusals,
    warnings:
      first.getUint8(72) === 0 ? [] : ["It was not closed cleanly; the newest writes before that may be missing"],
  };
}

/** The header is repeated in the file's last kilobyte, behind a marker, with the directory's place. */
async function readFooter(file: RandomAccess, signal: AbortSignal | undefined): Promise<DataView> {
  const missing = () => damaged(file.name, "its VMDK footer is missing: the file's end is cut off");
  const at = file.sizeBytes - 1024;
  if (at < headerBytes + vmdkSectorBytes) throw missing();
  const view = await readView(file, at, signal);
  if (Buffer.from(view.buffer, 0, 4).toString("latin1") !== vmdkMagic) throw missing();
  const marker = await readView(file, at - vmdkSectorBytes, signal);
  if (marker.getUint32(8, true) !== 0 || marker.getUint32(12, true) !== markerType.footer) throw missing();
  if (view.getBigUint64(56, true) === atEnd) throw missing();
  return view;
}

/** Bytes that a copy "as text" would have changed. */
function requireNewlines(view: DataView, name: string): void {
  if ((view.getUint32(8, true) & vmdkFlag.newlineTest) === 0) return;
  const seen = Buffer.from(view.buffer, 73, 4).toString("latin1");
  if (seen !== "\n \r\n") throw damaged(name, "its line ends were changed: it was copied as text");
}

async function readDescriptor(
  file: RandomAccess,
  { at, length }: { at: number; length: number },
  signal: AbortSignal | undefined,
): Promise<Pick<VmdkHeader, "createType" | "parent" | "refusals">> {
  if (at === 0 || length === 0)
    return { createType: "unknown", parent: undefined, refusals: [inPieces("a part of a disk")] };
  if (at < headerBytes || at + length > file.sizeBytes)
    throw damaged(file.name, "its VMDK descriptor is not in the file");
  const bytes = new Uint8Array(Math.min(length, mostDescriptorBytes));
  await file.read(at, bytes, signal);
  const text = Buffer.from(bytes).toString("latin1").replace(/\0.*$/s, "");
  return judgeDescriptor(text);
}

/** What a descriptor's text says; also for a file that is nothing but a descriptor. */
export function judgeDescriptor(text: string): Pick<VmdkHeader, "createType" | "parent" | "refusals"> {
  const value = (key: string) => new RegExp(`^\\s*${key}\\s*=\\s*"?([^"\\r\\n]*)"?\\s*$`, "im").exec(text)?.[1]?.trim();
  const createType = shown(value("createType") ?? "unknown");
  const refusals: Refusal[] = [];
  const parentId = value("parentCID")?.toLowerCase();
  const parent = parentId && parentId !== noParent ? shown(value("parentFileNameHint") ?? "not named") : undefined;
  if (parent !== undefined) {
    refusals.push({
      reason: `holds only the changes of its parent disk (${parent})`,
      action: "Consolidate its snapshots first, with the hypervisor that made it.",
    });
  }
  const extents = text.match(/^\s*(?:RW|RDONLY|NOACCESS)\s+\d+\s+\S+/gim) ?? [];
  if (!readableTypes.includes(createType) || extents.length !== 1) refusals.push(inPieces(`of the type ${createType}`));
  return { createType, parent, refusals };
}

function inPieces(what: string): Refusal {
  return {
    reason: `is ${what}, whose data are not all in this one file`,
    action: "Export the disk as streamOptimized (an OVF export does) or as one growable file, and take that.",
  };
}

async function readView(file: RandomAccess, at: number, signal: AbortSignal | undefined): Promise<DataView> {
  const bytes = new Uint8Array(headerBytes);
  await file.read(at, bytes, signal);
  return new DataView(bytes.buffer);
}
