/**
 * Adds the optional packages of other platforms that package-lock.json lacks: `npm install` drops those that the
 * registry in use does not carry, and `npm ci` then refuses the lockfile. Run it after every `npm install`.
 *
 * Usage: node scripts/complete-lockfile.ts [--check]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

interface LockEntry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}
export interface Lockfile {
  packages: Record<string, LockEntry>;
}

const systems = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const processors = ["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"];

/** The optional dependencies of any package that have no entry where Node would look for them, with their entries. */
export function missingOptional(lockfile: Lockfile): Record<string, LockEntry> {
  const missing: Record<string, LockEntry> = {};
  for (const [path, entry] of Object.entries(lockfile.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (isReachable(lockfile, path, name)) continue;
      // Of a range the least is locked: what is for another platform is never fetched here, and must only fit.
      const least = /^[\^~]?(\d+\.\d+\.\d+(?:[-+][\w.+-]+)?)$/.exec(version)?.[1];
      if (!least) throw new Error(`${path} asks for ${name}@${version}: no version that can be locked`);
      missing[`node_modules/${name}`] = {
        version: least,
        ...(entry.dev ? { dev: true } : {}),
        optional: true,
        ...platform(name),
      };
    }
  }
  return missing;
}

function isReachable(lockfile: Lockfile, from: string, name: string): boolean {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    if (`${folder ? `${folder}/` : ""}node_modules/${name}` in lockfile.packages) return true;
    if (folder === "") return false;
  }
}

/** A package's platform from its name (`@oxlint/binding-linux-arm-gnueabihf`): every such package is named after it. */
function platform(name: string): Pick<LockEntry, "os" | "cpu" | "libc"> {
  const words = name.split("/").at(-1)?.split("-") ?? [];
  const os = systems.filter((system) =>
    words.includes(system === "win32" && words.includes("windows") ? "windows" : system),
  );
  const cpu = processors.filter((processor) => words.includes(processor));
  const libc = words.some((word) => word.startsWith("musl"))
    ? ["musl"]
    : words.some((word) => word.startsWith("gnu"))
      ? ["glibc"]
      : [];
  return {
    ...(os.length > 0 ? { os } : {}),
    ...(cpu.length > 0 ? { cpu } : {}),
    ...(os.includes("linux") && libc.length > 0 ? { libc } : {}),
  };
}

function main(): void {
  const file = resolve(import.meta.dirname, "../package-lock.json");
  const lockfile = JSON.parse(readFileSync(file, "utf8")) as Lockfile;
  const missing = missingOptional(lockfile);
  const names = Object.keys(missing);
  if (process.argv.includes("--check")) {
    for (const name of names) console.log(`package-lock.json lacks ${name}: run node scripts/complete-lockfile.ts`);
    process.exitCode = names.length > 0 ? 1 : 0;
    return;
  }
  const packages = Object.entries({ ...lockfile.packages, ...missing });
  lockfile.packages = Object.fromEntries(packages.sort(([a], [b]) => a.localeCompare(b, "en")));
  writeFileSync(file, `${JSON.stringify(lockfile, undefined, 2)}\n`);
  console.log(`package-lock.json: ${names.length} optional packages added`);
}

if (import.meta.main) main();
