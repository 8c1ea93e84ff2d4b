import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ProviderError } from "../../domain/errors.ts";
import type { HostTools } from "../../host/tools.ts";
import { type Subject } from "../failures.ts";
import { endProcess, identifyProcess, isAlive, markIsAlive, ownMark, type ProcessId, processes } from "../processes.ts";
import { toolFailure } from "./errors.ts";
import { makeToolFolder } from "./tool-folder.ts";

export type ExportKind = "generation" | "source" | "point" | "volume" | "peek";

/** One qemu-nbd process. All about it stands in its own arguments, so that no record of it can be lost or stale. */
export interface RunningExport {
  readonly process: ProcessId;
  readonly kind: ExportKind;
  readonly id: string;
  readonly attempt: number;
  /** `pid.ticks` of the process that opened it. */
  readonly owner: string;
  readonly socketPath: string;
}

export interface ExportSpec {
  readonly kind: ExportKind;
  readonly id: string;
  readonly attempt: number;
  readonly path: string;
  readonly format: string;
  readonly writable: boolean;
  readonly bitmaps: readonly string[];
}

/** How long a qemu-nbd that was asked to end may take to write out what it holds. */
const endGraceMs = 30_000;
const startTimeoutMs = 15_000;
const greetWithinMs = 2_000;

/** Starts, finds and ends the qemu-nbd processes of one store. */
export class Exports {
  readonly #tools: HostTools;
  readonly #runDir: string;
  readonly #storeId: () => Promise<string>;

  constructor(tools: HostTools, runDir: string, storeId: () => Promise<string>) {
    this.#tools = tools;
    this.#runDir = runDir;
    this.#storeId = storeId;
  }

  /** Serves an image on a socket of its own until it is ended. */
  async start(spec: ExportSpec, signal: AbortSignal): Promise<RunningExport> {
    const subject: Subject = { operation: `serve the ${spec.kind}`, resource: spec.path };
    await makeToolFolder(this.#runDir, 0o700, this.#tools);
    const owner = ownMark();
    const name = createHash("sha256")
      .update(`${await this.#storeId()} ${spec.kind} ${spec.id} ${spec.attempt} ${owner} ${++counter}`)
      .digest("hex")
      .slice(0, 16);
    const socketPath = join(this.#runDir, `${name}.sock`);
    const logFile = join(this.#runDir, `${name}.log`);
    const mark = [await this.#prefix(), spec.kind, spec.attempt, owner, spec.id].join(":");
    const access = spec.writable
      ? ["--cache=writeback", "--discard=unmap", "--detect-zeroes=off"]
      : ["--read-only", "--allocation-depth", ...spec.bitmaps.map((bitmap) => `--bitmap=${bitmap}`)];
    const args = [
      "--persistent",
      "--shared=8",
      `--socket=${socketPath}`,
      `--description=${mark}`,
      ...access,
      ...imageArgs(spec),
    ];
    const child = this.#tools.start("qemu-nbd", args, { logFile });
    let failed: Error | undefined;
    child.on("error", (error) => {
      failed = error;
    });
    const id = child.pid === undefined ? undefined : identifyProcess(child.pid);
    const deadline = Date.now() + startTimeoutMs;
    try {
      while (!(await isServing(socketPath))) {
        signal.throwIfAborted();
        if (!id || failed || !isAlive(id)) throw toolFailure("qemu-nbd", readText(logFile), subject);
        if (Date.now() > deadline) {
          throw new ProviderError("Timeout", {
            ...subject,
            reason: "qemu-nbd did not listen in time",
            action: "Look at the host's load; it is tried again.",
          });
        }
        await sleep(10);
      }
      return {
        process: id as ProcessId,
        kind: spec.kind,
        id: spec.id,
        attempt: spec.attempt,
        owner,
        socketPath,
      };
    } catch (error) {
      if (id) await endProcess(id, 0);
      removeFiles(socketPath);
      throw error;
    }
  }

  /** Every export of this store that runs now, whoever started it. */
  async list(): Promise<readonly RunningExport[]> {
    const prefix = `--description=${await this.#prefix()}:`;
    const found: RunningExport[] = [];
    for (const { id, args } of processes()) {
      const mark = args.find((argument) => argument.startsWith(prefix));
      if (mark === undefined) continue;
      const [kind, attempt, owner, ...rest] = mark.slice(prefix.length).split(":");
      const socket = args.find((argument) => argument.startsWith("--socket="));
      found.push({
        process: id,
        kind: kind as ExportKind,
        attempt: Number(attempt),
        owner: owner ?? "",
        id: rest.join(":"),
        socketPath: socket?.slice("--socket=".length) ?? "",
      });
    }
    return found;
  }

  /** Ends an export. `revoke` kills it at once: nothing more is written. Else it writes out what it holds. */
  async end(running: RunningExport, how: "finish" | "revoke"): Promise<void> {
    await endProcess(running.process, how === "revoke" ? 0 : endGraceMs);
    removeFiles(running.socketPath);
  }

  async endAll(matches: (running: RunningExport) => boolean, how: "finish" | "revoke"): Promise<void> {
    for (const running of await this.list()) if (matches(running)) await this.end(running, how);
  }

  /** Ends what processes that are gone have left. */
  async reap(): Promise<void> {
    await this.endAll((running) => !markIsAlive(running.owner), "finish");
  }

  async #prefix(): Promise<string> {
    return `novacron:${await this.#storeId()}`;
  }
}

let counter = 0;

/** A peek takes no lock and minds nobody's: a VM that uses the image, or starts to, is not disturbed. */
function imageArgs({ kind, path, format }: ExportSpec): string[] {
  if (kind !== "peek") return [`--format=${format}`, path];
  // In these options a comma separates, and two of them are one.
  return ["--image-opts", `driver=${format},force-share=on,file.filename=${path.replaceAll(",", ",,")}`];
}

function removeFiles(socketPath: string): void {
  rmSync(socketPath, { force: true });
  rmSync(socketPath.replace(/\.sock$/, ".log"), { force: true });
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** True once the server greets: qemu-nbd listens before it has opened the image, and may yet fail at that. */
function isServing(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on("data", () => {
      socket.destroy();
      resolve(true);
    });
    // One that hangs before its greeting must not hang us: the deadline counts.
    socket.setTimeout(greetWithinMs, () => socket.destroy());
    socket.on("error", () => resolve(false));
    socket.on("close", () => resolve(false));
  });
}
