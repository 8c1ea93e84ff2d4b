import { damaged } from "../failures.ts";
import type { ImageMap, OpenedImage, RandomAccess, Range, Stretch } from "../image.ts";
import { StretchList } from "../stretches.ts";
import { PagedTable, TableCache } from "../table-cache.ts";
import { readVhdxHeader, type VhdxHeader } from "./header.ts";
import { blockState, chunkRatio, headerSectionBytes, mib } from "./structures.ts";

export async function openVhdx(file: RandomAccess, signal?: AbortSignal): Promise<OpenedImage> {
  const header = await readVhdxHeader(file, signal);
  return {
    facts: {
      format: "vhdx",
      variant: header.parent ? "differencing" : `${header.sectorBytes}-byte sectors`,
      sizeBytes: header.sizeBytes,
      unitBytes: header.blockBytes,
      compression: undefined,
      backingFile: header.parent ? "named in the image by Hyper-V's own locator" : undefined,
      refusals: header.refusals,
      warnings: header.warnings,
    },
    map: header.refusals.length > 0 ? undefined : new VhdxMap(file, header),
  };
}

class VhdxMap implements ImageMap {
  readonly granuleBytes = mib;
  readonly #file: RandomAccess;
  readonly #header: VhdxHeader;
  readonly #bat: PagedTable;
  readonly #ratio: number;

  constructor(file: RandomAccess, header: VhdxHeader) {
    const { sizeBytes, blockBytes, sectorBytes, bat } = header;
    this.#file = file;
    this.#header = header;
    this.#ratio = chunkRatio(blockBytes, sectorBytes);
    const blocks = Math.ceil(sizeBytes / blockBytes);
    const entries = blocks + Math.floor(Math.max(0, blocks - 1) / this.#ratio);
    if (entries * 8 > bat.length) throw damaged(file.name, "its VHDX block table is too short for its disk");
    this.#bat = new PagedTable(new TableCache(file), { at: bat.at, entries, entryBytes: 8 });
  }

  async stretches(from: number, to: number): Promise<readonly Stretch[]> {
    const { blockBytes } = this.#header;
    const list = new StretchList(from, to);
    const end = Math.ceil(to / blockBytes);
    for (let block = Math.floor(from / blockBytes); block < end; ) {
      const inChunk = block % this.#ratio;
      const { view, entries } = await this.#bat.page(block + Math.floor(block / this.#ratio));
      const count = Math.min(entries, this.#ratio - inChunk, end - block);
      for (let index = 0; index < count; index++, block++) this.#add(list, block, view, index * 8);
    }
    return list.done();
  }

  async *tables(): AsyncGenerator<Range & { what: string }> {
    yield* this.#header.regions;
  }

  #add(list: StretchList, block: number, view: DataView, entry: number): void {
    const { blockBytes, sizeBytes } = this.#header;
    const offset = block * blockBytes;
    const low = view.getUint32(entry, true);
    const state = low & 7;
    switch (state) {
      case blockState.notPresent:
      case blockState.undefined:
      case blockState.zero:
      case blockState.unmapped:
        list.zero(offset, blockBytes);
        return;
      case blockState.present: {
        const at = (view.getUint32(entry + 4, true) * 4096 + (low >>> 20)) * mib;
        const length = Math.min(blockBytes, sizeBytes - offset);
        if (at < headerSectionBytes || at + length > this.#file.sizeBytes) {
          throw damaged(this.#file.name, `disk byte ${offset} is at a place outside the file`);
        }
        list.data(offset, blockBytes, at);
        return;
      }
      default:
        throw damaged(this.#file.name, `disk byte ${offset} is in a state that a disk without a parent can't have`);
    }
  }
}
