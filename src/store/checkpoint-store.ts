// Long because it is all that is ever asked of the stored checkpoints.
import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import type { ProviderError } from "../domain/errors.ts";
import type { CheckpointStore, GenerationState, ManifestChunk, TransferProgress } from "../transfer/ports.ts";
import { conflict, lostLeaves, unknownGeneration } from "./checkpoint-errors.ts";
import type { Database, GenerationTable } from "./schema.ts";

type Generation = Selectable<GenerationTable>;

const hashBytes = 32;
/** 4 MiB of hashes a round trip. */
const chunksAtOnce = 32;

/** The checkpoint of record on PostgreSQL. A generation's manifest id is its own id. */
export class PostgresCheckpointStore implements CheckpointStore {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** The manifest that a sealed generation's own leaves were written on top of, and its root; undefined of one by itself. */
  async parentOf(manifestId: string): Promise<{ readonly manifestId: string; readonly rootHash: string } | undefined> {
    const row = await this.#db
      .selectFrom("generations as own")
      .innerJoin("generations as parent", "parent.generation_id", "own.parent_manifest_id")
      .where("own.generation_id", "=", manifestId)
      .where("own.sealed", "=", true)
      .where("parent.sealed", "=", true)
      .select(["parent.generation_id", "parent.root_hash"])
      .executeTakeFirst();
    if (!row?.root_hash) return undefined;
    return { manifestId: row.generation_id, rootHash: row.root_hash };
  }

  async beginAttempt(input: {
    generationId: string;
    sizeBytes: number;
    parentManifestId?: string;
  }): Promise<GenerationState> {
    const { generationId, sizeBytes, parentManifestId } = input;
    return await this.#db.transaction().execute(async (tx) => {
      const inserted = await tx
        .insertInto("generations")
        .values({ generation_id: generationId, size_bytes: sizeBytes, parent_manifest_id: parentManifestId ?? null })
        .onConflict((conflict) => conflict.column("generation_id").doNothing())
        .executeTakeFirst();
      if (inserted.numInsertedOrUpdatedRows === 1n && parentManifestId !== undefined) {
        await inheritLeaves(tx, generationId, sizeBytes, parentManifestId);
      }
      const generation = await lockGeneration(tx, generationId, "begin an attempt");
      if (generation.sealed) throw conflict("begin an attempt", generationId, "it is sealed", "Open a new generation.");
      if (generation.size_bytes !== sizeBytes) {
        throw conflict(
          "begin an attempt",
          generationId,
          `it was opened with ${generation.size_bytes} bytes and the disk has ${sizeBytes}`,
          "Open a new generation for the disk's new size.",
        );
      }
      const committed = generation.bytes_copied - generation.attempt_base;
      const row = await tx
        .updateTable("generations")
        .set({
          attempt: generation.attempt + 1,
          bytes_resent: generation.bytes_resent + Math.max(0, generation.attempt_sent - committed),
          attempt_sent: 0,
          attempt_base: generation.bytes_copied,
        })
        .where("generation_id", "=", generationId)
        .returningAll()
        .executeTakeFirstOrThrow();
      return toState(row);
    });
  }

  async *chunks(manifestId: string): AsyncGenerator<ManifestChunk> {
    for (let after = -1; ; ) {
      const { chunks, more } = await this.someChunks(manifestId, after);
      yield* chunks;
      if (!more) return;
      after = chunks.at(-1)?.index ?? after;
    }
  }

  /** Those from behind an index on, as many as one round trip takes. */
  async someChunks(
    manifestId: string,
    after: number,
  ): Promise<{ readonly chunks: readonly ManifestChunk[]; readonly more: boolean }> {
    const rows = await this.#db
      .selectFrom("manifest_chunks as c")
      .leftJoin("manifest_chunks as owner", (join) =>
        join.onRef("owner.manifest_id", "=", "c.leaves_from").onRef("owner.chunk_index", "=", "c.chunk_index"),
      )
      .select(["c.chunk_index", "c.done", "c.leaves", "c.leaf_repeat"])
      .select(["owner.leaves as owner_leaves", "owner.leaf_repeat as owner_repeat"])
      .where("c.manifest_id", "=", manifestId)
      .where("c.chunk_index", ">", after)
      .orderBy("c.chunk_index")
      .limit(chunksAtOnce)
      .execute();
    const chunks = rows.map((row): ManifestChunk => {
      const leaves = row.leaves ?? row.owner_leaves;
      if (!leaves) throw lostLeaves(manifestId, row.chunk_index);
      const repeat = row.leaves ? row.leaf_repeat : (row.owner_repeat ?? 1);
      return { index: row.chunk_index, leaves: unfold(leaves, repeat), done: row.done };
    });
    return { chunks, more: rows.length === chunksAtOnce };
  }

  async commit(input: {
    generationId: string;
    attempt: number;
    chunks: readonly ManifestChunk[];
    progress: TransferProgress;
  }): Promise<void> {
    const { generationId, attempt, chunks, progress } = input;
    await this.#db.transaction().execute(async (tx) => {
      // The update takes the row's lock first, so that beginAttempt and seal wait for this commit or this one sees them.
      const fenced = await tx
        .updateTable("generations")
        .set({
          bytes_done: progress.bytesDone,
          bytes_to_move: progress.bytesToMove,
          bytes_copied: progress.bytesCopied,
          leaves_written: progress.leavesWritten,
          bytes_on_wire: progress.bytesOnWire ?? 0,
        })
        .where("generation_id", "=", generationId)
        .where("attempt", "=", attempt)
        .where("sealed", "=", false)
        .executeTakeFirst();
      if (fenced.numUpdatedRows !== 1n) throw await fencedOff(tx, "commit a checkpoint", generationId, attempt);
      for (let start = 0; start < chunks.length; start += chunksAtOnce) {
        await writeChunks(tx, generationId, chunks.slice(start, start + chunksAtOnce));
      }
    });
  }

  async noteSent(input: { generationId: string; attempt: number; bytesSent: number }): Promise<void> {
    await this.#db
      .updateTable("generations")
      .set({ attempt_sent: sql<number>`greatest(attempt_sent, ${input.bytesSent})` })
      .where("generation_id", "=", input.generationId)
      .where("attempt", "=", input.attempt)
      .where("sealed", "=", false)
      .execute();
  }

  async seal(input: { generationId: string; attempt: number; rootHash: string }): Promise<void> {
    const { generationId, attempt, rootHash } = input;
    await this.#db.transaction().execute(async (tx) => {
      const generation = await lockGeneration(tx, generationId, "seal the generation");
      if (generation.sealed) {
        if (generation.root_hash === rootHash) return;
        throw conflict(
          "seal the generation",
          generationId,
          `it was sealed with the root ${generation.root_hash}, not ${rootHash}`,
          "Keep both sides and compare them.",
        );
      }
      if (generation.attempt !== attempt) throw await fencedOff(tx, "seal the generation", generationId, attempt);
      await tx
        .updateTable("generations")
        .set({ sealed: true, root_hash: rootHash, sealed_at: sql`now()` })
        .where("generation_id", "=", generationId)
        .execute();
    });
  }

  async state(generationId: string): Promise<GenerationState | undefined> {
    const row = await this.#db
      .selectFrom("generations")
      .selectAll()
      .where("generation_id", "=", generationId)
      .executeTakeFirst();
    return row && toState(row);
  }
}

async function lockGeneration(tx: Transaction<Database>, generationId: string, operation: string): Promise<Generation> {
  const row = await tx
    .selectFrom("generations")
    .selectAll()
    .where("generation_id", "=", generationId)
    .forUpdate()
    .executeTakeFirst();
  if (!row) throw unknownGeneration(operation, generationId);
  return row;
}

/** A sealed parent's leaves never change, so they are only pointed at; an open parent's are copied as they are now. */
async function inheritLeaves(
  tx: Transaction<Database>,
  generationId: string,
  sizeBytes: number,
  parentManifestId: string,
): Promise<void> {
  const parent = await tx
    .selectFrom("generations")
    .select(["sealed", "size_bytes"])
    .where("generation_id", "=", parentManifestId)
    .forShare()
    .executeTakeFirst();
  if (!parent) throw unknownGeneration("begin an attempt on a parent", parentManifestId);
  if (parent.size_bytes !== sizeBytes) {
    throw conflict(
      "begin an attempt",
      generationId,
      `its parent ${parentManifestId} has ${parent.size_bytes} bytes and the disk has ${sizeBytes}`,
      "Open the generation without a parent.",
    );
  }
  await sql`
    insert into manifest_chunks (manifest_id, chunk_index, leaves, leaf_repeat, leaves_from, done)
    select ${generationId}, chunk_index,
      case when ${parent.sealed}::boolean then null else leaves end, leaf_repeat,
      case when ${parent.sealed}::boolean then coalesce(leaves_from, manifest_id) else leaves_from end,
      decode(repeat('00', length(done)), 'hex')
    from manifest_chunks where manifest_id = ${parentManifestId}
  `.execute(tx);
}

async function writeChunks(
  tx: Transaction<Database>,
  manifestId: string,
  chunks: readonly ManifestChunk[],
): Promise<void> {
  await tx
    .insertInto("manifest_chunks")
    .values(
      chunks.map((chunk) => ({
        manifest_id: manifestId,
        chunk_index: chunk.index,
        ...fold(chunk.leaves),
        leaves_from: null,
        done: toBuffer(chunk.done),
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(["manifest_id", "chunk_index"]).doUpdateSet((e) => ({
        leaves: e.ref("excluded.leaves"),
        leaf_repeat: e.ref("excluded.leaf_repeat"),
        leaves_from: null,
        done: e.ref("excluded.done"),
      })),
    )
    .execute();
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Leaves that are all the same are kept once: a terabyte of nothing then costs a few rows, not 64 MiB. */
function fold(leaves: Uint8Array): { leaves: Buffer; leaf_repeat: number } {
  const all = toBuffer(leaves);
  const count = all.length / hashBytes;
  const same =
    Number.isInteger(count) && count > 1 && all.subarray(hashBytes).equals(all.subarray(0, all.length - hashBytes));
  return same ? { leaves: all.subarray(0, hashBytes), leaf_repeat: count } : { leaves: all, leaf_repeat: 1 };
}

function unfold(leaves: Buffer, repeat: number): Uint8Array {
  return repeat === 1 ? leaves : Buffer.alloc(leaves.length * repeat, leaves);
}

function toState(row: Generation): GenerationState {
  return {
    generationId: row.generation_id,
    sizeBytes: row.size_bytes,
    attempt: row.attempt,
    sealed: row.sealed,
    ...(row.root_hash === null ? {} : { rootHash: row.root_hash }),
    progress: {
      bytesDone: row.bytes_done,
      bytesToMove: row.bytes_to_move,
      bytesCopied: row.bytes_copied,
      bytesResent: row.bytes_resent,
      leavesWritten: row.leaves_written,
      ...(row.bytes_on_wire > 0 ? { bytesOnWire: row.bytes_on_wire } : {}),
    },
  };
}

async function fencedOff(
  tx: Transaction<Database>,
  operation: string,
  generationId: string,
  attempt: number,
): Promise<ProviderError> {
  const row = await tx
    .selectFrom("generations")
    .select(["attempt", "sealed"])
    .where("generation_id", "=", generationId)
    .executeTakeFirst();
  if (!row) return unknownGeneration(operation, generationId);
  return row.sealed
    ? conflict(operation, generationId, "it is sealed", "Open a new generation.")
    : conflict(
        operation,
        generationId,
        `attempt ${attempt} was replaced by attempt ${row.attempt}`,
        "Stop this attempt; the newer one carries on.",
      );
}
