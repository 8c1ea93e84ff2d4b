import { chmod, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { ProviderError } from "../../domain/errors.ts";
import { conflict, notFound, type Subject } from "../failures.ts";
import { markOnce, readJson, readNames, syncFile, writeJsonOnce } from "../record-files.ts";
import { dataName, logName, superseded } from "./attempt-sink.ts";
import { checkId, exists, type Folder } from "./folder.ts";
import { type LayerLog, readLayerLog, settleLayerLog } from "./layer-log.ts";

export interface GenerationRecord {
  readonly generationId: string;
  readonly replicaId: string;
  readonly sizeBytes: number;
  readonly createdAt: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly parentPointId?: string;
}

/** What an attempt wrote, as far as its successors or the seal take it over. */
export interface Part {
  /** Its folder below `attempts`. */
  readonly attempt: string;
  /** Of its log. */
  readonly bytes: number;
}

export interface Seal {
  readonly sealedAt: string;
  /** Oldest first. */
  readonly parts: readonly Part[];
}

export interface Generation extends GenerationRecord {
  readonly seal?: Seal;
  /** Removed by its owner; kept while something is built on it. */
  readonly deleted: boolean;
}

/** The order of taking over: by attempt, and by turn where one attempt was opened again. */
interface Claim {
  readonly name: string;
  readonly attempt: number;
  readonly turn: number;
}

/**
 * Generations on disk. Nothing is changed in place: states are files that exist or not, every attempt has a folder that
 * no other attempt writes to, and what one takes over from another is fixed when it does.
 */
export class Layers {
  readonly #folder: Folder;

  constructor(folder: Folder) {
    this.#folder = folder;
  }

  async get(generationId: string): Promise<Generation | undefined> {
    const path = this.#path(generationId);
    const live = await readJson<GenerationRecord>(join(path, "generation.json"));
    const record = live ?? (await readJson<GenerationRecord>(join(path, "deleted.json")));
    if (!record) return undefined;
    return { ...record, seal: await readJson<Seal>(join(path, "sealed.json")), deleted: live === undefined };
  }

  async list(): Promise<Generation[]> {
    const names = await this.#folder.ids("generations");
    const found = await Promise.all(names.map((name) => this.get(name)));
    return found.filter((generation) => generation !== undefined);
  }

  /** Writes the record unless there is one. */
  async put(record: GenerationRecord): Promise<void> {
    const path = this.#path(record.generationId);
    await mkdir(join(path, "attempts"), { recursive: true, mode: 0o750 });
    await syncFile(this.#folder.path("generations"));
    await writeJsonOnce(join(path, "generation.json"), record);
  }

  /** Takes the generation over for an attempt: a folder of its own, on top of what earlier ones made durable.
   *  @throws Conflict when a newer attempt has. */
  async takeOver(generationId: string, attempt: number, subject: Subject): Promise<string> {
    const attempts = join(this.#path(generationId), "attempts");
    const mine = await this.#claim(attempts, attempt);
    const claims = await this.#claims(attempts);
    if (claims.at(-1)?.name !== mine) throw superseded(subject);
    const parts = await this.#partsOf(attempts, claims.slice(0, -1));
    await writeJsonOnce(join(attempts, mine, "base.json"), { parts });
    await this.refuseSuperseded(generationId, mine, subject);
    return join(attempts, mine);
  }

  /** @throws Conflict unless that attempt may write. */
  async refuseSuperseded(generationId: string, mine: string, subject: Subject): Promise<void> {
    await this.refuseEnded(generationId, subject);
    const claims = await this.#claims(join(this.#path(generationId), "attempts"));
    if (claims.at(-1)?.name !== mine) throw superseded(subject);
  }

  /** @throws Conflict when the generation was discarded, sealed or deleted. */
  async refuseEnded(generationId: string, subject: Subject): Promise<void> {
    if (await this.isBuried(generationId)) {
      throw conflict(subject, "it was discarded", "Start the move anew; it takes a new generation.");
    }
    const path = this.#path(generationId);
    if ((await exists(join(path, "sealed.json"))) || (await exists(join(path, "deleted.json")))) {
      throw conflict(subject, "it is sealed", "Read it as a recovery point, or start a new generation on it.");
    }
  }

  /** @throws Conflict when that attempt is not the newest any more. */
  async refuseOlder(generationId: string, attempt: number, subject: Subject): Promise<void> {
    const newest = (await this.#claims(join(this.#path(generationId), "attempts"))).at(-1);
    if (newest && newest.attempt > attempt) throw superseded(subject);
  }

  /** Fixes the content. @throws NotFound when nothing was ever opened, Conflict when a newer attempt was. */
  async seal(generation: Generation, attempt: number, subject: Subject): Promise<Seal> {
    const path = this.#path(generation.generationId);
    const attempts = join(path, "attempts");
    const claims = await this.#claims(attempts);
    if (claims.length === 0) throw notFound(subject, "nothing was written to it");
    await this.refuseOlder(generation.generationId, attempt, subject);
    const parts = await this.#partsOf(attempts, claims);
    for (const part of parts) await this.#protect(join(attempts, part.attempt));
    await writeJsonOnce(join(path, "sealed.json"), { sealedAt: new Date().toISOString(), parts });
    const sealed = (await readJson<Seal>(join(path, "sealed.json"))) ?? { sealedAt: generation.createdAt, parts };
    // What late attempts still write goes to files without a name.
    const kept = new Set(sealed.parts.map((part) => part.attempt));
    for (const { name } of claims) {
      if (!kept.has(name)) await rm(join(attempts, name), { recursive: true, force: true });
    }
    return sealed;
  }

  /** The data files and the log of a part of a sealed generation. */
  async readPart(generationId: string, part: Part): Promise<{ log: LayerLog; file: (index: number) => string }> {
    const folder = join(this.#path(generationId), "attempts", part.attempt);
    const log = await readLayerLog(join(folder, logName), part.bytes);
    if (log) return { log, file: (index) => join(folder, dataName(index)) };
    throw this.#damaged(join(folder, logName));
  }

  /** Marks it removed; its bytes go when nothing is built on them. */
  async markDeleted(generationId: string): Promise<void> {
    const path = this.#path(generationId);
    await rename(join(path, "generation.json"), join(path, "deleted.json")).catch(ignoreMissing);
  }

  /** Ends a generation for good: whoever still writes to it writes to files without a name, and nobody opens it again. */
  async bury(generationId: string): Promise<void> {
    await markOnce(this.#folder.path("gone", checkId(generationId)));
    await this.drop(generationId);
  }

  async isBuried(generationId: string): Promise<boolean> {
    return exists(this.#folder.path("gone", checkId(generationId)));
  }

  async drop(generationId: string): Promise<void> {
    await rm(this.#path(generationId), { recursive: true, force: true });
  }

  #damaged(log: string): ProviderError {
    return new ProviderError("IntegrityFailure", {
      operation: "read a generation",
      resource: this.#folder.site,
      reason: `${log} is not what it was when it was written`,
      action: "Check the storage; move the disk again.",
    });
  }

  #path(generationId: string): string {
    return this.#folder.path("generations", checkId(generationId));
  }

  /** Makes a folder that says who is next. */
  async #claim(attempts: string, attempt: number): Promise<string> {
    for (let turn = 0; ; turn++) {
      const name = `${attempt}.${turn}`;
      try {
        await mkdir(join(attempts, name), { mode: 0o750 });
        await syncFile(attempts);
        return name;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    }
  }

  async #claims(attempts: string): Promise<Claim[]> {
    const claims = (await readNames(attempts)).flatMap((name): Claim[] => {
      const [, attempt, turn] = /^(\d+)\.(\d+)$/.exec(name) ?? [];
      return attempt && turn ? [{ name, attempt: Number(attempt), turn: Number(turn) }] : [];
    });
    return claims.sort((a, b) => a.attempt - b.attempt || a.turn - b.turn);
  }

  /** What the newest of the claims holds with all that it took over. One that has not got so far as to say so never
   *  wrote anything: its successor's claim is there, so it ends when it looks. */
  async #partsOf(attempts: string, claims: readonly Claim[]): Promise<readonly Part[]> {
    for (const { name } of claims.toReversed()) {
      const base = await readJson<{ parts: readonly Part[] }>(join(attempts, name, "base.json"));
      if (!base) continue;
      const path = join(attempts, name, logName);
      if (!(await exists(path))) return base.parts;
      const log = await settleLayerLog(path);
      if (!log) throw this.#damaged(path);
      return log.map.isEmpty ? base.parts : [...base.parts, { attempt: name, bytes: log.bytes }];
    }
    return [];
  }

  async #protect(folder: string): Promise<void> {
    for (const name of await readNames(folder)) await chmod(join(folder, name), 0o440);
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
