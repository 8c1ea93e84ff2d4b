import { ProviderError } from "../../domain/errors.ts";
import { describeReference, type SecretReference, type SecretStoreName } from "../../domain/secret-reference.ts";
import { type FetchedSecret, onlyValue, type SecretStore } from "./secret-store.ts";

/** Fetched again when so much of the lease is over: what comes is in use before what goes has ended. */
const useOfLease = 0.7;
const fetchWithinMs = 15_000;
/** A store that is away is not asked at every use. */
const pauseAfterFailureMs = 1_000;

interface Known {
  readonly secret: FetchedSecret;
  readonly freshUntil: number;
  /** What can't be fetched again is used until here: the end of its lease. */
  readonly goodUntil: number;
}

/** Fetches secrets when they are needed and keeps them, in memory only, for as long as they hold. */
export class Secrets {
  readonly #stores: Readonly<Partial<Record<SecretStoreName, SecretStore>>>;
  readonly #cacheMs: number;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  readonly #fetching = new Map<string, Promise<FetchedSecret>>();

  /** `cacheMs`: how long a secret is believed whose store sets no lease. */
  constructor(
    stores: Readonly<Partial<Record<SecretStoreName, SecretStore>>>,
    cacheMs: number,
    now: () => number = Date.now,
  ) {
    this.#stores = stores;
    this.#cacheMs = cacheMs;
    this.#now = now;
  }

  /** @throws ProviderError as {@link SecretStore.fetch}, and InvalidInput where the place has no such value. */
  async value(reference: SecretReference): Promise<string> {
    const values = await this.values(reference);
    const names = Object.keys(values);
    const value = values[reference.key ?? (onlyValue in values || names.length !== 1 ? onlyValue : (names[0] ?? ""))];
    if (value !== undefined) return value;
    throw new ProviderError("InvalidInput", {
      operation: "fetch a secret",
      resource: describeReference(reference),
      reason: `there is no such value there; there are: ${names.join(", ") || "none"}`,
      action: "Correct the part after # in the reference.",
    });
  }

  /** Everything at the path: credentials that only make sense together come from one fetch. */
  async values({ store, path }: SecretReference): Promise<Readonly<Record<string, string>>> {
    const place = `${store}:${path}`;
    const known = this.#known.get(place);
    if (known && known.freshUntil > this.#now()) return known.secret.values;
    try {
      return (await this.#fetchOnce(place, store, path)).values;
    } catch (error) {
      if (!known || known.goodUntil <= this.#now()) throw error;
      this.#known.set(place, { ...known, freshUntil: this.#now() + pauseAfterFailureMs });
      return known.secret.values;
    }
  }

  /** Many who ask at once wait for one answer. */
  #fetchOnce(place: string, store: SecretStoreName, path: string): Promise<FetchedSecret> {
    const running = this.#fetching.get(place);
    if (running) return running;
    const fetching = this.#fetch(place, store, path).finally(() => this.#fetching.delete(place));
    this.#fetching.set(place, fetching);
    return fetching;
  }

  async #fetch(place: string, name: SecretStoreName, path: string): Promise<FetchedSecret> {
    const store = this.#stores[name];
    if (!store) {
      throw new ProviderError("InvalidInput", {
        operation: "fetch a secret",
        resource: place,
        reason: `no store of the kind ${name} is configured`,
        action: "Configure secrets.vault_address or secrets.aws_region.",
      });
    }
    const asked = this.#now();
    const secret = await store.fetch(path, AbortSignal.timeout(fetchWithinMs));
    const lifeMs = secret.leaseMs ?? this.#cacheMs;
    const freshMs = secret.leaseMs === undefined ? lifeMs : lifeMs * useOfLease;
    // Without a lease nobody said that it ends: it is used while its store is away.
    const goodUntil = secret.leaseMs ? asked + secret.leaseMs : Number.POSITIVE_INFINITY;
    this.#known.set(place, { secret, freshUntil: asked + freshMs, goodUntil });
    return secret;
  }
}
