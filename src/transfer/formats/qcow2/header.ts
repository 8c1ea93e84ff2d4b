import { damaged, shown } from "../failures.ts";
import type { RandomAccess, Refusal } from "../image.ts";
import { maxDiskBytes } from "../image.ts";
import { sectorsDown } from "../sizes.ts";

/** "QFI\xfb". */
export const qcow2Magic = 0x514649fb;
const v2HeaderBytes = 72;
const v3HeaderBytes = 104;
const compressionTypeAt = 104;
/** qemu's own limits: what is larger is an attack on its reader. */
const maxL1Bytes = 32 * 1024 * 1024;
const maxRefcountTableBytes = 8 * 1024 * 1024;
const maxBackingNameBytes = 1023;

const feature = { dirty: 1, corrupt: 2, externalData: 4, compressionType: 8, extendedL2: 16 } as const;
const extensionType = { end: 0, backingFormat: 0xe2792aca, dataFile: 0x44415441, encryption: 0x0537be77 } as const;

export interface Qcow2Header {
  readonly version: 2 | 3;
  readonly clusterBits: number;
  readonly sizeBytes: number;
  readonly l1: { readonly at: number; readonly entries: number };
  readonly refcountTable: { readonly at: number; readonly bytes: number };
  readonly snapshots: { readonly at: number; readonly count: number };
  readonly compression: "deflate" | "zstd";
  readonly extendedL2: boolean;
  readonly backingFile: string | undefined;
  readonly refusals: readonly Refusal[];
  readonly warnings: readonly string[];
}

/** @throws ProviderError IntegrityFailure for a header that can't be true. */
export async function readQcow2Header(file: RandomAccess, signal?: AbortSignal): Promise<Qcow2Header> {
  const broken = (reason: string) => damaged(file.name, `its QCOW2 header is damaged: ${reason}`);
  if (file.sizeBytes < v2HeaderBytes) throw broken("it is cut off");
  const bytes = new Uint8Array(Math.min(file.sizeBytes, 64 * 1024));
  await file.read(0, bytes, signal);
  const view = new DataView(bytes.buffer);
  if (view.getUint32(0) !== qcow2Magic) throw broken("it doesn't begin with QFI");
  const version = view.getUint32(4);
  const clusterBits = view.getUint32(20);
  const refusals: Refusal[] = [];
  if (version !== 2 && version !== 3) throw broken(`there is no version ${version}`);
  if (clusterBits < 9 || clusterBits > 21) throw broken(`clusters of 2^${clusterBits} bytes`);
  const clusterBytes = 2 ** clusterBits;
  const headerBytes = version === 2 ? v2HeaderBytes : view.getUint32(100);
  if (headerBytes < (version === 2 ? v2HeaderBytes : v3HeaderBytes)) throw broken(`a length of ${headerBytes}`);
  if (headerBytes > Math.min(bytes.byteLength, clusterBytes)) throw broken("it is longer than its cluster");

  const size = view.getBigUint64(24);
  if (size > BigInt(maxDiskBytes)) {
    refusals.push({
      reason: `claims a disk of ${size} bytes, more than any real one`,
      action: "Shrink the disk with the tool that made the image, if it is a real one.",
    });
  }
  // As QEMU reads it: a machine sees whole sectors only.
  const sizeBytes = refusals.length > 0 ? 0 : sectorsDown(Number(size));
  const extendedL2 = version === 3 && (view.getUint32(76) & feature.extendedL2) !== 0;
  if (extendedL2 && clusterBits < 14) throw broken("extended L2 entries with clusters that small");
  const l1 = { at: offsetIn(view, 40), entries: view.getUint32(36) };
  const entryBytes = extendedL2 ? 16 : 8;
  const neededL1 = Math.ceil(sizeBytes / (clusterBytes * (clusterBytes / entryBytes)));
  if (l1.entries * 8 > maxL1Bytes) throw broken(`an L1 table of ${l1.entries} entries`);
  if (l1.entries < neededL1) throw broken(`an L1 table of ${l1.entries} entries where ${neededL1} are needed`);
  if (!inside(file, l1.at, l1.entries * 8, clusterBytes)) throw broken("its L1 table is not in the file");
  const refcountTable = { at: offsetIn(view, 48), bytes: view.getUint32(56) * clusterBytes };
  if (refcountTable.bytes > maxRefcountTableBytes) throw broken("a refcount table without bounds");
  if (!inside(file, refcountTable.at, refcountTable.bytes, clusterBytes)) {
    throw broken("its refcount table is not in the file");
  }

  refusals.push(...refusalsOf(view, version));
  const named = backingFileOf(view, bytes);
  if (named === false) throw broken("its backing file's name is not in it");
  const extensions = readExtensions(view, headerBytes, Math.min(bytes.byteLength, clusterBytes));
  if (!extensions) throw broken("its extensions run out of it");
  if (named !== undefined) {
    refusals.push({
      reason: `holds only the changes of its backing file (${named})`,
      action: "Merge the chain into one image first, for instance with qemu-img convert where all its files are.",
    });
  }
  if (extensions.has(extensionType.dataFile) || featureBits(view, version) & feature.externalData) {
    refusals.push({
      reason: "keeps its data in another file",
      action: "Make it one file first, for instance with qemu-img convert where both files are.",
    });
  }
  const snapshots = { at: offsetIn(view, 64), count: view.getUint32(60) };
  return {
    version,
    clusterBits,
    sizeBytes,
    l1: { at: l1.at, entries: neededL1 },
    refcountTable,
    snapshots,
    compression: compressionOf(view, version, headerBytes),
    extendedL2,
    backingFile: named,
    refusals,
    warnings: warningsOf(view, version, snapshots.count),
  };
}

function featureBits(view: DataView, version: number): number {
  return version === 2 ? 0 : view.getUint32(76);
}

function refusalsOf(view: DataView, version: number): Refusal[] {
  const refusals: Refusal[] = [];
  const encryption = view.getUint32(32);
  if (encryption !== 0) {
    refusals.push({
      reason: "is encrypted",
      action: "Decrypt it first, for instance with qemu-img convert and its secret.",
    });
  }
  if (version === 2) return refusals;
  const bits = view.getUint32(76);
  const known = Object.values(feature).reduce<number>((all, bit) => all | bit, 0);
  if (bits & feature.corrupt) {
    refusals.push({
      reason: "was marked as corrupt by the program that wrote it",
      action: "Repair a copy of it with qemu-img check -r all, and look at what was lost.",
    });
  }
  if (view.getUint32(72) !== 0 || (bits & ~known) !== 0) {
    refusals.push({
      reason: "uses features that came after this reader",
      action: "Convert it with the tool that made it, without them (qemu-img convert -o compat=1.1).",
    });
  }
  if ((bits & feature.compressionType) !== 0 && view.getUint32(100) > compressionTypeAt) {
    const type = view.getUint8(compressionTypeAt);
    if (type > 1) {
      refusals.push({
        reason: `is compressed in a way that isn't known (type ${type})`,
        action: "Convert it with the tool that made it, to zlib or zstd.",
      });
    }
  }
  return refusals;
}

function compressionOf(view: DataView, version: number, headerBytes: number): "deflate" | "zstd" {
  const typed = (featureBits(view, version) & feature.compressionType) !== 0 && headerBytes > compressionTypeAt;
  return typed && view.getUint8(compressionTypeAt) === 1 ? "zstd" : "deflate";
}

function warningsOf(view: DataView, version: number, snapshots: number): string[] {
  const warnings: string[] = [];
  if (featureBits(view, version) & feature.dirty) {
    warnings.push("It was not closed cleanly; its reference counts may be off, the disk's data are not affected");
  }
  if (snapshots > 0) warnings.push(`It holds ${snapshots} snapshots of earlier states; only the current state is read`);
  return warnings;
}

/** The name, undefined without one, false where it isn't where the header says. */
function backingFileOf(view: DataView, bytes: Uint8Array): string | undefined | false {
  const at = offsetIn(view, 8);
  const length = view.getUint32(16);
  if (at === 0) return undefined;
  if (length > maxBackingNameBytes || at + length > bytes.byteLength) return false;
  return shown(Buffer.from(bytes.subarray(at, at + length)).toString("utf8"));
}

/** The types of the header's extensions; undefined when they don't end. */
function readExtensions(view: DataView, from: number, end: number): Set<number> | undefined {
  const types = new Set<number>();
  for (let at = from; at + 8 <= end; ) {
    const type = view.getUint32(at);
    if (type === extensionType.end) return types;
    types.add(type);
    at += 8 + Math.ceil(view.getUint32(at + 4) / 8) * 8;
    if (at > end) return undefined;
  }
  return types;
}

function inside(file: RandomAccess, at: number, bytes: number, clusterBytes: number): boolean {
  return bytes === 0 || (at > 0 && at % clusterBytes === 0 && at + bytes <= file.sizeBytes);
}

/** Beyond what a number holds exactly it is out of any file, which is all that matters. */
function offsetIn(view: DataView, at: number): number {
  return view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
}
