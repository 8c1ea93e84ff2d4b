import { createHash, createPublicKey, generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import { isProviderError, ProviderError } from "../../domain/errors.ts";
import type { KeysFacet, ListedKey, MadeKey } from "../cloud-facets.ts";
import { type Subject, unsupported } from "../failures.ts";
import type { ProviderContext } from "../provider.ts";
import { Oci } from "./client.ts";
import { goneIsUndefined } from "./view.ts";

type Values = Readonly<Record<string, string>>;

/** The API signing keys of the user that we are, known by their fingerprints. Three are the most that a user has. */
export class OciKeys implements KeysFacet {
  /** Keys are made in the home region and copied to the others. */
  readonly acceptedWithinMs = 180_000;
  readonly #oci: Oci;
  readonly #context: ProviderContext;

  constructor(oci: Oci, context: ProviderContext) {
    this.#oci = oci;
    this.#context = context;
  }

  async listKeys(signal: AbortSignal): Promise<ListedKey[]> {
    const subject = this.#subject("list API keys");
    const { user } = await this.#ownKey(subject);
    return this.#listed(await this.#atHome(subject, signal), user, subject, signal);
  }

  /** The pair is made here: Oracle gets the public half. */
  async createKey(_mark: string, signal: AbortSignal): Promise<MadeKey> {
    const subject = this.#subject("upload an API key");
    const { user, passphrase } = await this.#ownKey(subject);
    const { publicKey, privateKey } = await promisify(generateKeyPair)("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: {
        ...{ type: "pkcs8", format: "pem" },
        ...(passphrase && { cipher: "aes-256-cbc", passphrase }),
      },
    });
    const home = await this.#atHome(subject, signal);
    const fingerprint = fingerprintOf(publicKey);
    const request = { userId: user, createApiKeyDetails: { key: publicKey } };
    try {
      await home.identity.call("uploadApiKey", request, subject, signal);
    } catch (error) {
      // Oracle says that it is there already of a repeat whose first answer was lost, and of what policies forbid.
      if (isProviderError(error, "Conflict")) {
        const listed = await this.#listed(home, user, subject, signal);
        if (!listed.some(({ keyId }) => keyId === fingerprint)) throw error;
      } else if (isProviderError(error, "NotFound")) {
        throw new ProviderError("CloudPermissionDenied", {
          ...error.details,
          reason: `the user is not there, or may not change its API keys (${error.details.reason})`,
          action: "Correct credentials.user, or allow the user to manage its own API keys.",
        });
      } else throw error;
    }
    return { keyId: fingerprint, values: { fingerprint, private_key: privateKey } };
  }

  async tryKey(values: Values, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("try an API key");
    const own = await this.#ownKey(subject);
    const credentials = async () => ({ type: "api_key", values: { ...own, ...values } });
    const other = new Oci({ ...this.#oci.entry, credentials }, this.#context, this.#oci.patience);
    const request = { compartmentId: await other.tenancy() };
    await other.identity.call("listAvailabilityDomains", request, subject, signal);
  }

  async retireKey(keyId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete an API key");
    const { user } = await this.#ownKey(subject);
    const home = await this.#atHome(subject, signal);
    await goneIsUndefined(home.identity.call("deleteApiKey", { userId: user, fingerprint: keyId }, subject, signal));
  }

  async #listed(home: Oci, userId: string, subject: Subject, signal: AbortSignal): Promise<ListedKey[]> {
    const { items } = await home.identity.call("listApiKeys", { userId }, subject, signal);
    return items.flatMap(({ fingerprint: keyId, timeCreated, lifecycleState }) =>
      keyId === undefined || timeCreated === undefined || lifecycleState === "DELETED"
        ? []
        : [{ keyId, createdAt: new Date(timeCreated).toISOString() }],
    );
  }

  /** "Managing Regions": users and their keys are changed in the tenancy's home region only. */
  async #atHome(subject: Subject, signal: AbortSignal): Promise<Oci> {
    const request = { tenancyId: await this.#oci.tenancy() };
    const { items } = await this.#oci.identity.call("listRegionSubscriptions", request, subject, signal);
    const region = items.find(({ isHomeRegion }) => isHomeRegion)?.regionName;
    if (region === undefined || region === this.#oci.entry.region) return this.#oci;
    return new Oci({ ...this.#oci.entry, region }, this.#context, this.#oci.patience);
  }

  /** @throws ProviderError UnsupportedCapability for credentials that Oracle renews by itself. */
  async #ownKey(subject: Subject): Promise<Values & { readonly user: string }> {
    const { values } = (await this.#oci.entry.credentials?.()) ?? { values: {} };
    const { user } = values;
    if (user !== undefined && values.private_key !== undefined) return { ...values, user };
    throw unsupported(subject, "the site's credentials are no API key of a user's", "Leave it out of rotation.sites.");
  }

  #subject(operation: string): Subject {
    return { operation, resource: this.#oci.resource("api-key", "own") };
  }
}

/** "Required Keys and OCIDs": the MD5 of the public key in DER, in pairs of digits. */
function fingerprintOf(publicKey: string): string {
  const der = createPublicKey(publicKey).export({ type: "spki", format: "der" });
  return createHash("md5")
    .update(der)
    .digest("hex")
    .replace(/..(?=.)/g, "$&:");
}
