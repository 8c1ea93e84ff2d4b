import { createHash } from "node:crypto";

/** The same parts, the same text of so many hexadecimal digits. */
export function digest(length: number, ...parts: readonly (string | number)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, length);
}

/** A UUID that is the same for the same parts, as Google takes for a request's id. */
export function requestIdOf(...parts: readonly (string | number)[]): string {
  const hex = digest(32, ...parts);
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}

const longestName = 63;
const digestLength = 12;

/**
 * Names are ids here, and unique: what is to be seen in Google's console, with something of the key behind it. "Naming
 * resources": 1 to 63 characters of [a-z0-9-], beginning with a letter and not ending with a hyphen.
 */
export function readableName(shown: string, ...key: readonly string[]): string {
  const plain = shown
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, longestName - digestLength - 1)
    .replace(/-+$/, "");
  return `${plain || "novacron"}-${digest(digestLength, ...key)}`;
}

/** A Cloud KMS key, without the version of it that Google shows; undefined for none. */
export function keyOf(used: { readonly kmsKeyName?: string | null } | null | undefined): string | undefined {
  return used?.kmsKeyName?.replace(/\/cryptoKeyVersions\/[^/]+$/, "") || undefined;
}

/** The last part of a resource's URL. */
export function nameOf(url: string | null | undefined): string {
  return url?.split("/").at(-1) ?? "";
}
