import { isProviderError } from "../../domain/errors.ts";
import type { KeysFacet, ListedKey, MadeKey } from "../cloud-facets.ts";
import { invalid, type Subject, unsupported } from "../failures.ts";
import type { ProviderContext } from "../provider.ts";
import { graphHost } from "./budgets.ts";
import { Azure } from "./client.ts";

type Values = Readonly<Record<string, string>>;
interface Password {
  readonly keyId?: string;
  readonly displayName?: string | null;
  readonly startDateTime?: string;
  readonly secretText?: string;
}

/** The client secrets of the application that we are, known by their ids in Microsoft Entra. */
export class AzureKeys implements KeysFacet {
  /** Microsoft Entra copies a change to all its places within minutes. */
  readonly acceptedWithinMs = 300_000;
  readonly #azure: Azure;
  readonly #context: ProviderContext;

  constructor(azure: Azure, context: ProviderContext) {
    this.#azure = azure;
    this.#context = context;
  }

  async listKeys(signal: AbortSignal): Promise<ListedKey[]> {
    const subject = this.#subject("list client secrets");
    const { client_id: clientId } = await this.#own(subject);
    return (await this.#passwords(clientId, subject, signal)).flatMap((password) => {
      const { keyId, startDateTime: createdAt, displayName } = password;
      return keyId === undefined || createdAt === undefined ? [] : [{ keyId, createdAt, mark: displayName ?? "" }];
    });
  }

  async createKey(mark: string, signal: AbortSignal): Promise<MadeKey> {
    const subject = this.#subject("create a client secret");
    const { client_id: clientId } = await this.#own(subject);
    const body = { passwordCredential: { displayName: mark } };
    const made = await this.#graph<Password>("POST", clientId, "/addPassword", body, subject, signal);
    const { keyId = "", secretText = "" } = made;
    return { keyId, values: { client_secret: secretText, client_secret_id: keyId } };
  }

  async tryKey(values: Values, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("try a client secret");
    const own = await this.#own(subject);
    const credentials = async () => ({ type: "client_secret", values: { ...own, ...values } });
    const other = new Azure({ ...this.#azure.entry, credentials }, this.#context, this.#azure.patience);
    try {
      await Array.fromAsync(other.permissions(subject, signal));
    } finally {
      other.close();
    }
  }

  async retireKey(keyId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete a client secret");
    const { client_id: clientId } = await this.#own(subject);
    try {
      await this.#graph("POST", clientId, "/removePassword", { keyId }, subject, signal);
    } catch (error) {
      // Graph refuses to remove what is gone, in no code of its own; its lists may show what is gone, and not what is new.
      if (isProviderError(error) && /no credentials found/i.test(error.message)) return;
      throw error;
    }
  }

  async #passwords(clientId: string, subject: Subject, signal: AbortSignal): Promise<readonly Password[]> {
    type Application = { readonly passwordCredentials?: readonly Password[] };
    const rest = "?$select=passwordCredentials";
    const found = await this.#graph<Application>("GET", clientId, rest, undefined, subject, signal);
    return found.passwordCredentials ?? [];
  }

  #graph<T>(
    method: "GET" | "POST",
    clientId: string,
    rest: string,
    body: object | undefined,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<T> {
    const url = `https://${graphHost}/v1.0/applications(appId='${encodeURIComponent(clientId)}')${rest}`;
    return this.#azure.rest<T>({ method, url, body, scope: `https://${graphHost}/.default` }, subject, signal);
  }

  /** @throws ProviderError UnsupportedCapability for credentials that Azure renews by itself, InvalidInput where it is not
   *  said which secret is in use: a secret's value tells nobody its id. */
  async #own(subject: Subject): Promise<Values & { readonly client_id: string }> {
    const { values } = (await this.#azure.entry.credentials?.()) ?? { values: {} };
    const { client_id: clientId, client_secret: secret, client_secret_id: secretId } = values;
    if (clientId === undefined || secret === undefined) {
      throw unsupported(subject, "the site's credentials are no client secret", "Leave it out of rotation.sites.");
    }
    if (secretId !== undefined) return { ...values, client_id: clientId };
    throw invalid(
      subject,
      "its credentials don't say which of the application's secrets they hold",
      "Add client_secret_id: the Secret ID that Microsoft Entra shows beside it.",
    );
  }

  #subject(operation: string): Subject {
    return { operation, resource: this.#azure.resource("client-secret", "own") };
  }
}
