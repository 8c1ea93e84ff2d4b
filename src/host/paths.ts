import { createHash } from "node:crypto";
import { accessSync, chmodSync, chownSync, constants, existsSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { ProviderError } from "../domain/errors.ts";
import { toolAccount } from "./account.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Names an instance may have: they become folder names and parts of process names. */
export const instanceNamePattern = /^[a-z0-9][a-z0-9-]{0,30}$/;

/**
 * The state folder, created when missing: `NOVACRON_HOME`; else `/var/lib/novacron` for root and
 * `$XDG_DATA_HOME/novacron` or `~/.local/share/novacron` for others; `/var/tmp/novacron-<uid>` where that can't be
 * written. The launcher follows the same rules before there is a Node.
 */
export function stateHome(env: Environment = process.env): string {
  if (env.NOVACRON_HOME) {
    return makeFolder(resolve(env.NOVACRON_HOME));
  }
  const uid = process.getuid?.() ?? 0;
  for (const folder of uid === 0 ? ["/var/lib/novacron"] : userFolders(env)) {
    try {
      return makeFolder(folder);
    } catch {
      // Try the next: a read-only or foreign home is common in containers.
    }
  }
  return makeFolder(`/var/tmp/novacron-${uid}`);
}

function userFolders(env: Environment): string[] {
  const folders: string[] = [];
  if (env.XDG_DATA_HOME && isAbsolute(env.XDG_DATA_HOME)) {
    folders.push(join(env.XDG_DATA_HOME, "novacron"));
  }
  const home = env.HOME || safeHomedir();
  if (home && isAbsolute(home) && home !== "/") {
    folders.push(join(home, ".local/share/novacron"));
  }
  return folders;
}

function safeHomedir(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

function makeFolder(folder: string): string {
  mkdirSync(folder, { recursive: true });
  accessSync(folder, constants.W_OK);
  const uid = process.getuid?.() ?? 0;
  const owner = lstatSync(folder).uid;
  if (owner !== uid && owner !== 0 && uid !== 0) {
    throw new ProviderError("CloudPermissionDenied", {
      operation: "use the state folder",
      resource: folder,
      reason: `it belongs to another account (uid ${owner})`,
      action: "Set NOVACRON_HOME to a folder of your own.",
    });
  }
  return folder;
}

/** What all checkouts and instances of this account share: Node, Temporal, tools, templates. */
export function cacheDir(home = stateHome()): string {
  const folder = join(home, "cache");
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The tools manifest: `NOVACRON_TOOLS`, else the one in the cache. */
export function toolsManifestPath(env: Environment = process.env): string {
  return env.NOVACRON_TOOLS || join(cacheDir(stateHome(env)), "tools.json");
}

/** An instance's folder; not created. @throws ProviderError InvalidInput for a name that can't be a folder's. */
export function instanceDir(name: string, home = stateHome()): string {
  if (!instanceNamePattern.test(name)) {
    throw new ProviderError("InvalidInput", {
      operation: "use the instance",
      resource: name,
      reason: "its name may only have lower-case letters, digits and hyphens, at most 31",
      action: "Choose another name for --instance or NOVACRON_INSTANCE.",
    });
  }
  return join(home, "instances", name);
}

/** Names of the instances that have a folder. */
export function instanceNames(home = stateHome()): string[] {
  const folder = join(home, "instances");
  return existsSync(folder) ? readdirSync(folder).filter((name) => instanceNamePattern.test(name)) : [];
}

/** Where a folder's sockets live: unix socket paths end at 107 bytes, a state folder may be anywhere. */
export function socketDirPath(dir: string): string {
  const hash = createHash("sha256").update(resolve(dir)).digest("hex").slice(0, 8);
  return `/tmp/nvc-${process.getuid?.() ?? 0}-${hash}`;
}

/**
 * Makes the short 0700 socket folder of `dir`. As root it belongs to the tools' account, so that both can use it.
 * @throws ProviderError CloudPermissionDenied where somebody else has put something there.
 */
export function makeSocketDir(dir: string): string {
  const folder = socketDirPath(dir);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const account = toolAccount();
  const stats = lstatSync(folder);
  const uid = process.getuid?.() ?? 0;
  if (!stats.isDirectory() || (stats.uid !== uid && stats.uid !== account?.uid)) {
    throw new ProviderError("CloudPermissionDenied", {
      operation: "make the socket folder",
      resource: folder,
      reason: `it belongs to another account (uid ${stats.uid})`,
      action: "Remove it, or start an instance with another name.",
    });
  }
  chmodSync(folder, 0o700);
  if (account) {
    chownSync(folder, account.uid, account.gid);
  }
  return folder;
}

/** Makes a folder that belongs to the tools' account (ours when we are not root). */
export function makeToolDir(folder: string, mode = 0o700): string {
  mkdirSync(folder, { recursive: true, mode });
  const account = toolAccount();
  if (account) {
    chownSync(folder, account.uid, account.gid);
  }
  chmodSync(folder, mode);
  return folder;
}

/** The first folder above (or at) `path` that others may not pass through; undefined when all can reach it. */
export function unreachableFolder(path: string): string | undefined {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    if (existsSync(folder) && (lstatSync(folder).mode & 0o001) === 0) {
      return folder;
    }
    if (folder === dirname(folder)) {
      return undefined;
    }
  }
}
