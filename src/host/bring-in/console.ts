import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { withLock } from "../lock.ts";
import { cacheDir, stateHome } from "../paths.ts";
import { command, lastLine } from "./command.ts";

const checkout = resolve(import.meta.dirname, "../../..");
/** Builds of other versions that are kept: instances that are up may serve them. */
const keptBuilds = 4;

export interface ConsoleOptions {
  readonly home?: string;
  readonly onProgress?: (line: string) => void;
}

/**
 * The folder with the console's build, built when what it is made from has changed. Undefined where it can't be built: the
 * API serves without it, and a line says why.
 */
export async function bringInConsole(options: ConsoleOptions = {}): Promise<string | undefined> {
  const onProgress = options.onProgress ?? (() => {});
  const builder = join(checkout, "node_modules/vite/bin/vite.js");
  const builds = join(cacheDir(options.home ?? stateHome()), "console");
  mkdirSync(builds, { recursive: true });
  const dir = join(builds, versionOf());
  if (isBuilt(dir)) return dir;
  if (!existsSync(builder)) {
    onProgress("The console is not built: the packages that build it are not installed here");
    return undefined;
  }
  const wait = () => onProgress("Waiting for another build of the console on this machine");
  return await withLock(
    join(builds, "lock"),
    async () => {
      if (isBuilt(dir)) return dir;
      onProgress("Building the console");
      const partial = `${dir}.partial`;
      const args = [builder, "build", join(checkout, "web"), "--outDir", partial, "--logLevel", "warn"];
      const built = await command(process.execPath, args, { cwd: checkout, env: { NO_COLOR: "1" } });
      if (built.exitCode !== 0 || !isBuilt(partial)) {
        rmSync(partial, { recursive: true, force: true });
        onProgress(`The console could not be built, everything else works: ${lastLine(built.output)}`);
        return undefined;
      }
      rmSync(dir, { recursive: true, force: true });
      renameSync(partial, dir);
      forgetOld(builds, dir);
      return dir;
    },
    wait,
  );
}

function isBuilt(dir: string): boolean {
  return existsSync(join(dir, "index.html"));
}

/** Of everything that it is built from: its sources, and the packages. */
function versionOf(): string {
  const hash = createHash("sha256");
  for (const file of [...filesOf(join(checkout, "web")), join(checkout, "package-lock.json")]) {
    hash
      .update(`${relative(checkout, file)}\0`)
      .update(readFileSync(file))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 16);
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !relative(folder, dirname(file)).startsWith("dist"))
    .sort();
}

function forgetOld(builds: string, newest: string): void {
  const others = readdirSync(builds)
    .filter((name) => /^[0-9a-f]{16}$/.test(name))
    .map((name) => join(builds, name))
    .filter((dir) => dir !== newest)
    .map((dir) => ({ dir, madeAt: statSync(dir).mtimeMs }))
    .sort((a, b) => b.madeAt - a.madeAt);
  for (const { dir } of others.slice(keptBuilds)) rmSync(dir, { recursive: true, force: true });
}
