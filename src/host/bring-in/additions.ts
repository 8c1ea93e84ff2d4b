import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { command } from "./command.ts";
import { unpackPackages, whyNoPackages } from "./packages.ts";

export interface Addition {
  /** Below the root of the unpacked packages. */
  readonly folder: string;
  readonly packageName: string;
}

/**
 * Adds folders to packages that were unpacked earlier, and touches nothing of what is there: it is in use. What can't be had is
 * left out, and sought again after `retryAfterMs`.
 */
export async function addFolders(
  additions: readonly Addition[],
  root: string,
  retryAfterMs: number,
  onProgress: (line: string) => void,
): Promise<void> {
  const lacking = additions.filter(({ folder }) => !existsSync(join(root, folder)));
  const tried = join(root, "../additions-tried");
  const triedAt = statSync(tried, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (lacking.length === 0 || whyNoPackages() !== undefined || Date.now() - triedAt < retryAfterMs) return;
  const names = lacking.map(({ packageName }) => packageName);
  onProgress(`Unpacking ${names.join(", ")} privately`);
  writeFileSync(tried, "");
  const apart = join(root, "../added");
  try {
    if ((await unpackPackages(names, apart, join(root, "../apt"))) !== undefined) return;
    for (const { folder } of lacking) await put(join(apart, folder), join(root, folder));
  } finally {
    rmSync(apart, { recursive: true, force: true });
  }
}

/** Whole or not at all. */
async function put(source: string, target: string): Promise<void> {
  const partial = `${target}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(dirname(target), { recursive: true });
  const copied = await command("cp", ["-a", source, partial]);
  if (copied.exitCode === 0) renameSync(partial, target);
  else rmSync(partial, { recursive: true, force: true });
}
