import { type Kysely, type Selectable, sql } from "kysely";
import type { Binding, Permission, Role, Scope } from "../domain/access.ts";
import type { TokenTable } from "./access-schema.ts";
import { bindingColumns, scopeColumns, toScope } from "./binding-repository.ts";
import { clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";
import { seesAll, withinScopes } from "./scopes.ts";
import { hashToken, newToken } from "./token-secret.ts";

export interface TokenRecord {
  readonly tokenId: string;
  readonly name: string;
  /** Whose it is; it never does more than they may. */
  readonly userId?: string;
  readonly bindings: readonly Binding[];
  /** No more than these of what the roles allow; all of it when absent. */
  readonly permissions?: readonly Permission[];
  readonly createdBy: string;
  readonly createdAt: string;
  readonly expiresAt?: string;
  /** To the minute. */
  readonly lastUsedAt?: string;
  readonly revokedAt?: string;
  /** Until when the secret from before the last rotation is accepted, too. */
  readonly previousUntil?: string;
}

export interface NewToken {
  readonly tokenId: string;
  readonly name: string;
  readonly hash: string;
  readonly userId?: string | undefined;
  readonly bindings: readonly Binding[];
  readonly permissions?: readonly Permission[] | undefined;
  readonly createdBy: string;
  readonly expiresAt?: string | undefined;
}

/** API tokens by the SHA-256 (hex) of the token; tokens are random and long, so a plain hash is enough. */
export class TokenRepository {
  /** For those who have the store only: a new secret, and what is kept of one. */
  readonly newSecret = newToken;
  readonly hashOf = hashToken;
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** A repeat with a known id changes nothing. @throws ProviderError Conflict when another token that is in force has the
   *  name. */
  async create(token: NewToken): Promise<void> {
    const { tokenId, name, hash, userId, bindings, permissions, createdBy, expiresAt } = token;
    await this.#db.transaction().execute(async (tx) => {
      const made = await tx
        .insertInto("tokens")
        .values({
          token_id: tokenId,
          name,
          hash,
          user_id: userId ?? null,
          permissions: permissions ? [...permissions] : null,
          created_by: createdBy,
          expires_at: expiresAt ?? null,
        })
        .onConflict((conflict) => conflict.column("token_id").doNothing())
        .returning("token_id")
        .execute();
      if (made.length === 0 || bindings.length === 0) return;
      await tx
        .insertInto("role_bindings")
        .values(
          bindings.map(({ role, scope }, index) => ({
            binding_id: `${tokenId}-${index}`,
            holder: holderOf(tokenId),
            role,
            ...scopeColumns(scope),
            created_by: createdBy,
          })),
        )
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    });
  }

  /** The id has this secret from now on; an earlier one is not accepted any more. A token that was revoked stays so until
   *  another secret comes. */
  async ensure(token: {
    tokenId: string;
    hash: string;
    bindings: readonly Binding[];
    createdBy: string;
  }): Promise<void> {
    const { tokenId, hash } = token;
    await this.create({ ...token, name: tokenId });
    await this.#db
      .updateTable("tokens")
      .set({ hash, revoked_at: null })
      .where("token_id", "=", tokenId)
      .where("hash", "<>", hash)
      .execute();
    const held = await this.#db
      .selectFrom("role_bindings")
      .select("role")
      .where("holder", "=", holderOf(tokenId))
      .execute();
    const missing = token.bindings.filter(({ role }) => !held.some((row) => row.role === role));
    if (missing.length === 0) return;
    await this.#db
      .insertInto("role_bindings")
      .values(
        missing.map(({ role, scope }) => ({
          binding_id: `${tokenId}-${role}`,
          holder: holderOf(tokenId),
          role,
          ...scopeColumns(scope),
          created_by: token.createdBy,
        })),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** The token in force that has this secret: not revoked, not past its end. */
  async findByHash(hash: string): Promise<TokenRecord | undefined> {
    const row = await this.#rows()
      .where((e) =>
        e.or([e("hash", "=", hash), e.and([e("previous_hash", "=", hash), sql<boolean>`previous_until > now()`])]),
      )
      .where("revoked_at", "is", null)
      .where(sql<boolean>`(expires_at is null or expires_at > now())`)
      .executeTakeFirst();
    return row && toToken(row);
  }

  async get(tokenId: string): Promise<TokenRecord | undefined> {
    const row = await this.#rows().where("token_id", "=", tokenId).executeTakeFirst();
    return row && toToken(row);
  }

  /** In the order of their ids; with `scopes`, those whose every binding is within them. */
  async list(query: {
    cursor?: string | undefined;
    limit: number;
    scopes?: readonly Scope[];
  }): Promise<Page<TokenRecord>> {
    const { cursor, scopes } = query;
    const limit = clampLimit(query.limit);
    let select = this.#rows();
    if (!seesAll(scopes)) {
      const bound = sql`select from role_bindings where holder = 'token/' || token_id`;
      const within = sql<boolean>`exists (${bound}) and not exists (${bound} and not coalesce(${withinScopes(scopes, bindingColumns)}, false))`;
      select = select.where(within);
    }
    if (cursor !== undefined) select = select.where("token_id", ">", decodeCursor(cursor, "string")[0]);
    const rows = await select
      .orderBy("token_id")
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, toToken, (row) => [row.token_id]);
  }

  async revoke(tokenId: string): Promise<void> {
    await this.#db
      .updateTable("tokens")
      .set({ revoked_at: sql`coalesce(revoked_at, now())`, previous_hash: null, previous_until: null })
      .where("token_id", "=", tokenId)
      .execute();
  }

  /** Another secret; the one before is accepted for `graceMs` longer. False when the token is revoked. */
  async rotate(tokenId: string, hash: string, graceMs: number): Promise<boolean> {
    const result = await this.#db
      .updateTable("tokens")
      .set({
        previous_hash: graceMs > 0 ? sql`hash` : null,
        previous_until: graceMs > 0 ? sql`now() + make_interval(secs => ${graceMs / 1000})` : null,
        hash,
      })
      .where("token_id", "=", tokenId)
      .where("revoked_at", "is", null)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }

  async noteUse(tokenId: string): Promise<void> {
    await this.#db
      .updateTable("tokens")
      .set({ last_used_at: sql`now()` })
      .where("token_id", "=", tokenId)
      .where(sql<boolean>`(last_used_at is null or last_used_at < now() - interval '1 minute')`)
      .execute();
  }

  #rows() {
    return this.#db
      .selectFrom("tokens")
      .selectAll("tokens")
      .select(
        sql<BoundRow[]>`coalesce((select jsonb_agg(jsonb_build_object('role', b.role, 'site', b.site, 'tags', b.tags)
          order by b.binding_id) from role_bindings b where b.holder = 'token/' || tokens.token_id), '[]')`.as("bound"),
      );
  }
}

interface BoundRow {
  readonly role: Role;
  readonly site: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

function holderOf(tokenId: string): string {
  return `token/${tokenId}`;
}

function toToken(row: Selectable<TokenTable> & { bound: BoundRow[] }): TokenRecord {
  return {
    tokenId: row.token_id,
    name: row.name,
    bindings: row.bound.map(({ role, site, tags }) => ({ role, scope: toScope(site, tags) })),
    createdBy: row.created_by,
    createdAt: row.created_at,
    ...present({
      userId: row.user_id,
      permissions: row.permissions as Permission[] | null,
      expiresAt: row.expires_at,
      lastUsedAt: row.last_used_at,
      revokedAt: row.revoked_at,
      previousUntil: row.previous_until,
    }),
  };
}
