import { createHash } from "node:crypto";

/** The same parts, the same text of so many hexadecimal digits. */
export function digest(length: number, ...parts: readonly (string | number)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, length);
}

const longestName = 60;
const digestLength = 12;

/** What is to be seen in the control panel, with something of the key behind it. Droplets, VPCs and firewalls take letters, digits,
 *  hyphens and dots. */
export function readableName(shown: string, ...key: readonly string[]): string {
  const plain = shown
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, longestName - digestLength - 1)
    .replace(/^-+|-+$/g, "");
  return `${plain || "novacron"}-${digest(digestLength, ...key)}`;
}
