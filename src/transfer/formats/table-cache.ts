import type { RandomAccess } from "./image.ts";

/** Tables of a file, read when they are first asked for; the ones that were used longest ago make room. */
export class TableCache {
  readonly #file: RandomAccess;
  readonly #capacityBytes: number;
  readonly #tables = new Map<number, { readonly bytes: number; readonly view: Promise<DataView> }>();
  #heldBytes = 0;

  constructor(file: RandomAccess, capacityBytes: number = 16 * 1024 * 1024) {
    this.#file = file;
    this.#capacityBytes = capacityBytes;
  }

  /** The table at `at`, always asked for with the same length. */
  get(at: number, bytes: number): Promise<DataView> {
    const known = this.#tables.get(at);
    if (known) {
      this.#tables.delete(at);
      this.#tables.set(at, known);
      return known.view;
    }
    const view = this.#read(at, bytes);
    this.#tables.set(at, { bytes, view });
    this.#heldBytes += bytes;
    view.catch(() => this.#drop(at));
    for (const oldest of this.#tables.keys()) {
      if (this.#heldBytes <= this.#capacityBytes || oldest === at) break;
      this.#drop(oldest);
    }
    return view;
  }

  async #read(at: number, bytes: number): Promise<DataView> {
    // Without the asker's signal: others may wait for the same table.
    const table = new Uint8Array(bytes);
    await this.#file.read(at, table);
    return new DataView(table.buffer);
  }

  #drop(at: number): void {
    this.#heldBytes -= this.#tables.get(at)?.bytes ?? 0;
    this.#tables.delete(at);
  }
}

const pageBytes = 64 * 1024;

/** One long table of a file, in pages. */
export class PagedTable {
  readonly #cache: TableCache;
  readonly #at: number;
  readonly #bytes: number;
  readonly #entryBytes: number;

  constructor(cache: TableCache, table: { at: number; entries: number; entryBytes: number }) {
    this.#cache = cache;
    this.#at = table.at;
    this.#bytes = table.entries * table.entryBytes;
    this.#entryBytes = table.entryBytes;
  }

  /** The entries from `from` on that are in its page, and how many of them there are. */
  async page(from: number): Promise<{ readonly view: DataView; readonly entries: number }> {
    const start = from * this.#entryBytes;
    const page = Math.floor(start / pageBytes) * pageBytes;
    const bytes = Math.min(pageBytes, this.#bytes - page);
    const whole = await this.#cache.get(this.#at + page, bytes);
    const left = page + bytes - start;
    return { view: new DataView(whole.buffer, start - page, left), entries: Math.floor(left / this.#entryBytes) };
  }
}
