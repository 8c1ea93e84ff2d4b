import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ProviderError } from "../../domain/errors.ts";
import { command } from "./command.ts";
import { findOnPath } from "./find-on-path.ts";
import { forgetGo, goCompiler, goInstall } from "./go.ts";

const version = "1.5.1";
/** The oldest server (of CLI 1.5) known to do all we ask; a CLI built from source tells no version of its own. */
const oldestServer = 29;
/** Machines without internet fail at the name or the connection: no reason to wait longer for a first answer. */
const answerTimeoutMs = 3_000;
const downloadTimeoutMs = 300_000;

/** The Temporal CLI of this machine: ours in the cache, else a suitable one on PATH. Undefined when there is none. */
export function temporalProgram(cache: string): string | undefined {
  const cached = cachedProgram(cache);
  if (existsSync(cached)) {
    return cached;
  }
  const found = findOnPath("temporal");
  return found !== undefined && isSuitable(found) ? found : undefined;
}

/** @throws ProviderError Unavailable when there is no Temporal CLI; the reason tells how to get one. */
export function requireTemporal(cache: string): string {
  const program = temporalProgram(cache);
  if (program === undefined) {
    throw notHad("it has not been brought in");
  }
  return program;
}

/**
 * The Temporal CLI: what is there, else its makers' download, else built from source.
 * @throws ProviderError Unavailable when none of the ways works.
 */
export async function bringInTemporal(cache: string, onProgress: (line: string) => void): Promise<string> {
  const present = temporalProgram(cache);
  if (present !== undefined) {
    return present;
  }
  const work = mkdtempSync(join(cache, "temporal-"));
  try {
    const downloaded = await download(work, onProgress);
    const built = downloaded ?? (await build(cache, work, onProgress));
    const folder = join(cache, `temporal-${version}`);
    mkdirSync(folder, { recursive: true });
    const partial = join(folder, "temporal.partial");
    copyFileSync(built, partial);
    chmodSync(partial, 0o755);
    renameSync(partial, cachedProgram(cache));
    forgetGo(cache);
    return cachedProgram(cache);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function cachedProgram(cache: string): string {
  return join(cache, `temporal-${version}`, "temporal");
}

function isSuitable(program: string): boolean {
  try {
    const text = execFileSync(program, ["--version"], {
      encoding: "utf8",
      timeout: 10_000,
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [, major, minor] = /Server (\d+)\.(\d+)/.exec(text) ?? [];
    return Number(major) === 1 && Number(minor) >= oldestServer;
  } catch {
    return false;
  }
}

/** The way the SDK's own test server takes: ask where the archive is, fetch and unpack it. Undefined without internet. */
async function download(work: string, onProgress: (line: string) => void): Promise<string | undefined> {
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  try {
    const query = new URLSearchParams({ arch, platform: "linux", format: "tar.gz" });
    const answer = await fetch(`https://temporal.download/cli/v${version}?${query.toString()}`, {
      signal: AbortSignal.timeout(answerTimeoutMs),
    });
    if (!answer.ok) {
      return undefined;
    }
    const info = (await answer.json()) as { archiveUrl: string; fileToExtract: string };
    onProgress(`Downloading Temporal ${version}`);
    const archive = await fetch(info.archiveUrl, { signal: AbortSignal.timeout(downloadTimeoutMs) });
    if (!archive.ok) {
      return undefined;
    }
    writeFileSync(join(work, "archive.tar.gz"), Buffer.from(await archive.arrayBuffer()));
    const unpacked = await command("tar", ["-xzf", join(work, "archive.tar.gz"), "-C", work, info.fileToExtract]);
    const program = join(work, info.fileToExtract);
    return unpacked.exitCode === 0 && isSuitable(program) ? program : undefined;
  } catch {
    return undefined;
  }
}

async function build(cache: string, work: string, onProgress: (line: string) => void): Promise<string> {
  const go = await goCompiler(cache, onProgress);
  if ("missing" in go) {
    throw notHad(`it can't be downloaded from here, and not be built either: ${go.missing}`);
  }
  onProgress(`Building Temporal ${version} from source (2 to 4 minutes, once)`);
  const built = await goInstall(go.path, `github.com/temporalio/cli/cmd/temporal@v${version}`, work);
  if ("missing" in built) {
    throw notHad(built.missing);
  }
  return built.path;
}

function notHad(reason: string): ProviderError {
  return new ProviderError("Unavailable", {
    operation: "get the Temporal server",
    resource: `temporal ${version}`,
    reason,
    action: `Put the Temporal CLI (version 1.5 or later) on PATH, then try again.`,
  });
}
