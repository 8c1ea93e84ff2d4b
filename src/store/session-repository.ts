import { type Kysely, type Selectable, sql } from "kysely";
import type { SessionTable } from "./access-schema.ts";
import { toJson } from "./json.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";

/** Who signed in, and how. */
export interface SignedIn {
  /** Absent for break-glass access, which is nobody's. */
  readonly userId?: string;
  readonly kind: "browser" | "cli" | "break-glass";
  /** As the identity provider said at the sign-in. */
  readonly groups: readonly string[];
  /** When a second factor was confirmed; absent when none was. */
  readonly mfaAt?: string;
  readonly idleSeconds: number;
  readonly endsAt: string;
}

export interface SessionRecord extends SignedIn {
  readonly createdAt: string;
  readonly userName?: string;
}

/** Where a command line waits for the code that it gets a session for. */
export interface CliSignIn {
  readonly port: number;
  readonly challenge: string;
  readonly state: string;
}

export interface SignInUnderWay {
  readonly returnTo: string;
  readonly stepUp: boolean;
  readonly cli?: CliSignIn;
}

const withinMinutes = sql`now() + interval '10 minutes'`;
const redeemWithin = sql`now() + interval '1 minute'`;

/** Sessions and sign-ins under way; everything is known by the SHA-256 (hex) of what its holder has. */
export class SessionRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  async create(sessionHash: string, session: SignedIn): Promise<void> {
    const { userId, kind, groups, mfaAt, idleSeconds, endsAt } = session;
    await this.#db
      .insertInto("sessions")
      .values({
        session_hash: sessionHash,
        user_id: userId ?? null,
        kind,
        groups: [...groups],
        mfa_at: mfaAt ?? null,
        idle_seconds: idleSeconds,
        ends_at: endsAt,
      })
      .execute();
  }

  /** The session, unless it was ended, is too old, was idle for too long, or its person is disabled. Looking it up is a
   *  sign of life. */
  async find(sessionHash: string): Promise<SessionRecord | undefined> {
    const alive = sql<boolean>`s.ended_at is null and s.ends_at > now()
      and s.last_seen_at > now() - make_interval(secs => s.idle_seconds)`;
    const row = await this.#db
      .selectFrom("sessions as s")
      .leftJoin("users as u", "u.user_id", "s.user_id")
      .selectAll("s")
      .select(["u.name as user_name", sql<boolean>`s.last_seen_at < now() - interval '10 seconds'`.as("stale")])
      .where("s.session_hash", "=", sessionHash)
      .where(alive)
      .where("u.disabled_at", "is", null)
      .executeTakeFirst();
    if (!row) return undefined;
    if (row.stale) {
      const seen = { last_seen_at: sql<string>`now()` };
      await this.#db.updateTable("sessions").set(seen).where("session_hash", "=", sessionHash).execute();
    }
    return toSession(row);
  }

  async end(sessionHash: string): Promise<void> {
    await this.#db
      .updateTable("sessions")
      .set({ ended_at: sql`coalesce(ended_at, now())` })
      .where("session_hash", "=", sessionHash)
      .execute();
  }

  async beginSignIn(stateHash: string, signIn: SignInUnderWay): Promise<void> {
    const { returnTo, stepUp, cli } = signIn;
    await this.#db.deleteFrom("sign_ins").where(sql<boolean>`ends_at < now()`).execute();
    await this.#db
      .insertInto("sign_ins")
      .values({
        state_hash: stateHash,
        return_to: returnTo,
        step_up: stepUp,
        cli: cli ? toJson(cli) : null,
        ends_at: withinMinutes as never,
      })
      .execute();
  }

  /** Each sign-in is finished once. */
  async takeSignIn(stateHash: string): Promise<SignInUnderWay | undefined> {
    const row = await this.#db
      .deleteFrom("sign_ins")
      .where("state_hash", "=", stateHash)
      .where(sql<boolean>`ends_at > now()`)
      .returning(["return_to", "step_up", "cli"])
      .executeTakeFirst();
    return row && { returnTo: row.return_to, stepUp: row.step_up, ...present({ cli: row.cli }) };
  }

  async keepCode(codeHash: string, challenge: string, session: SignedIn): Promise<void> {
    await this.#db.deleteFrom("sign_in_codes").where(sql<boolean>`ends_at < now()`).execute();
    await this.#db
      .insertInto("sign_in_codes")
      .values({ code_hash: codeHash, challenge, session: toJson(session), ends_at: redeemWithin as never })
      .execute();
  }

  /** Each code is redeemed once, also when the attempt is not the right one. */
  async takeCode(codeHash: string): Promise<{ challenge: string; session: SignedIn } | undefined> {
    return this.#db
      .deleteFrom("sign_in_codes")
      .where("code_hash", "=", codeHash)
      .where(sql<boolean>`ends_at > now()`)
      .returning(["challenge", "session"])
      .executeTakeFirst();
  }
}

function toSession(row: Selectable<SessionTable> & { user_name: string | null }): SessionRecord {
  return {
    kind: row.kind as SignedIn["kind"],
    groups: row.groups,
    idleSeconds: row.idle_seconds,
    endsAt: row.ends_at,
    createdAt: row.created_at,
    ...present({ userId: row.user_id, mfaAt: row.mfa_at, userName: row.user_name }),
  };
}
