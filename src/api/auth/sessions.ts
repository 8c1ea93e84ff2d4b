import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Request, Response } from "express";
import { grantsOf, roles } from "../../domain/access.ts";
import type { SessionRecord, SignedIn, Store } from "../../store/index.ts";
import { ProblemError } from "../problem.ts";
import type { Actor } from "../route.ts";
import type { OidcSettings, SignInSecrets } from "./oidc.ts";

/** `__Host-`: browsers take it over TLS (or from this machine) only, for this host and the whole of it, never from a
 *  sibling domain. */
const sessionCookie = "__Host-novacron-session";
const signInCookie = "__Host-novacron-sign-in";
const prefix = "nvs_";
const signInSeconds = 600;

export interface SessionLimits {
  readonly idleMs: number;
  readonly maxMs: number;
}

/** A session is a random value: in a cookie for a browser, as a bearer token for a command line. The store has its hash,
 *  and everything else about it, so that it can be ended. */
export class Sessions {
  readonly #store: Pick<Store, "sessions" | "bindings">;
  readonly #limits: SessionLimits;
  readonly #roles: OidcSettings["roles"];

  constructor(store: Pick<Store, "sessions" | "bindings">, limits: SessionLimits, groupRoles: OidcSettings["roles"]) {
    this.#store = store;
    this.#limits = limits;
    this.#roles = groupRoles;
  }

  /** What a sign-in of now amounts to. */
  terms(person: Pick<SignedIn, "userId" | "kind" | "groups" | "mfaAt">, maxMs = this.#limits.maxMs): SignedIn {
    const idleSeconds = Math.ceil(Math.min(this.#limits.idleMs, maxMs) / 1000);
    return { ...person, idleSeconds, endsAt: new Date(Date.now() + maxMs).toISOString() };
  }

  async begin(session: SignedIn): Promise<string> {
    const secret = `${prefix}${randomBytes(32).toString("base64url")}`;
    await this.#store.sessions.create(hashSecret(secret), session);
    return secret;
  }

  async findActor(sessionHash: string): Promise<Actor | undefined> {
    const session = await this.#store.sessions.find(sessionHash);
    return session && this.#toActor(session);
  }

  async #toActor(session: SessionRecord): Promise<Actor> {
    const { kind, userId, userName, groups, mfaAt, endsAt } = session;
    if (kind === "break-glass") {
      const grants = grantsOf(roles.map((role) => ({ role, scope: {} })));
      const id = "break-glass";
      return { kind: "break-glass", id, name: "break-glass access", responsible: id, grants, mfaAt, endsAt };
    }
    const holder = `user/${userId}`;
    const given = await this.#store.bindings.of([holder, ...groups.map((group) => `group/${group}`)]);
    const configured = this.#roles.filter(({ group }) => groups.includes(group)).map(({ binding }) => binding);
    const grants = grantsOf([...given, ...configured]);
    return { kind: "user", id: holder, name: userName ?? holder, responsible: holder, grants, mfaAt, endsAt };
  }
}

export function isSessionSecret(token: string): boolean {
  return token.startsWith(prefix);
}

export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** What goes with a browser's session and only its own pages can know. */
export function csrfToken(secret: string): string {
  return derived(secret, "csrf");
}

export function sessionOf(request: Request): string | undefined {
  return readCookie(request, sessionCookie);
}

/**
 * A cookie is sent by whichever page makes the browser ask; what changes something must also carry what only our own pages
 * can read. @throws ProblemError Forbidden.
 */
export function refuseForged(request: Request, secret: string): void {
  if (request.method === "GET" || request.method === "HEAD") return;
  const site = request.get("sec-fetch-site");
  const given = Buffer.from(request.get("x-csrf-token") ?? "");
  const wanted = Buffer.from(csrfToken(secret));
  const elsewhere = site !== undefined && site !== "same-origin" && site !== "none";
  if (!elsewhere && given.length === wanted.length && timingSafeEqual(given, wanted)) return;
  throw new ProblemError("Forbidden", {
    detail: "The request comes with a session's cookie, but not with its X-CSRF-Token",
    action: "Send the csrf_token that GET /v1/auth/session answers as X-CSRF-Token.",
  });
}

export function setSession(response: Response, secret: string, maxMs: number): void {
  setCookie(response, sessionCookie, secret, maxMs / 1000);
}

export function dropSession(response: Response): void {
  setCookie(response, sessionCookie, "", 0);
}

/** Gives the browser a value from which state, nonce and code verifier follow: none of them is kept anywhere else. */
export function beginSignIn(response: Response): SignInSecrets {
  const secret = randomBytes(32).toString("base64url");
  setCookie(response, signInCookie, secret, signInSeconds);
  return secretsOf(secret);
}

export function takeSignIn(request: Request, response: Response): SignInSecrets | undefined {
  const secret = readCookie(request, signInCookie);
  if (secret === undefined) return undefined;
  setCookie(response, signInCookie, "", 0);
  return secretsOf(secret);
}

function secretsOf(secret: string): SignInSecrets {
  const [state, nonce, codeVerifier] = ["state", "nonce", "verifier"].map((what) => derived(secret, what));
  return { state, nonce, codeVerifier } as SignInSecrets;
}

function derived(secret: string, what: string): string {
  return createHash("sha256").update(`novacron/${what}\n${secret}`).digest("base64url");
}

function setCookie(response: Response, name: string, value: string, seconds: number): void {
  // Lax, not Strict: the provider's redirect back to us must bring them along.
  response.append(
    "Set-Cookie",
    `${name}=${value}; Path=/; Max-Age=${Math.floor(seconds)}; Secure; HttpOnly; SameSite=Lax`,
  );
}

function readCookie(request: Request, name: string): string | undefined {
  for (const part of (request.get("cookie") ?? "").split(";")) {
    const [key, ...value] = part.trim().split("=");
    if (key === name) return value.join("=") || undefined;
  }
  return undefined;
}
