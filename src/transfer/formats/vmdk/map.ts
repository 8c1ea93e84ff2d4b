import { grainMarkerBytes } from "../codec-worker.ts";
import { damaged } from "../failures.ts";
import type { ImageFacts, ImageMap, OpenedImage, RandomAccess, Range, Stretch } from "../image.ts";
import { StretchList } from "../stretches.ts";
import { PagedTable, TableCache } from "../table-cache.ts";
import { judgeDescriptor, readVmdkHeader, type VmdkHeader, vmdkSectorBytes } from "./header.ts";

/** With the flag for it an entry of 1 is a grain of zeros; sector 1 is never a grain's. */
const zeroed = 1;
const mostDescriptorBytes = 64 * 1024;

export async function openVmdk(file: RandomAccess, signal?: AbortSignal): Promise<OpenedImage> {
  const header = await readVmdkHeader(file, signal);
  const facts: ImageFacts = {
    format: "vmdk",
    variant: header.createType,
    sizeBytes: header.sizeBytes,
    unitBytes: header.grainBytes,
    compression: header.compressed ? "deflate" : undefined,
    backingFile: header.parent,
    refusals: header.refusals,
    warnings: header.warnings,
  };
  return { facts, map: header.refusals.length > 0 ? undefined : new VmdkMap(file, header) };
}

/** A file that only describes a disk whose data are in other files: never read, but told apart. */
export async function openVmdkDescriptor(file: RandomAccess, signal?: AbortSignal): Promise<OpenedImage> {
  const bytes = new Uint8Array(Math.min(file.sizeBytes, mostDescriptorBytes));
  await file.read(0, bytes, signal);
  const { createType, parent, refusals } = judgeDescriptor(Buffer.from(bytes).toString("latin1"));
  const elsewhere = {
    reason: "only describes a disk whose data are in other files",
    action: "Export the disk as streamOptimized (an OVF export does) or as one growable file, and take that.",
  };
  return {
    facts: {
      format: "vmdk",
      variant: createType,
      sizeBytes: 0,
      unitBytes: undefined,
      compression: undefined,
      backingFile: parent,
      refusals: refusals.length > 0 ? refusals : [elsewhere],
      warnings: [],
    },
    map: undefined,
  };
}

class VmdkMap implements ImageMap {
  readonly granuleBytes = vmdkSectorBytes;
  readonly #file: RandomAccess;
  readonly #header: VmdkHeader;
  readonly #cache: TableCache;
  readonly #directory: PagedTable;

  constructor(file: RandomAccess, header: VmdkHeader) {
    this.#file = file;
    this.#header = header;
    this.#cache = new TableCache(file);
    this.#directory = new PagedTable(this.#cache, {
      at: header.directoryAt,
      entries: header.directoryEntries,
      entryBytes: 4,
    });
  }

  async stretches(from: number, to: number): Promise<readonly Stretch[]> {
    const { grainBytes, tableEntries } = this.#header;
    const list = new StretchList(from, to);
    const coverage = grainBytes * tableEntries;
    for (let index = Math.floor(from / coverage); index * coverage < to; index++) {
      const at = await this.#tableAt(index);
      if (at === 0) {
        list.zero(index * coverage, coverage);
        continue;
      }
      const view = await this.#cache.get(at, tableEntries * 4);
      const start = Math.max(0, Math.floor((from - index * coverage) / grainBytes));
      const end = Math.min(tableEntries, Math.ceil((to - index * coverage) / grainBytes));
      for (let grain = start; grain < end; grain++) {
        this.#add(list, index * coverage + grain * grainBytes, view.getUint32(grain * 4, true));
      }
    }
    return list.done();
  }

  async *tables(): AsyncGenerator<Range & { what: string }> {
    const { descriptor, directoryAt, directoryEntries, tableEntries } = this.#header;
    yield { at: 0, length: vmdkSectorBytes, what: "the header" };
    yield { ...descriptor, what: "the descriptor" };
    if (directoryEntries > 0) yield { at: directoryAt, length: directoryEntries * 4, what: "the grain directory" };
    for (let index = 0; index < directoryEntries; index++) {
      const at = await this.#tableAt(index);
      if (at !== 0) yield { at, length: tableEntries * 4, what: "a grain table" };
    }
  }

  async #tableAt(index: number): Promise<number> {
    const { view } = await this.#directory.page(index);
    const at = view.getUint32(0, true) * vmdkSectorBytes;
    if (at !== 0 && at + this.#header.tableEntries * 4 > this.#file.sizeBytes) {
      throw damaged(this.#file.name, "a grain table is at a place outside the file");
    }
    return at;
  }

  #add(list: StretchList, offset: number, sector: number): void {
    const { grainBytes, sizeBytes, compressed, zeroedGrains } = this.#header;
    if (sector === 0 || (sector === zeroed && zeroedGrains)) {
      list.zero(offset, grainBytes);
      return;
    }
    const at = sector * vmdkSectorBytes;
    const length = Math.min(grainBytes, sizeBytes - offset);
    const room = this.#file.sizeBytes - at;
    if (room < (compressed ? grainMarkerBytes : length)) {
      throw damaged(this.#file.name, `disk byte ${offset} is at a place outside the file`);
    }
    if (!compressed) list.data(offset, grainBytes, at);
    // What doesn't compress grows a little; twice the grain is more than any writer needs.
    else list.compressed({ offset, length, at, storedBytes: Math.min(2 * grainBytes, room), codec: "grain" });
  }
}
