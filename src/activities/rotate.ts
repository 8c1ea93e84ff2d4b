import { readFile, rename, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "@temporalio/activity";
import { isProviderError, ProviderError } from "../domain/errors.ts";
import { keyIdOf, type RotatedSecret } from "../domain/rotation.ts";
import type { KeysFacet, MadeKey } from "../providers/cloud-facets.ts";
import type { ActivityDeps } from "./deps.ts";
import { makeKey, removeLeft } from "./key-making.ts";
import { readIfThere, replaceFile } from "./secret-files.ts";

type Values = Readonly<Record<string, string>>;

/** A cloud takes seconds to minutes to know a new key everywhere. */
const askAgainMs = { first: 500, most: 10_000 };

/** The exchange of secrets that we own, while they are in use. A secret goes from its maker into its file, and nowhere else:
 *  what enters a history are ids. What is made lies beside its file (`.next`) until it is in use, for an attempt that dies. */
export function rotateActivities({ registry, store, credentialFile }: ActivityDeps) {
  const { tokens } = store;
  /** The first of its hash's digits tell secrets apart, and nothing of them. */
  const idOf = (token: string): string => tokens.hashOf(token).slice(0, 12);
  return {
    /** Which secret is in use now, by a name that gives nothing away. */
    async secretInUse(input: RotatedSecret): Promise<string> {
      return input.kind === "token" ? idOf(await readToken(input.file)) : keyOf(input.site);
    },

    /** Makes another secret, tries it, and puts it in the place of `from`. Repeatable: what an earlier attempt has put there
     *  stays. */
    async exchangeSecret(input: {
      scheduleId: string;
      secret: RotatedSecret;
      from: string;
      graceMs: number;
    }): Promise<string> {
      const { secret, from, graceMs } = input;
      return secret.kind === "token" ? exchangeToken(secret, from, graceMs) : exchangeKey(secret.site, from);
    },

    /** Ends what was in use before, if something else is now. */
    async retireKey(input: { scheduleId: string; site: string; keyId: string }): Promise<void> {
      const { site, keyId } = input;
      const signal = Context.current().cancellationSignal;
      const inUse = await keyOf(site);
      if (inUse === keyId) throw refusal(`site/${site}`, `the key ${keyId} is in use again`, "Let it be rotated anew.");
      const keys = await keysAt(site);
      await keys.retireKey(keyId, signal);
      await removeLeft({ file: fileOf(site), own: [inUse, keyId], keys }, signal);
    },
  };

  async function exchangeToken(
    { tokenId, file }: Extract<RotatedSecret, { kind: "token" }>,
    from: string,
    graceMs: number,
  ): Promise<string> {
    const resource = `token/${tokenId}`;
    const current = await readToken(file);
    if (idOf(current) !== from) return idOf(current);
    const held = await tokens.findByHash(tokens.hashOf(current));
    if (held?.tokenId !== tokenId) throw refusal(resource, `${file} does not hold it`, "Correct rotation.tokens.");
    const next = (await readIfThere(`${file}.next`))?.trim() || tokens.newSecret();
    await replaceFile(`${file}.next`, `${next}\n`);
    const known = await tokens.findByHash(tokens.hashOf(next));
    if (!known) await tokens.rotate(tokenId, tokens.hashOf(next), graceMs);
    const accepted = await tokens.findByHash(tokens.hashOf(next));
    if (accepted?.tokenId !== tokenId)
      throw refusal(resource, "it is revoked, or ended meanwhile", "Make another one.");
    await rename(`${file}.next`, file);
    return idOf(next);
  }

  async function exchangeKey(site: string, from: string): Promise<string> {
    const signal = Context.current().cancellationSignal;
    const file = fileOf(site);
    const current = await readKeys(file);
    const inUse = await keyOf(site);
    if (inUse !== from) {
      // An earlier attempt died between switching to it and this.
      if ((await leftKey(file))?.keyId === inUse) await rm(`${file}.next`, { force: true });
      return inUse;
    }
    const keys = await keysAt(site);
    const next = await nextKey(file, from, keys, signal);
    try {
      await untilAccepted(keys, next.values, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (isProviderError(error, "CloudUnauthenticated", "CloudPermissionDenied")) {
        await keys.retireKey(next.keyId, signal);
        await rm(`${file}.next`, { force: true });
      }
      throw error;
    }
    await replaceFile(file, `${JSON.stringify({ ...current, ...next.values }, undefined, 2)}\n`);
    await rm(`${file}.next`, { force: true });
    return next.keyId;
  }

  async function keyOf(site: string): Promise<string> {
    const file = fileOf(site);
    const keyId = keyIdOf(await readKeys(file));
    if (keyId !== undefined) return keyId;
    const reason = `${file} doesn't say which key it holds`;
    throw refusal(
      `site/${site}`,
      reason,
      "See the kinds of keys in docs/security.md, or leave it out of rotation.sites.",
    );
  }

  function fileOf(site: string): string {
    const file = credentialFile(site);
    if (file !== undefined) return file;
    throw refusal(
      `site/${site}`,
      "its credentials are in no file of ours",
      "Set credentials.from to ${secret:file:…}.",
    );
  }

  async function keysAt(site: string): Promise<KeysFacet> {
    const { keys, capabilities } = await registry.provider(site);
    if (keys) return keys;
    throw new ProviderError("UnsupportedCapability", {
      operation: "rotate a secret",
      resource: `site/${site}`,
      reason: capabilities.keys ?? "the site has no keys of ours",
      action: "Leave it out of rotation.sites.",
    });
  }
}

/** What an attempt that died has made, else another one. The key in use is none: if it were refused, it would be ended. */
async function nextKey(file: string, inUse: string, keys: KeysFacet, signal: AbortSignal): Promise<MadeKey> {
  const left = await leftKey(file);
  if (left && left.keyId !== inUse) return left;
  const keep = ({ values }: MadeKey) => replaceFile(`${file}.next`, `${JSON.stringify(values)}\n`);
  return makeKey({ file, inUse, keys }, keep, signal);
}

async function leftKey(file: string): Promise<MadeKey | undefined> {
  const left = await readIfThere(`${file}.next`);
  if (left === undefined) return undefined;
  const values = JSON.parse(left) as Values;
  const keyId = keyIdOf(values);
  return keyId === undefined ? undefined : { keyId, values };
}

async function untilAccepted(keys: KeysFacet, values: Values, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + keys.acceptedWithinMs;
  for (let pauseMs = askAgainMs.first; ; pauseMs = Math.min(pauseMs * 1.5, askAgainMs.most)) {
    try {
      await keys.tryKey(values, signal);
      return;
    } catch (error) {
      if (!isProviderError(error, "CloudUnauthenticated") || Date.now() > deadline) throw error;
      await sleep(pauseMs, undefined, { signal });
    }
  }
}

async function readToken(file: string): Promise<string> {
  return (await readFile(file, "utf8")).trim();
}

async function readKeys(file: string): Promise<Values> {
  return JSON.parse(await readFile(file, "utf8")) as Values;
}

function refusal(resource: string, reason: string, action: string): ProviderError {
  return new ProviderError("Conflict", { operation: "rotate a secret", resource, reason, action });
}
