import { type Kysely, type Selectable, sql } from "kysely";
import type { Scope } from "../domain/access.ts";
import type { UserTable } from "./access-schema.ts";
import { bindingColumns } from "./binding-repository.ts";
import { toText } from "./json.ts";
import { clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";
import { seesAll, withinScopes } from "./scopes.ts";

export interface UserRecord {
  readonly userId: string;
  readonly name: string;
  readonly email?: string;
  /** The identity provider that vouches for the person; absent for one who uses tokens only. */
  readonly issuer?: string;
  readonly subject?: string;
  readonly createdAt: string;
  readonly lastSeenAt?: string;
  /** Since when nothing of theirs is accepted any more. */
  readonly disabledAt?: string;
}

export class UserRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** A repeat with a known id changes nothing. */
  async create(user: { userId: string; name: string; email?: string | undefined }): Promise<UserRecord> {
    await this.#db
      .insertInto("users")
      .values({ user_id: user.userId, name: toText(user.name), email: user.email ?? null })
      .onConflict((conflict) => conflict.column("user_id").doNothing())
      .execute();
    return (await this.get(user.userId)) as UserRecord;
  }

  /** The person that the provider calls `subject`, made with `newId` when they come for the first time. */
  async signIn(person: {
    newId: string;
    issuer: string;
    subject: string;
    name: string;
    email?: string | undefined;
  }): Promise<UserRecord> {
    const { newId, issuer, subject, email } = person;
    const seen = { name: toText(person.name), email: email ?? null, last_seen_at: sql<string>`now()` };
    const row = await this.#db
      .insertInto("users")
      .values({ user_id: newId, issuer, subject, ...seen })
      .onConflict((conflict) => conflict.columns(["issuer", "subject"]).doUpdateSet(seen))
      .returningAll()
      .executeTakeFirstOrThrow();
    return toUser(row);
  }

  async get(userId: string): Promise<UserRecord | undefined> {
    const row = await this.#db.selectFrom("users").selectAll().where("user_id", "=", userId).executeTakeFirst();
    return row && toUser(row);
  }

  async setDisabled(userId: string, disabled: boolean): Promise<void> {
    await this.#db
      .updateTable("users")
      .set({ disabled_at: disabled ? sql`coalesce(disabled_at, now())` : null })
      .where("user_id", "=", userId)
      .execute();
  }

  /** In the order of their ids; with `scopes`, those who hold something within them. */
  async list(query: {
    cursor?: string | undefined;
    limit: number;
    scopes?: readonly Scope[];
  }): Promise<Page<UserRecord>> {
    const { scopes } = query;
    const limit = clampLimit(query.limit);
    let select = this.#db.selectFrom("users").selectAll();
    if (!seesAll(scopes)) {
      const within = withinScopes(scopes, bindingColumns);
      select = select.where(
        sql<boolean>`exists (select from role_bindings where holder = 'user/' || user_id and ${within})`,
      );
    }
    if (query.cursor !== undefined) select = select.where("user_id", ">", decodeCursor(query.cursor, "string")[0]);
    const rows = await select
      .orderBy("user_id")
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, toUser, (row) => [row.user_id]);
  }
}

function toUser(row: Selectable<UserTable>): UserRecord {
  return {
    userId: row.user_id,
    name: row.name,
    createdAt: row.created_at,
    ...present({
      email: row.email,
      issuer: row.issuer,
      subject: row.subject,
      lastSeenAt: row.last_seen_at,
      disabledAt: row.disabled_at,
    }),
  };
}
