import { readFile, writeFile } from "node:fs/promises";
import { grantsOf, intersectGrants, roles } from "../domain/access.ts";
import { ProviderError } from "../domain/errors.ts";
import { hashToken, newToken, type Store } from "../store/index.ts";
import type { Actor } from "./route.ts";

export { hashToken, newToken } from "../store/index.ts";
export const bootstrapTokenId = "bootstrap";
const shortestToken = 32;
const useNotedEveryMs = 60_000;

/** The bootstrap token's file: made with a random token (0600) when absent. It holds every role, everywhere; once it is
 *  revoked, only another token in the file brings it back. The store gets the hash only.
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
  await store.tokens.ensure({
    tokenId: bootstrapTokenId,
    hash: hashToken(token),
    bindings: roles.map((role) => ({ role, scope: {} })),
    createdBy: `token/${bootstrapTokenId}`,
  });
}

/** Who has the token, and what they may do: never more than the person it belongs to. */
export async function findTokenActor(store: Store, hash: string): Promise<Actor | undefined> {
  const token = await store.tokens.findByHash(hash);
  if (!token) return undefined;
  const { tokenId, name, userId, createdBy, lastUsedAt } = token;
  if (lastUsedAt === undefined || Date.now() - Date.parse(lastUsedAt) > useNotedEveryMs) {
    await store.tokens.noteUse(tokenId);
  }
  const own = grantsOf(token.bindings, token.permissions);
  if (userId === undefined) {
    const responsible = createdBy.startsWith("user/") ? createdBy : `token/${tokenId}`;
    return { kind: "token", id: `token/${tokenId}`, name, responsible, grants: own };
  }
  const user = await store.users.get(userId);
  if (!user || user.disabledAt !== undefined) return undefined;
  const theirs = grantsOf(await store.bindings.of([`user/${userId}`]));
  const grants = intersectGrants(own, theirs);
  return { kind: "token", id: `token/${tokenId}`, name, responsible: `user/${userId}`, grants, personal: true };
}

async function readOrMakeToken(tokenFile: string): Promise<string> {
  const token = newToken();
  try {
    // `wx`: of several processes that start at once, one makes it and the others read it.
    await writeFile(tokenFile, `${token}\n`, { mode: 0o600, flag: "wx" });
    return token;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    return (await readFile(tokenFile, "utf8")).trim();
  }
}
