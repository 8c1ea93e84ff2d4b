import { createHash, randomBytes } from "node:crypto";

/** Tokens are 256 random bits, so a plain hash keeps them: there is nothing to guess that salting would slow down. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

export function newToken(): string {
  return `nvc_${randomBytes(32).toString("base64url")}`;
}
