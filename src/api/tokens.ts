import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { ProviderError } from "../domain/errors.ts";
import type { Store } from "../store/index.ts";
import { hashToken } from "./authenticate.ts";
import { type Actor, type Permission, permissions } from "./route.ts";

const bootstrapName = "bootstrap";
const shortestToken = 32;

/** The bootstrap token's file: made with a random token (0600) when absent. The store gets the hash only.
 *  @throws ProviderError InvalidInput when the file holds something too short to be a secret. */
export async function ensureBootstrapToken(store: Store, tokenFile: string): Promise<void> {
  const token = await readOrMakeToken(tokenFile);
  if (token.length < shortestToken) {
    throw new ProviderError("InvalidInput", {
      operation: "read the bootstrap token",
      resource: tokenFile,
      reason: `it has fewer than ${shortestToken} characters`,
      action: "Remove the file (a new token is made at the next start), or put a long random token into it.",
    });
  }
  await store.tokens.ensure({ name: bootstrapName, hash: hashToken(token), scopes: ["*"] });
}

export async function findActor(store: Store, hash: string): Promise<Actor | undefined> {
  const record = await store.tokens.findByHash(hash);
  if (!record) return undefined;
  return { kind: "token", id: `token/${record.name}`, name: record.name, permissions: record.scopes.filter(isScope) };
}

async function readOrMakeToken(tokenFile: string): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  try {
    // `wx`: of several processes that start at once, one makes it and the others read it.
    await writeFile(tokenFile, `${token}\n`, { mode: 0o600, flag: "wx" });
    return token;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    return (await readFile(tokenFile, "utf8")).trim();
  }
}

function isScope(scope: string): scope is Permission | "*" {
  return scope === "*" || (permissions as readonly string[]).includes(scope);
}
