import { createHash, randomBytes, randomInt } from "node:crypto";

/** As Google numbers resources: 64 bits, 19 digits. */
export function newNumericId(): string {
  let digits = String(randomInt(1, 9));
  while (digits.length < 19) digits += randomInt(0, 10);
  return digits;
}

export function newLayerId(): string {
  return `ly-${randomBytes(9).toString("hex")}`;
}

/** What a change must name to be made: it differs whenever the value differs. */
export function fingerprint(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest().subarray(0, 8).toString("base64");
}
