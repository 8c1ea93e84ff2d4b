/** A secret that we own: an API token in a file, or a site's key in the file that its credentials come from. */
export type RotatedSecret =
  | { readonly kind: "token"; readonly tokenId: string; readonly file: string }
  | { readonly kind: "site"; readonly site: string };

/** `token-ci`, `site-aws-us-east-1`. */
export function rotationName(secret: RotatedSecret): string {
  return secret.kind === "token" ? `token-${secret.tokenId}` : `site-${secret.site}`;
}
