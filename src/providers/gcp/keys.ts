import { isProviderError, ProviderError } from "../../domain/errors.ts";
import type { KeysFacet, ListedKey, MadeKey } from "../cloud-facets.ts";
import { type Subject, unsupported } from "../failures.ts";
import type { ProviderContext } from "../provider.ts";
import { Gcp } from "./client.ts";
import { keyContentOf } from "./credentials.ts";

type Values = Readonly<Record<string, string>>;

/** "IAM quotas": keys of one service account. */
const keysAtMost = 10;

const refusals = /precondition check failed|key creation is not allowed/i;

/** The keys of the service account that we are. */
export class GcpKeys implements KeysFacet {
  /** "Create and delete service account keys": a key may need a minute and more until it works. */
  readonly acceptedWithinMs = 300_000;
  readonly #gcp: Gcp;
  readonly #context: ProviderContext;

  constructor(gcp: Gcp, context: ProviderContext) {
    this.#gcp = gcp;
    this.#context = context;
  }

  async listKeys(signal: AbortSignal): Promise<ListedKey[]> {
    const subject = this.#subject("list a service account's keys");
    return this.#listed((await this.#ownKey(subject)).email, subject, signal);
  }

  async createKey(_mark: string, signal: AbortSignal): Promise<MadeKey> {
    const subject = this.#subject("create a service account's key");
    const { email, isWhole } = await this.#ownKey(subject);
    const made = await this.#make(email, subject, signal);
    const text = Buffer.from(made.privateKeyData, "base64").toString("utf8");
    const keyId = idOf(made.name);
    // Google's file is given as one value, or its members as values.
    return { keyId, values: isWhole ? { service_account: text } : (JSON.parse(text) as Values) };
  }

  async tryKey(values: Values, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("try a service account's key");
    const own = (await this.#gcp.entry.credentials?.())?.values ?? {};
    const credentials = async () => ({ type: "service_account", values: { ...own, ...values } });
    const other = new Gcp({ ...this.#gcp.entry, credentials }, this.#context, this.#gcp.patience);
    try {
      await other.call("regions", "get", { region: other.region }, subject, signal);
    } finally {
      await other.close();
    }
  }

  async retireKey(keyId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete a service account's key");
    const { email } = await this.#ownKey(subject);
    await this.#iam("DELETE", email, `/${keyId}`, subject, signal).catch((error: unknown) => {
      if (!isProviderError(error, "NotFound")) throw error;
    });
  }

  async #make(
    email: string,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<{ readonly name: string; readonly privateKeyData: string }> {
    try {
      return await this.#iam("POST", email, "", subject, signal);
    } catch (error) {
      // One key too many was a 429, as too many calls are, and is a failed precondition now, as what a policy forbids is.
      const isRefused = isProviderError(error) && refusals.test(error.details.reason);
      if (!isRefused && !isProviderError(error, "RateLimited")) throw error;
      if ((await this.#listed(email, subject, signal)).length >= keysAtMost) {
        throw new ProviderError("QuotaExceeded", {
          ...error.details,
          reason: `the service account has ${keysAtMost} keys, which is the most (${error.details.reason})`,
          action: "Delete keys of it that nobody uses.",
        });
      }
      if (!isRefused) throw error;
      throw new ProviderError("PolicyBlocked", {
        ...error.details,
        action: "See whether the organization's policies let service accounts have keys.",
      });
    }
  }

  async #listed(email: string, subject: Subject, signal: AbortSignal): Promise<ListedKey[]> {
    type Listed = { readonly keys?: readonly { readonly name: string; readonly validAfterTime?: string }[] };
    const { keys = [] } = await this.#iam<Listed>("GET", email, "?keyTypes=USER_MANAGED", subject, signal);
    return keys.map(({ name, validAfterTime = "" }) => ({ keyId: idOf(name), createdAt: validAfterTime }));
  }

  /** IAM's REST interface: `projects.serviceAccounts.keys`. */
  async #iam<T>(
    method: "GET" | "POST" | "DELETE",
    email: string,
    rest: string,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<T> {
    const { endpoint = "https://iam.googleapis.com" } = this.#gcp.entry;
    const { auth } = await this.#gcp.signer();
    const url = `${endpoint}/v1/projects/-/serviceAccounts/${encodeURIComponent(email)}/keys${rest}`;
    const name = `serviceAccountKeys${{ GET: "List", POST: "Create", DELETE: "Delete" }[method]}`;
    return this.#gcp.send(
      "iam",
      name,
      async () => {
        const retryConfig = { retry: 0, noResponseRetries: 0 };
        const data = { privateKeyType: "TYPE_GOOGLE_CREDENTIALS_FILE", keyAlgorithm: "KEY_ALG_RSA_2048" };
        const answer = await auth.request<T>({ url, method, signal, retryConfig, ...(method === "POST" && { data }) });
        return answer.data;
      },
      subject,
      signal,
      { attempts: method === "POST" ? 1 : undefined },
    );
  }

  /** @throws ProviderError UnsupportedCapability for credentials that Google renews by itself. */
  async #ownKey(subject: Subject): Promise<{ email: string; isWhole: boolean }> {
    const given = await this.#gcp.entry.credentials?.();
    const values = given?.values ?? {};
    const isWhole = values.private_key === undefined;
    const { client_email: email, private_key: key } = given ? await keyContentOf(values, this.#gcp.site) : {};
    if (email !== undefined && key !== undefined && values.key_file === undefined) return { email, isWhole };
    throw unsupported(
      subject,
      "the site's credentials are no service account's key that comes from a store of secrets",
      "Leave it out of rotation.sites, or give the key as credentials.from.",
    );
  }

  #subject(operation: string): Subject {
    return { operation, resource: this.#gcp.resource("service-account-key", "own") };
  }
}

/** The last part of a key's name. */
function idOf(name: string): string {
  return name.split("/").at(-1) ?? "";
}
