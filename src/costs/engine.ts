import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { ProviderError } from "../domain/errors.ts";

export interface EngineOptions {
  /** Where it puts what does not fit into memory. */
  readonly dir: string;
  /** Default 768 MiB. */
  readonly memoryBytes?: number;
  /** Default 2. */
  readonly threads?: number;
}

/** A value of a row: times and decimals are asked for as texts or numbers. */
export type Cell = string | number | boolean | undefined;

/** DuckDB within this process, for whole columns of many rows. It is loaded when it is first needed, reads and writes files that
 *  it is told of, and fetches nothing from anywhere. */
export class Engine {
  readonly #options: EngineOptions;
  #opening: Promise<DuckDBInstance> | undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /** Runs `work` with a connection of its own; temporary tables end with it. */
  async with<T>(work: (session: EngineSession) => Promise<T>): Promise<T> {
    const instance = await (this.#opening ??= this.#open());
    const connection = await instance.connect();
    try {
      return await work(new EngineSession(connection));
    } finally {
      connection.closeSync();
    }
  }

  async close(): Promise<void> {
    const instance = await this.#opening?.catch(() => undefined);
    this.#opening = undefined;
    instance?.closeSync();
  }

  #open(): Promise<DuckDBInstance> {
    const { dir, memoryBytes = 768 * 2 ** 20, threads = 2 } = this.#options;
    const opening = import("@duckdb/node-api").then(({ DuckDBInstance: loaded }) =>
      loaded.create(":memory:", {
        threads: String(threads),
        memory_limit: `${Math.floor(memoryBytes / 2 ** 20)}MiB`,
        temp_directory: dir,
        // Sorting rows back into the order of their file would hold them all.
        preserve_insertion_order: "false",
        autoinstall_known_extensions: "false",
        autoload_known_extensions: "false",
      }),
    );
    opening.catch(() => {
      this.#opening = undefined;
    });
    return opening;
  }
}

export class EngineSession {
  readonly #connection: DuckDBConnection;

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  async run(statement: string): Promise<void> {
    await this.#asked(() => this.#connection.run(statement));
  }

  /** Whole numbers come as numbers, what is null is absent. */
  async rows<Row extends object>(statement: string): Promise<Row[]> {
    const reader = await this.#asked(() => this.#connection.runAndReadAll(statement));
    const names = reader.columnNames();
    return reader.getRows().map((row) => {
      const entries = names.flatMap((name, index) => {
        const cell = cellOf(row[index]);
        return cell === undefined ? [] : [[name, cell] as const];
      });
      return Object.fromEntries(entries) as Row;
    });
  }

  async #asked<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw asProviderError(error);
    }
  }
}

function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "string") return value;
  throw new TypeError("a statement of ours has a column that is no plain value");
}

function asProviderError(error: unknown): ProviderError {
  const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
  const subject = { operation: "read cost rows", resource: "costs", cause: error };
  if (/^Out of Memory/i.test(reason)) {
    return new ProviderError("Unavailable", {
      ...subject,
      reason,
      action: "Try again when less is asked at once; what does not fit into memory needs room on the disk.",
    });
  }
  if (/^(Conversion|Invalid Input|IO|Binder|CSV|Parser)/i.test(reason)) {
    return new ProviderError("InvalidInput", {
      ...subject,
      reason,
      action: "Look at the file: it must be CSV, JSON lines or Parquet, whole, with the columns of its format.",
    });
  }
  return new ProviderError("Unknown", { ...subject, reason, action: "Try again; if it stays, report it." });
}

/** As a text in a statement. */
export function literal(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** As a name in a statement. */
export function named(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
