import { DatabaseSync, type StatementSync } from "node:sqlite";

export interface Document {
  readonly id: string;
}

/**
 * A simulated cloud's memory: tables of JSON documents, read from memory and written through to SQLite before a call
 * returns, so that nothing acknowledged is lost when the process is killed. One process at a time may open a file.
 */
export class Documents {
  readonly #database: DatabaseSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #tables = new Map<string, Table<Document>>();
  #depth = 0;

  constructor(file: string) {
    this.#database = new DatabaseSync(file);
    this.#database.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" +
        "CREATE TABLE IF NOT EXISTS document (kind TEXT, id TEXT, body TEXT NOT NULL, PRIMARY KEY (kind, id))",
    );
    this.#put = this.#database.prepare("INSERT OR REPLACE INTO document (kind, id, body) VALUES (?, ?, ?)");
    this.#delete = this.#database.prepare("DELETE FROM document WHERE kind = ? AND id = ?");
  }

  /** The table of that name; asking again gives the same one. */
  table<T extends Document>(kind: string): Table<T> {
    const known = this.#tables.get(kind);
    if (known) return known as unknown as Table<T>;
    const rows = this.#database.prepare("SELECT body FROM document WHERE kind = ? ORDER BY rowid").all(kind);
    const table = new Table<T>(
      rows.map(({ body }) => JSON.parse(String(body)) as T),
      (document) => this.#put.run(kind, document.id, JSON.stringify(document)),
      (id) => this.#delete.run(kind, id),
    );
    this.#tables.set(kind, table as unknown as Table<Document>);
    return table;
  }

  /** Makes several writes one: after a kill either all of them are there or none. `act` must not wait for anything. */
  together<T>(act: () => T): T {
    if (this.#depth > 0) return act();
    this.#database.exec("BEGIN");
    this.#depth++;
    try {
      const result = act();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    } finally {
      this.#depth--;
    }
  }

  close(): void {
    this.#database.close();
  }
}

/** Documents of one kind, in the order they were first put. What is in it is never changed in place. */
export class Table<T extends Document> {
  readonly #documents: Map<string, T>;
  readonly #write: (document: T) => void;
  readonly #erase: (id: string) => void;
  readonly #listeners: ((before: T | undefined, after: T | undefined) => void)[] = [];

  constructor(documents: readonly T[], write: (document: T) => void, erase: (id: string) => void) {
    this.#documents = new Map(documents.map((document) => [document.id, document]));
    this.#write = write;
    this.#erase = erase;
  }

  get(id: string): T | undefined {
    return this.#documents.get(id);
  }

  has(id: string): boolean {
    return this.#documents.has(id);
  }

  get size(): number {
    return this.#documents.size;
  }

  values(): IterableIterator<T> {
    return this.#documents.values();
  }

  where(wanted: (document: T) => boolean): T[] {
    return [...this.#documents.values()].filter(wanted);
  }

  find(wanted: (document: T) => boolean): T | undefined {
    for (const document of this.#documents.values()) if (wanted(document)) return document;
    return undefined;
  }

  /** Is told of each document that comes, changes or goes, once the write is over. */
  onChange(listener: (before: T | undefined, after: T | undefined) => void): void {
    this.#listeners.push(listener);
  }

  put(document: T): T {
    const before = this.#documents.get(document.id);
    this.#write(document);
    this.#documents.set(document.id, document);
    this.#tell(before, document);
    return document;
  }

  /** Changes some fields of a document that is there; `undefined` when it is not. */
  change(id: string, fields: Partial<T>): T | undefined {
    const document = this.#documents.get(id);
    return document && this.put({ ...document, ...fields });
  }

  delete(id: string): void {
    const before = this.#documents.get(id);
    if (!before) return;
    this.#erase(id);
    this.#documents.delete(id);
    this.#tell(before, undefined);
  }

  #tell(before: T | undefined, after: T | undefined): void {
    // Later: the write may be one of several that are one.
    for (const listener of this.#listeners) queueMicrotask(() => listener(before, after));
  }
}
