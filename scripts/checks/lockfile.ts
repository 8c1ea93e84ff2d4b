import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Lockfile, missingOptional } from "../complete-lockfile.ts";
import type { CheckResult } from "./index.ts";
import { projectRoot } from "./run-tool.ts";

type Versions = Readonly<Record<string, string>>;
export interface Manifest {
  readonly dependencies?: Versions;
  readonly devDependencies?: Versions;
}

/** What keeps an installation from being the same everywhere. */
export function lockfileFaults(manifest: Manifest, lockfile: Lockfile): readonly string[] {
  const wanted = { ...manifest.dependencies, ...manifest.devDependencies };
  const faults: string[] = [];
  for (const [name, version] of Object.entries(wanted)) {
    const exact = /^(?:npm:(?:@[^@]+|[^@]+)@)?(\d+\.\d+\.\d+(?:[-+][\w.+-]+)?)$/.exec(version)?.[1];
    const locked = lockfile.packages[`node_modules/${name}`]?.version;
    if (!exact) faults.push(`package.json: ${name} is "${version}", not an exact version`);
    else if (locked !== exact) faults.push(`package-lock.json: ${name} is ${locked ?? "absent"}, wanted ${exact}`);
  }
  for (const [path, entry] of Object.entries(lockfile.packages)) {
    if ("resolved" in entry) faults.push(`package-lock.json: ${path} names the place it came from`);
  }
  for (const name of Object.keys(missingOptional(lockfile))) {
    faults.push(`package-lock.json: ${name} is absent; run node scripts/complete-lockfile.ts`);
  }
  return faults;
}

export async function checkLockfile(): Promise<CheckResult> {
  const read = async (file: string) => JSON.parse(await readFile(join(projectRoot, file), "utf8")) as unknown;
  const faults = lockfileFaults(
    (await read("package.json")) as Manifest,
    (await read("package-lock.json")) as Lockfile,
  );
  return { ok: faults.length === 0, output: faults.join("\n") };
}
