import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { identify, type ProcessIdentity, signalProcess } from "../../host/process-identity.ts";
import type { ProviderEntry } from "../../providers/registry.ts";
import type { WatchdogRecords } from "./records.ts";

const program = fileURLToPath(new URL("guardian-main.ts", import.meta.url));
const thereWithinMs = 20_000;

/** What the guardian is told over its standard input: credentials in it stay out of arguments and files. */
export interface GuardianOrder {
  readonly dir: string;
  readonly entry: Omit<ProviderEntry, "credentials">;
  readonly values?: Readonly<Record<string, string>>;
  readonly toolsManifest: string;
  readonly runDir: string;
}

/** Starts another guardian in place of the one that may be there, and returns its pid when it is at work. */
export async function startGuardian(order: GuardianOrder, records: WatchdogRecords): Promise<number> {
  const before = await records.lastBeat();
  const former = before && identify(before.pid);
  const log = openSync(join(order.dir, "guardian.log"), "a", 0o600);
  const child = spawn(process.execPath, [program], { detached: true, stdio: ["pipe", log, log] });
  closeSync(log);
  child.stdin?.end(JSON.stringify(order));
  child.unref();
  const { pid = 0 } = child;
  for (const deadline = performance.now() + thereWithinMs; performance.now() < deadline; await sleep(20)) {
    if ((await records.lastBeat())?.pid === pid) {
      if (former) await endGuardian(former);
      return pid;
    }
    if (child.exitCode !== null) break;
  }
  throw new Error(`the guardian did not start; see ${join(order.dir, "guardian.log")}`);
}

/** Only if the process is one of ours: pids are used again. */
async function endGuardian(former: ProcessIdentity): Promise<void> {
  const args = await readFile(`/proc/${former.pid}/cmdline`, "utf8").catch(() => "");
  if (args.split("\0").includes(program)) signalProcess(former, "SIGTERM");
}
