import { damaged } from "../failures.ts";
import type { ImageMap, OpenedImage, RandomAccess, Range, Stretch } from "../image.ts";
import { StretchList } from "../stretches.ts";
import { PagedTable, TableCache } from "../table-cache.ts";
import { type Qcow2Header, readQcow2Header } from "./header.ts";

const subclusters = 32;
/** Reserved in every entry: bits 56 to 61 (here of the upper half). */
const reservedHigh = 0x3f000000;
/** Reserved in an entry of data: bits 1 to 8; bit 0 says "zeros" since version 3. */
const reservedLow = 0x1fe;
const compressedFlag = 0x40000000;

export async function openQcow2(file: RandomAccess, signal?: AbortSignal): Promise<OpenedImage> {
  const header = await readQcow2Header(file, signal);
  return {
    facts: {
      format: "qcow2",
      variant: header.extendedL2 ? "v3, extended L2" : `v${header.version}`,
      sizeBytes: header.sizeBytes,
      unitBytes: 2 ** header.clusterBits,
      compression: header.compression,
      backingFile: header.backingFile,
      refusals: header.refusals,
      warnings: header.warnings,
    },
    map: header.refusals.length > 0 ? undefined : new Qcow2Map(file, header),
  };
}

/** The active layer's two levels of tables. */
class Qcow2Map implements ImageMap {
  readonly granuleBytes: number;
  readonly #file: RandomAccess;
  readonly #header: Qcow2Header;
  readonly #cache: TableCache;
  readonly #l1: PagedTable;
  readonly #entryBytes: number;
  /** Disk bytes that one L2 table maps. */
  readonly #coverage: number;
  /** Where a compressed entry's length begins, in its upper half. */
  readonly #lengthShift: number;

  constructor(file: RandomAccess, header: Qcow2Header) {
    this.#file = file;
    this.#header = header;
    this.granuleBytes = 2 ** header.clusterBits;
    this.#cache = new TableCache(file);
    this.#l1 = new PagedTable(this.#cache, { ...header.l1, entryBytes: 8 });
    this.#entryBytes = header.extendedL2 ? 16 : 8;
    this.#coverage = this.granuleBytes * (this.granuleBytes / this.#entryBytes);
    this.#lengthShift = 62 - (header.clusterBits - 8) - 32;
  }

  async stretches(from: number, to: number): Promise<readonly Stretch[]> {
    const list = new StretchList(from, to);
    const end = Math.min(to, this.#header.sizeBytes);
    for (let table = Math.floor(from / this.#coverage); table * this.#coverage < end; table++) {
      const at = await this.#l2At(table);
      const start = table * this.#coverage;
      if (at === 0) list.zero(start, this.#coverage);
      else {
        const view = await this.#cache.get(at, this.granuleBytes);
        this.#addTable(list, view, start, Math.max(from, start), Math.min(end, start + this.#coverage));
      }
    }
    return list.done();
  }

  async *tables(): AsyncGenerator<Range & { what: string }> {
    const { l1, refcountTable, snapshots } = this.#header;
    yield { at: 0, length: this.granuleBytes, what: "the header" };
    if (l1.entries > 0) yield { at: l1.at, length: l1.entries * 8, what: "the L1 table" };
    if (refcountTable.bytes > 0)
      yield { at: refcountTable.at, length: refcountTable.bytes, what: "the refcount table" };
    const table = new PagedTable(this.#cache, {
      at: refcountTable.at,
      entries: refcountTable.bytes / 8,
      entryBytes: 8,
    });
    for (let block = 0; block < refcountTable.bytes / 8; ) {
      const { view, entries } = await table.page(block);
      for (let index = 0; index < entries; index++) {
        const at = offsetOf(view.getUint32(index * 8), view.getUint32(index * 8 + 4));
        if (at === 0) continue;
        this.#requireCluster(at, "a refcount block");
        yield { at, length: this.granuleBytes, what: "a refcount block" };
      }
      block += entries;
    }
    if (snapshots.count > 0) yield { at: snapshots.at, length: 1, what: "the snapshot table" };
    for (let index = 0; index < l1.entries; index++) {
      const at = await this.#l2At(index);
      if (at !== 0) yield { at, length: this.granuleBytes, what: "an L2 table" };
    }
  }

  async #l2At(table: number): Promise<number> {
    const { view } = await this.#l1.page(table);
    const [high, low] = [view.getUint32(0), view.getUint32(4)];
    if (high & 0x7f000000 || low & 0x1ff) throw this.#broken("reserved bits in its L1 table");
    const at = offsetOf(high, low);
    if (at !== 0) this.#requireCluster(at, "an L2 table");
    return at;
  }

  #addTable(list: StretchList, view: DataView, tableStart: number, from: number, to: number): void {
    const { version, extendedL2, sizeBytes } = this.#header;
    const clusterBytes = this.granuleBytes;
    const first = Math.floor((from - tableStart) / clusterBytes);
    const last = Math.ceil((to - tableStart) / clusterBytes);
    for (let index = first; index < last; index++) {
      const entry = index * this.#entryBytes;
      const high = view.getUint32(entry);
      const low = view.getUint32(entry + 4);
      const offset = tableStart + index * clusterBytes;
      if (high & compressedFlag) {
        const length = Math.min(clusterBytes, sizeBytes - offset);
        this.#addCompressed(list, offset, length, high, low);
        continue;
      }
      if (high & reservedHigh || low & reservedLow)
        throw this.#broken(`reserved bits in an L2 entry (disk byte ${offset})`);
      const at = offsetOf(high, low);
      if (extendedL2) {
        this.#addSubclusters(list, offset, at, view.getUint32(entry + 8), view.getUint32(entry + 12));
      } else if (low & 1) {
        if (version === 2) throw this.#broken(`a zero flag in version 2 (disk byte ${offset})`);
        list.zero(offset, clusterBytes);
      } else if (at === 0) list.zero(offset, clusterBytes);
      else {
        this.#requireData(at, Math.min(clusterBytes, sizeBytes - offset));
        list.data(offset, clusterBytes, at);
      }
    }
  }

  #addSubclusters(list: StretchList, offset: number, at: number, zeros: number, allocated: number): void {
    const bytes = this.granuleBytes / subclusters;
    if ((zeros & allocated) !== 0 || (at === 0 && allocated !== 0)) {
      throw this.#broken(`subclusters that contradict themselves (disk byte ${offset})`);
    }
    if (at !== 0) this.#requireData(at, Math.min(this.granuleBytes, this.#header.sizeBytes - offset));
    for (let index = 0; index < subclusters; index++) {
      if (allocated & (1 << index)) list.data(offset + index * bytes, bytes, at + index * bytes);
      else list.zero(offset + index * bytes, bytes);
    }
  }

  #addCompressed(list: StretchList, offset: number, length: number, high: number, low: number): void {
    const shift = this.#lengthShift;
    const at = (high & (2 ** shift - 1)) * 2 ** 32 + low;
    const sectors = ((high & 0x3fffffff) >>> shift) + 1;
    const storedBytes = Math.min(sectors * 512 - (at % 512), this.#file.sizeBytes - at);
    if (at < this.granuleBytes || storedBytes <= 0) {
      throw this.#broken(`a compressed cluster outside the file (disk byte ${offset})`);
    }
    list.compressed({ offset, length, at, storedBytes, codec: this.#header.compression });
  }

  #requireCluster(at: number, what: string): void {
    if (at % this.granuleBytes !== 0) throw this.#broken(`${what} between two clusters`);
    if (at + this.granuleBytes > this.#file.sizeBytes) throw this.#broken(`${what} outside the file`);
  }

  #requireData(at: number, bytes: number): void {
    if (at % this.granuleBytes !== 0) throw this.#broken("data between two clusters");
    if (at + bytes > this.#file.sizeBytes) throw this.#broken(`data at byte ${at}, outside the file`);
  }

  #broken(reason: string): Error {
    return damaged(this.#file.name, `it has ${reason}`);
  }
}

/** Bits 9 to 55 of an entry; what a number doesn't hold exactly is out of any file. */
function offsetOf(high: number, low: number): number {
  return (high & 0x00ffffff) * 2 ** 32 + ((low & 0xfffffe00) >>> 0);
}
