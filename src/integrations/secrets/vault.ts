import { type ErrorCode, ProviderError } from "../../domain/errors.ts";
import type { FetchedSecret, SecretStore } from "./secret-store.ts";

export interface VaultSettings {
  readonly address: string;
  readonly namespace?: string | undefined;
  /** A token, or an AppRole that gives one; asked for when they are needed, as they may be rotated. */
  readonly token?: (() => Promise<string>) | undefined;
  readonly appRole?: { readonly roleId: string; readonly secretId: () => Promise<string> } | undefined;
}

interface VaultAnswer {
  readonly data?: Readonly<Record<string, unknown>>;
  readonly lease_duration?: number;
  readonly auth?: { readonly client_token: string; readonly lease_duration: number };
}

const answerWithinMs = 10_000;
/** A token is renewed by logging in again, well before it ends. */
const useOfLease = 0.8;
const codes: Readonly<Record<number, ErrorCode>> = {
  400: "CloudUnauthenticated",
  403: "CloudPermissionDenied",
  404: "NotFound",
  429: "RateLimited",
};
/** https://developer.hashicorp.com/vault/api-docs/secret/aws: what Vault calls the session token. */
const ourNames: Readonly<Record<string, string>> = { security_token: "session_token" };

/** HashiCorp Vault: KV version 2 (`kv/data/…`) and engines that make credentials (`aws/creds/…`), by their API paths. */
export class VaultStore implements SecretStore {
  readonly #settings: VaultSettings;
  #login: { token: string; until: number } | undefined;

  constructor(settings: VaultSettings) {
    this.#settings = settings;
  }

  async fetch(path: string, signal: AbortSignal): Promise<FetchedSecret> {
    let answer: VaultAnswer;
    try {
      answer = await this.#call("GET", path, await this.#token(signal), undefined, signal);
    } catch (error) {
      // A token that was revoked before its time: one more try with a new one.
      const again = this.#login && error instanceof ProviderError && error.code === "CloudPermissionDenied";
      if (!again) throw error;
      this.#login = undefined;
      answer = await this.#call("GET", path, await this.#token(signal), undefined, signal);
    }
    const data = answer.data ?? {};
    const isKv = typeof data.data === "object" && data.data !== null && "metadata" in data;
    const members = isKv ? (data.data as object) : data;
    const values = Object.entries(members).filter((pair): pair is [string, string] => typeof pair[1] === "string");
    const lease = answer.lease_duration ?? 0;
    return {
      values: Object.fromEntries(values.map(([name, value]) => [ourNames[name] ?? name, value])),
      ...(lease > 0 ? { leaseMs: lease * 1_000 } : {}),
    };
  }

  async #token(signal: AbortSignal): Promise<string> {
    const { token, appRole } = this.#settings;
    if (token) return token();
    if (!appRole) throw refusal("CloudUnauthenticated", "auth", "neither a token nor an AppRole is configured");
    if (this.#login && this.#login.until > Date.now()) return this.#login.token;
    const body = { role_id: appRole.roleId, secret_id: await appRole.secretId() };
    const { auth } = await this.#call("POST", "auth/approle/login", undefined, body, signal);
    if (!auth) throw refusal("CloudUnauthenticated", "auth/approle", "the log-in gave no token");
    // 0: it never ends.
    const lifeMs = auth.lease_duration > 0 ? auth.lease_duration * 1_000 * useOfLease : Number.POSITIVE_INFINITY;
    this.#login = { token: auth.client_token, until: Date.now() + lifeMs };
    return auth.client_token;
  }

  async #call(
    method: "GET" | "POST",
    path: string,
    token: string | undefined,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<VaultAnswer> {
    const { address, namespace } = this.#settings;
    let response: Response;
    try {
      response = await fetch(`${address.replace(/\/+$/, "")}/v1/${path}`, {
        method,
        headers: {
          ...(token ? { "X-Vault-Token": token } : {}),
          ...(namespace ? { "X-Vault-Namespace": namespace } : {}),
          ...(body ? { "Content-Type": "application/json" } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
        signal: AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]),
      });
    } catch (cause) {
      throw refusal("Unavailable", path, `${address} does not answer`, cause);
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw refusal(codes[response.status] ?? "Unavailable", path, `it answered ${response.status}`);
    }
    return (await response.json()) as VaultAnswer;
  }
}

function refusal(code: ErrorCode, path: string, reason: string, cause?: unknown): ProviderError {
  return new ProviderError(code, {
    operation: "fetch a secret",
    resource: `vault:${path}`,
    reason,
    action: "Check secrets.vault_* in the configuration, and the policy of the token or role.",
    cause,
  });
}
