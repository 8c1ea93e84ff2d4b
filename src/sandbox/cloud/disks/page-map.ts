/** The unit of page blobs. */
export const pageBytes = 512;
/** Pages are kept in groups of as many as fill a block of the disk store. */
export const groupBytes = 512 * 1024;
const pagesPerGroup = groupBytes / pageBytes;

/** What a layer says of a page: nothing, that it holds it, that it is zeros. */
export const pageState = { unset: 0, held: 1, cleared: 2 } as const;

export interface PageRun {
  /** First byte, and the one behind the last. */
  readonly start: number;
  readonly end: number;
  readonly cleared: boolean;
  /** Which of the layers it is from, top first. */
  readonly layer: number;
}

/** Which pages of a layer were written or cleared. */
export class PageMap {
  readonly #groups = new Map<number, Uint8Array>();

  /** Offset and length are whole pages. */
  set(offset: number, length: number, cleared: boolean): void {
    const state = cleared ? pageState.cleared : pageState.held;
    for (let at = offset; at < offset + length; ) {
      const group = Math.floor(at / groupBytes);
      const end = Math.min(offset + length, (group + 1) * groupBytes);
      const pages = this.#groups.get(group) ?? new Uint8Array(pagesPerGroup);
      this.#groups.set(group, pages);
      pages.fill(state, (at - group * groupBytes) / pageBytes, (end - group * groupBytes) / pageBytes);
      at = end;
    }
  }

  group(index: number): Uint8Array | undefined {
    return this.#groups.get(index);
  }

  groups(): Iterable<number> {
    return this.#groups.keys();
  }
}

/** What a chain of layers, top first, says of the bytes from `from` to `to`; where none says anything is left out. */
export function* runsOf(chain: readonly PageMap[], from: number, to: number): Generator<PageRun> {
  const touched = new Set<number>();
  const [first, last] = [Math.floor(from / groupBytes), Math.ceil(to / groupBytes)];
  for (const map of chain) for (const group of map.groups()) if (group >= first && group < last) touched.add(group);
  let run: PageRun | undefined;
  for (const group of [...touched].sort((a, b) => a - b)) {
    const layers = chain.map((map) => map.group(group));
    const base = group * groupBytes;
    const end = Math.min(pagesPerGroup, Math.ceil((to - base) / pageBytes));
    for (let page = Math.max(0, Math.floor((from - base) / pageBytes)); page < end; page++) {
      const layer = layers.findIndex((states) => states !== undefined && states[page] !== pageState.unset);
      if (layer < 0) continue;
      const cleared = layers[layer]?.[page] === pageState.cleared;
      const at = base + page * pageBytes;
      if (run && run.end === at && run.layer === layer && run.cleared === cleared) {
        run = { ...run, end: at + pageBytes };
      } else {
        if (run) yield run;
        run = { start: at, end: at + pageBytes, cleared, layer };
      }
    }
  }
  if (run) yield run;
}
