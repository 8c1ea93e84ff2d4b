import { close, closeSync, existsSync, open, openSync, readFileSync, write, writeSync } from "node:fs";
import { promisify } from "node:util";

const openFile = promisify(open);
const closeFile = promisify(close);
const writeFile = promisify(write);

/** An index of 4 bytes and a SHA-256. */
const recordBytes = 36;

/**
 * Which blocks of a layer were written, and their SHA-256: a log with a record for every write. A record follows its
 * block's bytes, so what a killed process leaves is whole blocks. Of two records of a block the later one counts.
 */
export class BlockLog {
  readonly #path: string;
  readonly #sums = new Map<number, Buffer>();
  #log: number | undefined;
  #data: number | undefined;
  #opening: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
    if (!existsSync(path)) return;
    const bytes = readFileSync(path);
    for (let at = 0; at + recordBytes <= bytes.length; at += recordBytes) {
      this.#sums.set(bytes.readUInt32LE(at), bytes.subarray(at + 4, at + recordBytes));
    }
  }

  get size(): number {
    return this.#sums.size;
  }

  has(index: number): boolean {
    return this.#sums.has(index);
  }

  sha256(index: number): Buffer | undefined {
    return this.#sums.get(index);
  }

  /** Ascending. */
  indexes(): Uint32Array {
    return Uint32Array.from(this.#sums.keys()).sort();
  }

  /** Writes the block into the data file, then its record. */
  async append(dataPath: string, index: number, data: Buffer, sha256: Buffer): Promise<void> {
    if (this.#data === undefined) await this.#open(dataPath);
    const file = this.#data as number;
    const offset = index * data.length;
    for (let done = 0; done < data.length; ) {
      done += (await writeFile(file, data, done, data.length - done, offset + done)).bytesWritten;
    }
    const record = Buffer.allocUnsafe(recordBytes);
    record.writeUInt32LE(index, 0);
    sha256.copy(record, 4);
    writeSync(this.#log as number, record);
    this.#sums.set(index, sha256);
  }

  async #open(dataPath: string): Promise<void> {
    this.#opening ??= (async () => {
      this.#log = openSync(this.#path, "a", 0o644);
      this.#data = await openFile(dataPath, "r+");
    })();
    await this.#opening;
  }

  async close(): Promise<void> {
    const [log, data] = [this.#log, this.#data];
    this.#log = this.#data = this.#opening = undefined;
    if (log !== undefined) closeSync(log);
    if (data !== undefined) await closeFile(data);
  }
}
