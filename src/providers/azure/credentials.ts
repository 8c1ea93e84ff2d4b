import type { HttpClient } from "@azure/core-rest-pipeline";
import type * as IdentitySdk from "@azure/identity";
import type { TokenCredential } from "@azure/identity";
import { invalid } from "../failures.ts";
import type { ProviderCredentials } from "../registry.ts";
import type { AzureEntry } from "./settings.ts";

type Identity = typeof IdentitySdk;

/**
 * What asks for the site's tokens. Each kind is as the configuration's `credentials.type` says, or as the keys that are given
 * tell. Secrets are asked for again after a while, as they may be rotated where they are kept.
 */
export class SiteCredential implements TokenCredential {
  readonly #entry: AzureEntry;
  readonly #site: string;
  readonly #keptMs: number;
  readonly #httpClient: HttpClient;
  #made: { readonly credential: TokenCredential; readonly at: number } | undefined;

  constructor(entry: AzureEntry, site: string, keptMs: number, httpClient: HttpClient) {
    this.#entry = entry;
    this.#site = site;
    this.#keptMs = keptMs;
    this.#httpClient = httpClient;
  }

  async getToken(...[scopes, options]: Parameters<TokenCredential["getToken"]>) {
    if (!this.#made || performance.now() - this.#made.at > this.#keptMs) {
      this.#made = { credential: await this.#make(), at: performance.now() };
    }
    return this.#made.credential.getToken(scopes, options);
  }

  async #make(): Promise<TokenCredential> {
    const { credentials } = this.#entry;
    // Loaded when first used, like all of the SDK.
    const sdk = await import("@azure/identity");
    const options = {
      httpClient: this.#httpClient,
      // Repeating is decided in one place, `http.ts`.
      retryOptions: { maxRetries: 0 },
      // The login host is known; asking another one whether it is would only be one more thing to fail.
      disableInstanceDiscovery: true,
    };
    if (!credentials) return new sdk.DefaultAzureCredential({ ...options });
    return credentialOf(await credentials(), sdk, options, this.#site);
  }
}

function credentialOf(
  given: ProviderCredentials,
  sdk: Identity,
  options: { httpClient: HttpClient; disableInstanceDiscovery: boolean },
  site: string,
): TokenCredential {
  const { values } = given;
  const need = (key: string) => required(values, key, site);
  switch (kindOf(given)) {
    case "client_secret":
      return new sdk.ClientSecretCredential(need("tenant_id"), need("client_id"), need("client_secret"), options);
    case "certificate":
      return new sdk.ClientCertificateCredential(
        need("tenant_id"),
        need("client_id"),
        need("certificate_file"),
        options,
      );
    case "workload_identity":
      return new sdk.WorkloadIdentityCredential({
        ...options,
        tenantId: need("tenant_id"),
        clientId: need("client_id"),
        ...(values.token_file && { tokenFilePath: values.token_file }),
      });
    case "managed_identity":
      // One that is assigned by the user is named; without a name it is the machine's own.
      return new sdk.ManagedIdentityCredential({ ...options, ...(values.client_id && { clientId: values.client_id }) });
    default:
      throw invalid(
        subject(site),
        `Azure has no credentials of the type ${given.type}`,
        "Use client_secret, certificate, managed_identity or workload_identity.",
      );
  }
}

function kindOf({ type, values }: ProviderCredentials): string {
  if (type !== undefined) return type;
  if (values.client_secret) return "client_secret";
  if (values.certificate_file) return "certificate";
  return values.token_file ? "workload_identity" : "managed_identity";
}

function required(values: Readonly<Record<string, string>>, key: string, site: string): string {
  const value = values[key];
  if (value) return value;
  throw invalid(subject(site), `credentials.${key} is missing`, "Add it to the site's entry in the configuration.");
}

function subject(site: string) {
  return { operation: "sign in at Azure", resource: site };
}
