import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "../../host/lock.ts";
import { instanceDir, socketDirPath } from "../../host/paths.ts";
import { endProcess } from "../../host/process-identity.ts";
import { clearRunFiles } from "./components.ts";
import { findComponent, sweep } from "./orphans.ts";
import { connectionFile } from "./settings.ts";
import type { StackState } from "./state.ts";
import { readStackState, stackFile } from "./state.ts";

/** More than every part's own grace together. */
const stopAllMs = 120_000;

/**
 * Ends everything of an instance, also what a killed supervisor or sandbox left behind; data is kept unless `wipe`.
 * Resolves when no process of it is left. Harmless when it is down.
 */
export async function downStack(options: { instance: string; wipe?: boolean }): Promise<void> {
  const dir = instanceDir(options.instance);
  if (!existsSync(dir)) {
    return;
  }
  await withLock(join(dir, "up.lock"), async () => {
    const state = readStackState(dir);
    if (state) {
      await endProcess(state.supervisor, { graceMs: stopAllMs });
      await endLeftovers(dir, state);
    }
    await sweep(dir);
    rmSync(connectionFile(dir), { force: true });
    clearRunFiles(dir);
    for (const owner of [dir, join(dir, "postgres")]) {
      rmSync(socketDirPath(owner), { recursive: true, force: true });
    }
    if (state) {
      rmSync(stackFile(dir), { force: true });
    }
  });
  if (options.wipe) {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Without its supervisor each part still gets its own way and time of ending, the last started first. */
async function endLeftovers(dir: string, state: StackState): Promise<void> {
  for (const { name, stopSignal: signal, stopGraceMs: graceMs } of [...state.components].reverse()) {
    const left = findComponent(dir, name);
    if (left) {
      await endProcess(left, { signal, graceMs });
    }
  }
}
