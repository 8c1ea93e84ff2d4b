import { damaged } from "../failures.ts";
import type { RandomAccess, Range, Refusal } from "../image.ts";
import { crc32c } from "./crc32c.ts";
import { requireWholeLog } from "./log.ts";
import {
  fileFlag,
  fileSignature,
  headerAt,
  headerBytes,
  headerSectionBytes,
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

const checksumAt = 4;
const mostRegions = 2047;
const mostItems = 2047;
const zeroGuid = "0".repeat(32);

export interface VhdxHeader {
  readonly sizeBytes: number;
  readonly blockBytes: number;
  readonly sectorBytes: number;
  readonly bat: Range;
  readonly regions: readonly (Range & { readonly what: string })[];
  readonly parent: boolean;
  readonly refusals: readonly Refusal[];
  readonly warnings: readonly string[];
}

/** @throws ProviderError IntegrityFailure when a checksum is wrong in both copies, or a structure contradicts itself. */
export async function readVhdxHeader(file: RandomAccess, signal?: AbortSignal): Promise<VhdxHeader> {
  if (file.sizeBytes < headerSectionBytes) throw damaged(file.name, "it ends within its VHDX headers");
  const start = await readView(file, 0, 8, signal);
  if (textOf(start, 0, 8) !== fileSignature) throw damaged(file.name, `it doesn't begin with ${fileSignature}`);
  const warnings: string[] = [];
  const header = await newestHeader(file, warnings, signal);
  const refusals: Refusal[] = [];
  const log = { at: Number(header.getBigUint64(72, true)), length: header.getUint32(68, true) };
  const logId = hexOf(header, 48);
  if (header.getUint16(64, true) !== 0 || header.getUint16(66, true) !== 1) {
    throw damaged(file.name, "its VHDX header names a version that doesn't exist");
  }
  if (log.length > 0 && !aligned(file, log)) throw damaged(file.name, "its VHDX log is not in the file");
  if (logId !== zeroGuid) {
    await requireWholeLog(file, log, logId, signal);
    refusals.push({
      reason: "was not closed cleanly: its log holds changes that were not carried out",
      action: "Attach it once with its hypervisor, or run qemu-img check -r all on a copy, which carries them out.",
    });
  }
  const regions = await readRegions(file, warnings, signal);
  const bat = regions.get(regionId.bat);
  const metadata = regions.get(regionId.metadata);
  if (!bat || !metadata) throw damaged(file.name, "its VHDX region table names no block table or no metadata");
  const disk = await readMetadata(file, metadata, signal);
  if (disk.parent) {
    refusals.push({
      reason: "holds only the changes of its parent disk",
      action: "Merge it into its parent first, with the hypervisor that made it.",
    });
  }
  const tables = [
    { at: 0, length: headerSectionBytes, what: "the headers" },
    ...(log.length > 0 ? [{ ...log, what: "the log" }] : []),
    ...[...regions.values()].map((region) => ({ ...region, what: "a region" })),
  ];
  return { ...disk, bat, regions: tables, refusals, warnings };
}

/** Of the two headers the valid one with the higher sequence number counts; one is always being replaced. */
async function newestHeader(file: RandomAccess, warnings: string[], signal?: AbortSignal): Promise<DataView> {
  const valid: DataView[] = [];
  for (const at of headerAt) {
    const view = await readChecked(file, at, headerBytes, headerSignature, signal);
    if (view) valid.push(view);
  }
  const [first, second] = valid.sort((a, b) => (a.getBigUint64(8, true) > b.getBigUint64(8, true) ? -1 : 1));
  if (!first) throw damaged(file.name, "the checksums of both its VHDX headers are wrong");
  if (!second) warnings.push("One of its two headers is damaged; the other one is used");
  return first;
}

async function readRegions(file: RandomAccess, warnings: string[], signal?: AbortSignal): Promise<Map<string, Range>> {
  const valid: DataView[] = [];
  for (const at of regionTableAt) {
    const view = await readChecked(file, at, regionTableBytes, regionSignature, signal);
    if (view) valid.push(view);
  }
  const [table] = valid;
  if (!table) throw damaged(file.name, "the checksums of both its VHDX region tables are wrong");
  if (valid.length === 1) warnings.push("One of its two region tables is damaged; the other one is used");
  const count = table.getUint32(8, true);
  if (count > mostRegions) throw damaged(file.name, "its VHDX region table has more entries than it has room for");
  const regions = new Map<string, Range>();
  for (let index = 0; index < count; index++) {
    const entry = 16 + index * 32;
    const id = hexOf(table, entry);
    const range = { at: Number(table.getBigUint64(entry + 16, true)), length: table.getUint32(entry + 24, true) };
    const known = id === regionId.bat || id === regionId.metadata;
    if (!known && table.getUint32(entry + 28, true) & 1) {
      throw damaged(file.name, "it needs a VHDX region that isn't known");
    }
    if (!aligned(file, range)) throw damaged(file.name, "a VHDX region is not in the file");
    if (regions.has(id)) throw damaged(file.name, "its VHDX region table names a region twice");
    regions.set(id, range);
  }
  return regions;
}

async function readMetadata(
  file: RandomAccess,
  region: Range,
  signal?: AbortSignal,
): Promise<Pick<VhdxHeader, "sizeBytes" | "blockBytes" | "sectorBytes" | "parent">> {
  const broken = (reason: string) => damaged(file.name, `its VHDX metadata are damaged: ${reason}`);
  if (region.length < metadataTableBytes) throw broken("there is no room for their table");
  const table = await readView(file, region.at, metadataTableBytes, signal);
  if (textOf(table, 0, 8) !== metadataSignature) throw broken("their table isn't where it should be");
  const count = table.getUint16(10, true);
  if (count > mostItems) throw broken("their table has more entries than it has room for");
  const items = new Map<string, DataView>();
  for (let index = 0; index < count; index++) {
    const entry = 32 + index * 32;
    const id = hexOf(table, entry);
    const name = Object.entries(itemId).find(([, known]) => known === id)?.[0];
    const flags = table.getUint32(entry + 24, true);
    if (!name && flags & itemFlag.required) throw broken("an item is required that isn't known");
    const at = table.getUint32(entry + 16, true);
    const length = table.getUint32(entry + 20, true);
    if (!name || name === "parentLocator") continue;
    if (length < 4 || length > 16 || at < metadataTableBytes || at + length > region.length) {
      throw broken(`the item ${name} is not in them`);
    }
    items.set(name, await readView(file, region.at + at, length, signal));
  }
  const [parameters, size, logical] = ["fileParameters", "diskSize", "logicalSector"].map((name) => items.get(name));
  if (!parameters || parameters.byteLength < 8 || !size || size.byteLength < 8 || !logical)
    throw broken("items are missing");
  const blockBytes = parameters.getUint32(0, true);
  const sectorBytes = logical.getUint32(0, true);
  const sizeBytes = size.getBigUint64(0, true);
  if (blockBytes < mib || blockBytes > 256 * mib || (blockBytes & (blockBytes - 1)) !== 0) {
    throw broken(`blocks of ${blockBytes} bytes`);
  }
  if (sectorBytes !== 512 && sectorBytes !== 4096) throw broken(`sectors of ${sectorBytes} bytes`);
  if (sizeBytes > BigInt(maxVhdxBytes) || sizeBytes % BigInt(sectorBytes) !== 0n) {
    throw broken(`a disk of ${sizeBytes} bytes`);
  }
  const parent = (parameters.getUint32(4, true) & fileFlag.hasParent) !== 0;
  return { sizeBytes: Number(sizeBytes), blockBytes, sectorBytes, parent };
}

/** Undefined when the signature or the checksum is wrong. */
async function readChecked(
  file: RandomAccess,
  at: number,
  length: number,
  signature: string,
  signal: AbortSignal | undefined,
): Promise<DataView | undefined> {
  const view = await readView(file, at, length, signal);
  if (textOf(view, 0, 4) !== signature) return undefined;
  const bytes = new Uint8Array(view.buffer);
  return crc32c(bytes, checksumAt) === view.getUint32(checksumAt, true) ? view : undefined;
}

async function readView(file: RandomAccess, at: number, length: number, signal?: AbortSignal): Promise<DataView> {
  const bytes = new Uint8Array(length);
  await file.read(at, bytes, signal);
  return new DataView(bytes.buffer);
}

function aligned(file: RandomAccess, { at, length }: Range): boolean {
  const whole = at % mib === 0 && length % mib === 0;
  return whole && at >= headerSectionBytes && length > 0 && at + length <= file.sizeBytes;
}

function textOf(view: DataView, at: number, length: number): string {
  return Buffer.from(view.buffer, at, length).toString("latin1");
}

function hexOf(view: DataView, at: number): string {
  return Buffer.from(view.buffer, at, 16).toString("hex");
}
