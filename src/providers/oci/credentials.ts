import type { AuthenticationDetailsProvider, DefaultRequestSigner } from "oci-common";
import { ProviderError } from "../../domain/errors.ts";
import { invalid, type Subject } from "../failures.ts";
import type { ProviderCredentials } from "../registry.ts";
import type { OciEntry } from "./settings.ts";

/** What signs, and the tenancy it signs for. */
export interface Signing {
  readonly signer: DefaultRequestSigner;
  readonly tenancy: string;
}

/** Signs the site's requests: with an API key of a user's, or as the instance that the worker runs on. */
export class Credentials {
  readonly #entry: OciEntry;
  readonly #site: string;
  readonly #keptMs: number;
  #signing: Promise<Signing> | undefined;
  #madeAt = 0;
  #secrets: readonly string[] = [];

  constructor(entry: OciEntry, site: string, keptMs: number) {
    this.#entry = entry;
    this.#site = site;
    this.#keptMs = keptMs;
  }

  /** @throws ProviderError CloudUnauthenticated, InvalidInput. */
  signing(): Promise<Signing> {
    if (this.#signing && performance.now() - this.#madeAt < this.#keptMs) return this.#signing;
    const making = this.#make();
    this.#signing = making;
    this.#madeAt = performance.now();
    making.catch(() => {
      if (this.#signing === making) this.#signing = undefined;
    });
    return making;
  }

  /** Takes credentials out of what a vendor says. */
  redact(text: string): string {
    return this.#secrets.reduce((left, secret) => left.replaceAll(secret, "[secret]"), text);
  }

  async #make(): Promise<Signing> {
    const given = (await this.#entry.credentials?.()) ?? { type: "instance_principal", values: {} };
    const subject = { operation: "sign requests to Oracle Cloud", resource: this.#site };
    switch (kindOf(given)) {
      case "api_key":
        return this.#apiKey(given.values, subject);
      case "instance_principal":
        return instancePrincipal(subject);
      default:
        throw invalid(
          subject,
          `Oracle Cloud has no credentials of the type ${given.type}`,
          "Use api_key or instance_principal.",
        );
    }
  }

  async #apiKey(values: Readonly<Record<string, string>>, subject: Subject): Promise<Signing> {
    const need = (key: string): string => {
      const value = values[key];
      if (value) return value;
      const action = "Add it to the site's entry in the configuration.";
      throw invalid(subject, `credentials.${key} is missing`, action);
    };
    const tenancy = need("tenancy");
    const keyId = `${tenancy}/${need("user")}/${need("fingerprint")}`;
    const privateKey = need("private_key").replaceAll("\\n", "\n");
    this.#secrets = [privateKey, ...(values.passphrase ? [values.passphrase] : [])];
    const details: AuthenticationDetailsProvider = {
      getKeyId: async () => keyId,
      getPrivateKey: () => privateKey,
      getPassphrase: () => values.passphrase ?? null,
    };
    const { DefaultRequestSigner } = await import("oci-common");
    try {
      return { signer: new DefaultRequestSigner(details), tenancy };
    } catch (cause) {
      throw new ProviderError("CloudUnauthenticated", {
        ...subject,
        reason: "credentials.private_key is no private key in PEM format, or its passphrase is another one",
        action: "Give the API key's whole PEM file, and its passphrase where it has one.",
        // The parser's message may hold a part of the key.
        facts: { cause: cause instanceof Error ? cause.name : "Error" },
      });
    }
  }
}

function kindOf({ type, values }: ProviderCredentials): string {
  return type ?? (values.private_key === undefined ? "instance_principal" : "api_key");
}

/** "Calling Services from an Instance": the metadata service has the certificate; the SDK exchanges it for a token, and does
 *  so again before that ends. */
async function instancePrincipal(subject: Subject): Promise<Signing> {
  const { DefaultRequestSigner, InstancePrincipalsAuthenticationDetailsProviderBuilder } = await import("oci-common");
  try {
    const builder = new InstancePrincipalsAuthenticationDetailsProviderBuilder();
    const signer = new DefaultRequestSigner(await builder.build());
    // The certificate names it.
    return { signer, tenancy: builder.tenancyId };
  } catch (cause) {
    throw new ProviderError("CloudUnauthenticated", {
      ...subject,
      reason: "this machine has no instance principal",
      action: "Run the worker on an instance of a dynamic group that a policy names, or configure an api_key.",
      cause,
    });
  }
}
