/** Where a secret is fetched from, instead of the secret itself: `${secret:STORE:PATH#KEY}` in the configuration. */
export interface SecretReference {
  readonly store: SecretStoreName;
  readonly path: string;
  /** Which of the values there; absent where there is one, or where all of them are meant. */
  readonly key?: string;
}

export const secretStoreNames = ["env", "file", "vault", "aws"] as const;
export type SecretStoreName = (typeof secretStoreNames)[number];

const form = new RegExp(`^\\$\\{secret:(${secretStoreNames.join("|")}):([^#{}\\s]+)(?:#([^#{}\\s]+))?\\}$`);

/** Undefined for anything else. */
export function parseSecretReference(text: string): SecretReference | undefined {
  const [, store, path, key] = form.exec(text) ?? [];
  if (store === undefined || path === undefined) return undefined;
  return { store: store as SecretStoreName, path, ...(key === undefined ? {} : { key }) };
}

/** Names the place, never the value. */
export function describeReference({ store, path, key }: SecretReference): string {
  return `${store}:${path}${key === undefined ? "" : `#${key}`}`;
}
