import { createHash, createPublicKey, createSign, generateKeyPairSync, randomBytes, verify } from "node:crypto";
import type { Document, Documents, Table } from "../cloud/documents.ts";
import { GcpError } from "./errors.ts";
import { projectId } from "./places.ts";

/** A service account with the key that it came with. */
interface ServiceAccount extends Document {
  readonly keyId: string;
  readonly privateKey: string;
  readonly clientId: string;
}

/** The public half of a key, by its id. */
interface AccountKey extends Document {
  readonly publicKey: string;
  readonly createdAt: number;
  /** Signatures by it are refused until then. */
  readonly worksFrom?: number;
}

interface AccessToken extends Document {
  readonly email: string;
  readonly expiresAt: number;
}

/** As Google's key files have it. */
export interface ServiceAccountKey {
  readonly type: "service_account";
  readonly project_id: string;
  readonly private_key_id: string;
  readonly private_key: string;
  readonly client_email: string;
  readonly client_id: string;
  readonly token_uri: string;
}

const email = `novacron@${projectId}.iam.gserviceaccount.com`;
/** Where Google's own libraries believe to be when they sign. */
const googleTokenUri = "https://oauth2.googleapis.com/token";
/** https://cloud.google.com/iam/quotas: keys of one service account. */
const keysAtMost = 10;
/** Self-signed tokens and grants last an hour at most: https://developers.google.com/identity/protocols/oauth2/service-account */
const grantSecondsAtMost = 3600;
const skewSeconds = 300;

/** Who may call: the project's one service account, by tokens of the token endpoint or by tokens it signed itself. */
export class Identity {
  readonly #accounts: Table<ServiceAccount>;
  readonly #keys: Table<AccountKey>;
  readonly #tokens: Table<AccessToken>;

  constructor(documents: Documents) {
    this.#accounts = documents.table<ServiceAccount>("service-account");
    this.#keys = documents.table<AccountKey>("service-account-key");
    this.#tokens = documents.table<AccessToken>("access-token");
    if (!this.#accounts.has(email)) {
      const { keyId, privateKey } = newKey();
      this.#accounts.put({ id: email, keyId, privateKey, clientId: "104815162342004815162" });
    }
    if (this.#keys.size > 0) return;
    const { keyId, privateKey } = this.#account();
    this.#keys.put({ id: keyId, publicKey: publicHalf(privateKey), createdAt: Date.now() });
  }

  /** The key that it came with. */
  key(endpoint: string): ServiceAccountKey {
    return this.#file(this.#account(), endpoint);
  }

  /** The keys that it has. */
  get keys(): { readonly id: string; readonly createdAt: number }[] {
    return [...this.#keys.values()].map(({ id, createdAt }) => ({ id, createdAt }));
  }

  /** Another key beside those that are there; its private half is in the answer only. @throws GcpError for one too many:
   *  https://github.com/googleapis/google-api-dotnet-client/issues/2027 */
  createKey(endpoint: string, worksAfterMs = 0): ServiceAccountKey {
    if (this.#keys.size >= keysAtMost)
      throw new GcpError(400, "failedPrecondition", "Precondition check failed.", {
        statusName: "FAILED_PRECONDITION",
      });
    const made = newKey();
    const createdAt = Date.now();
    const worksFrom = createdAt + worksAfterMs;
    this.#keys.put({ id: made.keyId, publicKey: publicHalf(made.privateKey), createdAt, worksFrom });
    return this.#file(made, endpoint);
  }

  /** False where there is no such key. */
  deleteKey(keyId: string): boolean {
    const known = this.#keys.has(keyId);
    this.#keys.delete(keyId);
    return known;
  }

  #file({ keyId, privateKey }: { keyId: string; privateKey: string }, endpoint: string): ServiceAccountKey {
    const { clientId } = this.#account();
    return {
      type: "service_account",
      project_id: projectId,
      private_key_id: keyId,
      private_key: privateKey,
      client_email: email,
      client_id: clientId,
      token_uri: `${endpoint}/token`,
    };
  }

  get email(): string {
    return email;
  }

  /** @throws GcpError invalid_grant for an assertion that is not of a key of ours, or too old. */
  exchange(assertion: string, endpoint: string, lastsMs: number): string {
    const claims = this.#verified(assertion);
    const audiences = [googleTokenUri, `${endpoint}/token`];
    if (!claims || !audiences.includes(String(claims.aud)) || !isTimely(claims)) {
      throw new GcpError(
        400,
        "invalid_grant",
        "Invalid JWT: it is not signed by a key of the account, or not of this time",
      );
    }
    return this.issue(lastsMs);
  }

  /** A new access token of the account. */
  issue(lastsMs: number): string {
    for (const { id } of this.#tokens.where(({ expiresAt }) => expiresAt < Date.now())) this.#tokens.delete(id);
    const id = `ya29.simulated.${randomBytes(48).toString("base64url")}`;
    this.#tokens.put({ id, email, expiresAt: Date.now() + lastsMs });
    return id;
  }

  /** Who a request's bearer is. @throws GcpError 401. */
  authenticate(authorization: string | undefined): string {
    const token = /^Bearer (\S+)$/.exec(authorization ?? "")?.[1];
    if (token === undefined) throw unauthenticated("Request is missing required authentication credential.");
    const known = this.#tokens.get(token);
    if (known && known.expiresAt > Date.now()) return known.email;
    // https://google.aip.dev/auth/4111: a token that the account signed itself, for the service or a scope.
    const claims = known ? undefined : this.#verified(token);
    if (claims && isTimely(claims) && (claims.scope !== undefined || /^https?:/.test(String(claims.aud)))) return email;
    throw unauthenticated("Request had invalid authentication credentials.");
  }

  /** Whether a text was signed with one of the account's keys: what signed URLs rest on. */
  isSigned(text: string, signature: Buffer): boolean {
    const keys = this.#keys.where(({ worksFrom = 0 }) => worksFrom <= Date.now());
    return keys.some(({ publicKey }) => verify("RSA-SHA256", Buffer.from(text), publicKey, signature));
  }

  /** Signs as the account: what IAM's signBlob does. */
  sign(text: Buffer): Buffer {
    return createSign("RSA-SHA256").update(text).sign(this.#account().privateKey);
  }

  #account(): ServiceAccount {
    return this.#accounts.get(email) as ServiceAccount;
  }

  #verified(token: string): Readonly<Record<string, unknown>> | undefined {
    const [header, payload, signature] = token.split(".");
    if (!header || !payload || !signature) return undefined;
    if (!this.isSigned(`${header}.${payload}`, Buffer.from(signature, "base64url"))) return undefined;
    try {
      const { alg } = JSON.parse(Buffer.from(header, "base64url").toString("utf8"));
      const claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
      return alg === "RS256" && claims.iss === email ? claims : undefined;
    } catch {
      return undefined;
    }
  }
}

function newKey(): { keyId: string; privateKey: string } {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  return { keyId: createHash("sha1").update(privateKey).digest("hex"), privateKey };
}

function publicHalf(privateKey: string): string {
  return String(createPublicKey(privateKey).export({ type: "spki", format: "pem" }));
}

function isTimely({ iat, exp }: Readonly<Record<string, unknown>>): boolean {
  const now = Date.now() / 1000;
  const [from, to] = [Number(iat), Number(exp)];
  return to > now && from < now + skewSeconds && to - from <= grantSecondsAtMost;
}

function unauthenticated(message: string): GcpError {
  return new GcpError(401, "required", message, { domain: "global", statusName: "UNAUTHENTICATED" });
}
