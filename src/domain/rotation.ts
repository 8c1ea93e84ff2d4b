/** A secret that we own: an API token in a file, or a site's key in the file that its credentials come from. */
export type RotatedSecret =
  | { readonly kind: "token"; readonly tokenId: string; readonly file: string }
  | { readonly kind: "site"; readonly site: string };

/** Members of a site's credentials that tell one of its keys from another: of AWS, Oracle Cloud, Google Cloud, Azure. */
const keyIds = ["access_key", "fingerprint", "private_key_id", "client_secret_id"] as const;

/** Which key a site's credentials hold; undefined where they don't say. It tells nobody its secret. */
export function keyIdOf(values: Readonly<Record<string, string>>): string | undefined {
  const known = keyIds.map((name) => values[name]).find((id) => id !== undefined && id !== "");
  if (known !== undefined) return known;
  // Google's key file as one value.
  const { service_account: whole } = values;
  if (whole === undefined) return undefined;
  try {
    return (JSON.parse(whole) as { private_key_id?: string }).private_key_id;
  } catch {
    return undefined;
  }
}

/** `token-ci`, `site-aws-us-east-1`. */
export function rotationName(secret: RotatedSecret): string {
  return secret.kind === "token" ? `token-${secret.tokenId}` : `site-${secret.site}`;
}
