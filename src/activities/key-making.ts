import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { isProviderError, ProviderError } from "../domain/errors.ts";
import type { KeysFacet, MadeKey } from "../providers/cloud-facets.ts";
import { readIfThere, replaceFile } from "./secret-files.ts";

/** Lies beside a site's file (`.making`) while a key may have been made that nobody knows: the answer got lost, or the
 *  worker died before it had written it down. */
interface Making {
  readonly mark: string;
  /** Keys that were listed before the first call. */
  readonly known: readonly string[];
  /** ISO 8601, by our clock: the first call, and the last one. */
  readonly since: string;
  readonly until: string;
  /** Each made one key, or none. */
  readonly calls: number;
}

/** What a site's clock and ours may differ by: with more, the clouds refuse our signatures; and how long a call may last. */
const awayMs = 10 * 60_000;

/** What a cloud says to a call that has made nothing for certain. */
const madeNone = [
  "InvalidInput",
  "CloudUnauthenticated",
  "CloudPermissionDenied",
  "NotFound",
  "QuotaExceeded",
  "UnsupportedCapability",
  "PolicyBlocked",
  "RateLimited",
] as const;

/** Makes a key, and hands it to `keep` before it counts as known. What earlier calls may have left is removed first. */
export async function makeKey(
  place: { readonly file: string; readonly inUse: string; readonly keys: KeysFacet },
  keep: (made: MadeKey) => Promise<void>,
  signal: AbortSignal,
): Promise<MadeKey> {
  const { file, inUse, keys } = place;
  const left = await readMaking(file);
  if (left) await removeLost(left, left.calls, { ...place, own: [inUse] }, signal);
  // One of long ago is done with: all that it made was listed.
  const before = left && Date.now() - Date.parse(left.until) < awayMs ? left : undefined;
  const now = new Date().toISOString();
  const first = { mark: `NovaCron ${randomUUID()}`, since: now, until: now, calls: 0 };
  const making = before ?? { ...first, known: (await keys.listKeys(signal)).map(({ keyId }) => keyId) };
  await writeMaking(file, { ...making, until: now, calls: making.calls + 1 });
  let made: MadeKey;
  try {
    made = await keys.createKey(making.mark, signal);
  } catch (error) {
    if (isProviderError(error, ...madeNone)) await (before ? writeMaking(file, before) : forget(file));
    throw error;
  }
  await keep(made);
  // What an earlier call made may not be listed yet.
  if (!before) await forget(file);
  return made;
}

/** Removes what calls of a rotation have left that is done, now that the site's lists have caught up. */
export async function removeLeft(
  place: { readonly file: string; readonly own: readonly string[]; readonly keys: KeysFacet },
  signal: AbortSignal,
): Promise<void> {
  const making = await readMaking(place.file);
  if (!making) return;
  // One of them made the key that is in use.
  await removeLost(making, making.calls - 1, place, signal);
  await forget(place.file);
}

/** @throws ProviderError Conflict where more keys could be ours than we can have made: then a person has to look. */
async function removeLost(
  making: Making,
  most: number,
  { file, own, keys }: { readonly file: string; readonly own: readonly string[]; readonly keys: KeysFacet },
  signal: AbortSignal,
): Promise<void> {
  if (most === 0) return;
  const [from, to] = [Date.parse(making.since) - awayMs, Date.parse(making.until) + awayMs];
  const lost = (await keys.listKeys(signal)).filter(({ keyId, createdAt, mark = making.mark }) => {
    const at = Date.parse(createdAt);
    return mark === making.mark && at >= from && at <= to && ![...making.known, ...own].includes(keyId);
  });
  const ids = lost.map(({ keyId }) => keyId);
  if (ids.length > most) {
    throw new ProviderError("Conflict", {
      operation: "rotate a secret",
      resource: file,
      reason: `the keys ${ids.join(", ")} were made in the meantime, and ${most} of them at most by an attempt that broke off`,
      action: `Delete those that nobody uses, or ${file}.making if all are somebody's, and let it be rotated anew.`,
    });
  }
  for (const keyId of ids) await keys.retireKey(keyId, signal);
}

async function readMaking(file: string): Promise<Making | undefined> {
  const text = await readIfThere(`${file}.making`);
  return text === undefined ? undefined : (JSON.parse(text) as Making);
}

function writeMaking(file: string, making: Making): Promise<void> {
  return replaceFile(`${file}.making`, `${JSON.stringify(making)}\n`);
}

function forget(file: string): Promise<void> {
  return rm(`${file}.making`, { force: true });
}
