/** What a store gives out for a path. Never kept outside this process's memory, logged, or put into an error. */
export interface FetchedSecret {
  readonly values: Readonly<Record<string, string>>;
  /** How long they hold; absent where the store doesn't say. */
  readonly leaseMs?: number;
}

/**
 * A place that secrets are fetched from when they are needed.
 * @throws ProviderError NotFound, CloudUnauthenticated (it doesn't accept us), CloudPermissionDenied, Unavailable, Timeout;
 * never with a value in it.
 */
export interface SecretStore {
  fetch(path: string, signal: AbortSignal): Promise<FetchedSecret>;
}

/** The one value of a path that has a single one. */
export const onlyValue = "value";
