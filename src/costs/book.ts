import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CostQuery, CostSums } from "../domain/cost.ts";
import type { CostRepository } from "../store/index.ts";
import { Engine } from "./engine.ts";
import { type Delivered, type Delivery, takeDelivery } from "./import.ts";
import { SegmentFiles } from "./segment-files.ts";
import { type CostReach, conditionOf, rowsOf, sumCosts } from "./sums.ts";

/** Before the id of the process whose folder it is. */
const ownPrefix = "novacron-costs-";

export interface CostBookParts {
  readonly costs: CostRepository;
  readonly memoryBytes?: number;
  readonly threads?: number;
}

/**
 * Every provider's cost rows as FOCUS 1.2 has them. The store keeps them; whole columns of them are read here, by DuckDB.
 * Calls fail with `ProviderError`s only.
 */
export class CostBook {
  readonly #parts: CostBookParts;
  #opened: Promise<{ engine: Engine; files: SegmentFiles; dir: string }> | undefined;

  constructor(parts: CostBookParts) {
    this.#parts = parts;
  }

  /** @throws ProviderError InvalidInput for a delivery that can't be read or breaks a rule that sums depend on. */
  async take(delivery: Delivery): Promise<Delivered> {
    const { engine, dir } = await this.#open();
    return takeDelivery({ engine, costs: this.#parts.costs, dir }, delivery);
  }

  async sum(query: CostQuery): Promise<CostSums> {
    const { engine, files } = await this.#open();
    const rates = query.currency === undefined ? [] : await this.#parts.costs.rates(query.currency);
    const read = await files.of(query.from, query.to);
    return engine.with((session) => sumCosts(session, read, query, rates));
  }

  /**
   * Runs a select of one's own over `cost_rows`: the rows of those days in the columns of FOCUS, and `x_Provider`, `x_Site`,
   * `x_Source`.
   */
  async query<Row extends object>(reach: CostReach, select: string): Promise<Row[]> {
    const { engine, files } = await this.#open();
    const read = await files.of(reach.from, reach.to);
    if (read.length === 0) return [];
    const source = `SELECT * FROM ${rowsOf(read)} WHERE ${conditionOf(reach)}`;
    return engine.with((session) => session.rows<Row>(`WITH cost_rows AS NOT MATERIALIZED (${source}) ${select}`));
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    this.#opened = undefined;
    await opened?.engine.close();
    if (opened) await rm(opened.dir, { recursive: true, force: true });
  }

  #open() {
    const opening = (this.#opened ??= this.#make());
    opening.catch(() => {
      this.#opened = undefined;
    });
    return opening;
  }

  async #make() {
    const { costs, memoryBytes, threads } = this.#parts;
    await sweep();
    const dir = await mkdtemp(join(tmpdir(), `${ownPrefix}${process.pid}-`));
    const engine = new Engine({
      dir: join(dir, "spill"),
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      ...(threads === undefined ? {} : { threads }),
    });
    return { engine, files: new SegmentFiles(dir, costs), dir };
  }
}

/** Removes what processes left that were killed. */
async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(ownPrefix) ? Number.parseInt(name.slice(ownPrefix.length), 10) : Number.NaN;
    if (Number.isInteger(pid) && !isAlive(pid)) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
