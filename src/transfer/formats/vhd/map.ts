import { damaged, shown } from "../failures.ts";
import type { ImageFacts, ImageMap, OpenedImage, RandomAccess, Range, Refusal, Stretch } from "../image.ts";
import { StretchList } from "../stretches.ts";
import { PagedTable, TableCache } from "../table-cache.ts";
import {
  diskType,
  dynamicCookie,
  dynamicHeaderBytes,
  footerBytes,
  isFooter,
  parseFooter,
  type VhdFooter,
  vhdChecksum,
  vhdSectorBytes,
} from "./footer.ts";

const unused = 0xffffffff;
/** A block of 2 MiB is usual; smaller ones than this only blow up the table. */
const smallestBlockBytes = 64 * 1024;
const largestBlockBytes = 256 * 1024 * 1024;

interface DynamicHeader {
  readonly tableAt: number;
  readonly entries: number;
  readonly blockBytes: number;
}

/** Opens a file whose last 512 bytes are a footer, or whose first are the copy that dynamic disks begin with. */
export async function openVhd(file: RandomAccess, signal?: AbortSignal): Promise<OpenedImage> {
  if (file.sizeBytes < footerBytes) throw damaged(file.name, "it is too short for a VHD footer");
  const last = new Uint8Array(footerBytes);
  await file.read(file.sizeBytes - footerBytes, last, signal);
  if (!isFooter(last)) throw damaged(file.name, "its VHD footer is missing: the file's end is cut off or overwritten");
  const footer = parseFooter(last, file.name);
  if (footer.type === diskType.fixed) return openFixed(file, footer);
  if (footer.type !== diskType.dynamic && footer.type !== diskType.differencing) {
    throw damaged(file.name, `its VHD footer names a kind of disk that doesn't exist (${footer.type})`);
  }
  const header = await readDynamicHeader(file, footer, signal);
  const refusals: Refusal[] = [];
  if (footer.type === diskType.differencing) {
    refusals.push({
      reason: `holds only the changes of its parent disk (${header.parent})`,
      action: "Merge it into its parent first, with the hypervisor that made it.",
    });
  }
  const facts: ImageFacts = {
    format: "vhd-dynamic",
    variant: refusals.length > 0 ? "differencing" : "dynamic",
    sizeBytes: footer.sizeBytes,
    unitBytes: header.blockBytes,
    compression: undefined,
    backingFile: refusals.length > 0 ? header.parent : undefined,
    refusals,
    warnings: [],
  };
  return { facts, map: refusals.length > 0 ? undefined : new VhdDynamicMap(file, footer, header) };
}

function openFixed(file: RandomAccess, footer: VhdFooter): OpenedImage {
  if (footer.sizeBytes > file.sizeBytes - footerBytes) {
    throw damaged(file.name, `it is too short for its disk of ${footer.sizeBytes} bytes`);
  }
  const facts: ImageFacts = {
    format: "vhd-fixed",
    variant: "fixed",
    sizeBytes: footer.sizeBytes,
    unitBytes: undefined,
    compression: undefined,
    backingFile: undefined,
    refusals: [],
    warnings: [],
  };
  return { facts, map: new FlatMap() };
}

/** A disk that lies in its file as it is: raw, and VHD fixed. */
export class FlatMap implements ImageMap {
  readonly granuleBytes = undefined;

  async stretches(from: number, to: number): Promise<readonly Stretch[]> {
    return [{ kind: "data", offset: from, length: to - from, at: from }];
  }

  async *tables(): AsyncGenerator<never> {}
}

async function readDynamicHeader(
  file: RandomAccess,
  footer: VhdFooter,
  signal: AbortSignal | undefined,
): Promise<DynamicHeader & { parent: string }> {
  const broken = (reason: string) => damaged(file.name, `its VHD header is damaged: ${reason}`);
  const at = footer.headerAt;
  if (at === undefined || at % vhdSectorBytes !== 0 || at + dynamicHeaderBytes > file.sizeBytes) {
    throw broken("it is not in the file");
  }
  const bytes = new Uint8Array(dynamicHeaderBytes);
  await file.read(at, bytes, signal);
  const view = new DataView(bytes.buffer);
  if (Buffer.from(bytes.subarray(0, 8)).toString("latin1") !== dynamicCookie)
    throw broken("it isn't where it should be");
  if (view.getUint32(36) !== vhdChecksum(bytes, 36)) throw broken("its checksum is wrong");
  const blockBytes = view.getUint32(32);
  if (blockBytes < smallestBlockBytes || blockBytes > largestBlockBytes || (blockBytes & (blockBytes - 1)) !== 0) {
    throw broken(`blocks of ${blockBytes} bytes`);
  }
  const entries = Math.ceil(footer.sizeBytes / blockBytes);
  if (view.getUint32(28) < entries) throw broken(`room for ${view.getUint32(28)} blocks where the disk has ${entries}`);
  const tableAt = Number(view.getBigUint64(16));
  if (tableAt % vhdSectorBytes !== 0 || tableAt + entries * 4 > file.sizeBytes)
    throw broken("its table is not in the file");
  const parent = new TextDecoder("utf-16be").decode(bytes.subarray(64, 576)).replace(/\0.*$/su, "");
  return { tableAt, entries, blockBytes, parent: shown(parent) };
}

class VhdDynamicMap implements ImageMap {
  /** Blocks have a bitmap in front of them and so lie at any sector. */
  readonly granuleBytes = vhdSectorBytes;
  readonly #file: RandomAccess;
  readonly #footer: VhdFooter;
  readonly #header: DynamicHeader;
  readonly #table: PagedTable;
  readonly #bitmapBytes: number;

  constructor(file: RandomAccess, footer: VhdFooter, header: DynamicHeader) {
    this.#file = file;
    this.#footer = footer;
    this.#header = header;
    this.#table = new PagedTable(new TableCache(file), { at: header.tableAt, entries: header.entries, entryBytes: 4 });
    const bits = header.blockBytes / vhdSectorBytes / 8;
    this.#bitmapBytes = Math.ceil(bits / vhdSectorBytes) * vhdSectorBytes;
  }

  async stretches(from: number, to: number): Promise<readonly Stretch[]> {
    const list = new StretchList(from, to);
    const { blockBytes } = this.#header;
    const end = Math.ceil(to / blockBytes);
    for (let block = Math.floor(from / blockBytes); block < end; ) {
      const { view, entries } = await this.#table.page(block);
      for (let index = 0; index < entries && block < end; index++, block++) {
        const sector = view.getUint32(index * 4);
        if (sector === unused) list.zero(block * blockBytes, blockBytes);
        else list.data(block * blockBytes, blockBytes, this.#dataAt(block, sector));
      }
    }
    return list.done();
  }

  async *tables(): AsyncGenerator<Range & { what: string }> {
    const { tableAt, entries, blockBytes } = this.#header;
    yield { at: 0, length: footerBytes, what: "the footer's copy" };
    yield { at: this.#file.sizeBytes - footerBytes, length: footerBytes, what: "the footer" };
    yield { at: this.#footer.headerAt ?? 0, length: dynamicHeaderBytes, what: "the header" };
    if (entries > 0) yield { at: tableAt, length: entries * 4, what: "the block table" };
    for (let block = 0; block < entries; ) {
      const page = await this.#table.page(block);
      for (let index = 0; index < page.entries; index++, block++) {
        const sector = page.view.getUint32(index * 4);
        if (sector === unused) continue;
        const at = this.#dataAt(block, sector) - this.#bitmapBytes;
        yield { at, length: this.#bitmapBytes, what: `the bitmap of disk byte ${block * blockBytes}` };
      }
    }
  }

  #dataAt(block: number, sector: number): number {
    const at = sector * vhdSectorBytes + this.#bitmapBytes;
    const length = Math.min(this.#header.blockBytes, this.#footer.sizeBytes - block * this.#header.blockBytes);
    if (at + length > this.#file.sizeBytes - footerBytes) {
      throw damaged(this.#file.name, `disk byte ${block * this.#header.blockBytes} is at a place outside the file`);
    }
    return at;
  }
}
