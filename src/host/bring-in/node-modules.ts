// Run by the launcher before any package can be relied on: `node node-modules.ts CHECKOUT` exits 0 when node_modules
// holds exactly what package-lock.json asks for.
import { readFileSync } from "node:fs";
import { join } from "node:path";

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
}

function packagesOf(file: string): Map<string, LockedPackage> {
  const lock = JSON.parse(readFileSync(file, "utf8")) as { packages?: Record<string, LockedPackage> };
  return new Map(Object.entries(lock.packages ?? {}).filter(([path]) => path !== ""));
}

function isCurrent(checkout: string): boolean {
  const wanted = packagesOf(join(checkout, "package-lock.json"));
  const present = packagesOf(join(checkout, "node_modules/.package-lock.json"));
  for (const [path, { version, integrity, optional, devOptional }] of wanted) {
    const installed = present.get(path);
    if (
      installed === undefined
        ? !(optional || devOptional)
        : installed.version !== version || installed.integrity !== integrity
    ) {
      return false;
    }
  }
  return [...present.keys()].every((path) => wanted.has(path));
}

process.exitCode = isCurrent(process.argv[2] ?? ".") ? 0 : 1;
