import type { ChildProcess, ChildProcessWithoutNullStreams, SpawnOptions } from "node:child_process";
import { spawn } from "node:child_process";
import { chownSync, closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ProviderError } from "../domain/errors.ts";
import type { Account } from "./account.ts";
import { toolAccount } from "./account.ts";
import type { HostTools, RunOptions, RunResult, StartOptions, ToolName } from "./tools.ts";
import type { ToolsManifest } from "./tools-manifest.ts";
import { requireToolsManifest } from "./tools-manifest.ts";

const defaultTimeoutMs = 60_000;
const killGraceMs = 2_000;
const lingerMs = 1_000;

/**
 * The tools listed in a manifest, run as the unprivileged account when we are root, with an environment of their own
 * (ours may hold credentials).
 * @throws ProviderError Unavailable when there is no manifest.
 */
export function loadHostTools(manifestPath: string): HostTools {
  return new ManifestTools(requireToolsManifest(manifestPath), toolAccount());
}

class ManifestTools implements HostTools {
  readonly account: Account | undefined;
  readonly #manifest: ToolsManifest;

  constructor(manifest: ToolsManifest, account: Account | undefined) {
    this.#manifest = manifest;
    this.account = account;
  }

  missing(tool: ToolName): string | undefined {
    const entry = this.#manifest.tools[tool];
    if ("missing" in entry) {
      return entry.missing;
    }
    return existsSync(entry.path) ? undefined : `${tool} was at ${entry.path}, and is gone; run ./novacron up again.`;
  }

  path(tool: ToolName): string {
    const entry = this.#manifest.tools[tool];
    const missing = this.missing(tool);
    if (missing !== undefined || "missing" in entry) {
      throw new ProviderError("Unavailable", {
        operation: `run ${tool}`,
        resource: tool,
        reason: `it is not on this machine: ${(missing ?? "unknown").replace(/\.$/, "")}`,
        action: "Install it, or allow this account to unpack packages, and run ./novacron up again.",
      });
    }
    return entry.path;
  }

  file(pathInPackage: string): string | undefined {
    const root = this.#manifest.root;
    const unpacked = root && join(root, pathInPackage);
    if (unpacked && existsSync(unpacked)) {
      return unpacked;
    }
    return existsSync(pathInPackage) ? pathInPackage : undefined;
  }

  run(tool: ToolName, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return this.#run(tool, args, { timeoutMs: defaultTimeoutMs, ...options });
  }

  follow(
    tool: ToolName,
    args: readonly string[],
    onLine: (line: string) => void,
    options: RunOptions = {},
  ): Promise<RunResult> {
    return this.#run(tool, args, options, onLine);
  }

  async #run(
    tool: ToolName,
    args: readonly string[],
    options: RunOptions,
    onLine?: (line: string) => void,
  ): Promise<RunResult> {
    options.signal?.throwIfAborted();
    const path = this.path(tool);
    const input = openInput(options.input, this.account);
    try {
      const child = spawn(path, [...args], {
        ...this.#spawnOptions(tool, options),
        stdio: [input ?? "ignore", "pipe", "pipe"],
      });
      return await collect(child, { tool, args, options, onLine });
    } finally {
      if (input !== undefined) {
        closeSync(input);
      }
    }
  }

  converse(
    tool: ToolName,
    args: readonly string[],
    options: Pick<RunOptions, "env" | "cwd"> = {},
  ): ChildProcessWithoutNullStreams {
    const settings = { ...this.#spawnOptions(tool, options), stdio: "pipe" as const };
    return spawn(this.path(tool), [...args], settings);
  }

  start(tool: ToolName, args: readonly string[], options: StartOptions): ChildProcess {
    const command = [this.path(tool), ...args];
    if (options.reaped && this.missing("tini") === undefined) command.unshift(this.path("tini"), "-s", "--");
    const [path = "", ...rest] = command;
    const log = openSync(options.logFile, "a", 0o640);
    try {
      const child = spawn(path, rest, {
        ...this.#spawnOptions(tool, options),
        stdio: ["ignore", log, log],
        detached: true,
      });
      child.unref();
      return child;
    } finally {
      closeSync(log);
    }
  }

  #spawnOptions(tool: ToolName, options: { env?: Readonly<Record<string, string>>; cwd?: string }): SpawnOptions {
    const environment = {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      HOME: this.#manifest.toolHome,
      LANG: "C.UTF-8",
      // By this a `down` finds what a killed process of ours left behind.
      ...(process.env.NOVACRON_INSTANCE_DIR ? { NOVACRON_INSTANCE_DIR: process.env.NOVACRON_INSTANCE_DIR } : {}),
      ...options.env,
    };
    // A folder the account can't enter makes spawn fail with a message about the program, hence "/".
    const common: SpawnOptions = { cwd: options.cwd ?? "/", env: environment };
    if (!this.account) {
      return common;
    }
    if (tool === "libvirtd" && this.#needsPrivateMounts()) {
      // Its wrapper lays the unpacked /usr over the machine's as root, then becomes the account itself.
      const runAs = `${this.account.uid}:${this.account.gid}`;
      return { ...common, env: { ...environment, NOVACRON_RUN_AS: runAs } };
    }
    return { ...common, uid: this.account.uid, gid: this.account.gid };
  }

  #needsPrivateMounts(): boolean {
    const entry = this.#manifest.tools.libvirtd;
    const root = this.#manifest.root;
    return root !== undefined && "path" in entry && entry.path.startsWith(join(root, "../bin"));
  }
}

/** A nameless file rather than a pipe: Node's pipes are sockets, which tools can't open as /dev/stdin. */
function openInput(input: string | Uint8Array | undefined, account: Account | undefined): number | undefined {
  if (input === undefined) {
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), "nvc-in-"));
  const file = join(folder, "input");
  try {
    writeFileSync(file, input, { mode: 0o600 });
    if (account) {
      chownSync(file, account.uid, account.gid);
    }
    return openSync(file, "r");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Asked {
  readonly tool: ToolName;
  readonly args: readonly string[];
  readonly options: RunOptions;
  readonly onLine: ((line: string) => void) | undefined;
}

function collect(child: ChildProcess, { tool, args, options, onLine }: Asked): Promise<RunResult> {
  const { timeoutMs } = options;
  return new Promise((resolvePromise, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let timedOut = false;
    let killTimer: NodeJS.Timeout | undefined;
    const end = () => {
      child.kill("SIGTERM");
      killTimer ??= setTimeout(() => child.kill("SIGKILL"), killGraceMs);
    };
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            end();
          }, timeoutMs);
    options.signal?.addEventListener("abort", end, { once: true });
    const settle = () => {
      clearTimeout(timer);
      clearTimeout(killTimer);
      options.signal?.removeEventListener("abort", end);
    };
    if (onLine && child.stdout) createInterface({ input: child.stdout }).on("line", onLine);
    else child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", (cause) => {
      settle();
      reject(
        new ProviderError("Unavailable", {
          operation: `run ${tool}`,
          resource: child.spawnfile,
          reason: `it could not be started (${cause.message})`,
          action: "Run ./novacron up again to bring the tools in anew.",
          cause,
        }),
      );
    });
    child.on("exit", () => {
      // A daemon it left behind may hold our pipes open for ever.
      setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, lingerMs).unref();
    });
    child.on("close", (code, signal) => {
      settle();
      if (options.signal?.aborted) {
        reject(options.signal.reason);
        return;
      }
      if (timedOut) {
        reject(
          new ProviderError("Timeout", {
            operation: `run ${tool}`,
            resource: [tool, ...args].join(" ").slice(0, 200),
            reason: `it did not end within ${(timeoutMs ?? 0) / 1000} s`,
            action: "Look at the machine's load, then try again.",
          }),
        );
        return;
      }
      const text = Buffer.concat(stderr).toString("utf8");
      resolvePromise({
        // A shell's convention, so that a crash is never taken for success.
        exitCode: code ?? 128 + (signal === "SIGKILL" ? 9 : 15),
        stdout: Buffer.concat(stdout).toString("utf8"),
        stderr: signal ? `${text}${tool} was ended by ${signal}\n` : text,
      });
    });
  });
}
