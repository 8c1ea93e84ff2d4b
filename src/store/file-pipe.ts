import { type Kysely, sql } from "kysely";
import type { Database } from "./schema.ts";

/** An empty chunk ends a pipe. */
const end = Buffer.alloc(0);

/** Bytes on their way from a worker to the API: a chunk is gone when it was read, and only a few are there at a time. */
export class FilePipe {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** Chunks that nobody has read yet. */
  async unread(pipeId: string): Promise<number> {
    const { count } = await this.#db
      .selectFrom("file_pipe")
      .select(sql<number>`count(*)::integer`.as("count"))
      .where("pipe_id", "=", pipeId)
      .executeTakeFirstOrThrow();
    return count;
  }

  /** In order, from 0. A repeat changes nothing. */
  async put(pipeId: string, sequence: number, bytes: Buffer): Promise<void> {
    await this.#db
      .insertInto("file_pipe")
      .values({ pipe_id: pipeId, sequence, bytes })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** Nothing comes after that. */
  async end(pipeId: string, sequence: number): Promise<void> {
    await this.put(pipeId, sequence, end);
  }

  /** Takes the chunk out; undefined while it is not there, `"end"` behind the last one. */
  async take(pipeId: string, sequence: number): Promise<Buffer | "end" | undefined> {
    const row = await this.#db
      .deleteFrom("file_pipe")
      .where("pipe_id", "=", pipeId)
      .where("sequence", "=", sequence)
      .returning("bytes")
      .executeTakeFirst();
    if (!row) return undefined;
    return row.bytes.length === 0 ? "end" : row.bytes;
  }

  /** All that nobody will read, and what others left for more than a day. */
  async clear(pipeId: string): Promise<void> {
    await this.#db
      .deleteFrom("file_pipe")
      .where((e) => e.or([e("pipe_id", "=", pipeId), e("created_at", "<", sql<string>`now() - interval '1 day'`)]))
      .execute();
  }
}
