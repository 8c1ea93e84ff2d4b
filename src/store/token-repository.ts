import type { Kysely } from "kysely";
import type { Database } from "./schema.ts";

export interface TokenRecord {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAt: string;
}

/** API tokens by the SHA-256 (hex) of the token; tokens are random and long, so a plain hash is enough. */
export class TokenRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** The name has this hash and these scopes from now on; an earlier token of the name is not accepted any more. */
  async ensure(token: { name: string; hash: string; scopes: readonly string[] }): Promise<void> {
    const values = { hash: token.hash, scopes: [...token.scopes] };
    await this.#db
      .insertInto("tokens")
      .values({ name: token.name, ...values })
      .onConflict((conflict) => conflict.column("name").doUpdateSet(values))
      .execute();
  }

  async findByHash(hash: string): Promise<TokenRecord | undefined> {
    const row = await this.#db
      .selectFrom("tokens")
      .select(["name", "scopes", "created_at"])
      .where("hash", "=", hash)
      .executeTakeFirst();
    return row && { name: row.name, scopes: row.scopes, createdAt: row.created_at };
  }
}
