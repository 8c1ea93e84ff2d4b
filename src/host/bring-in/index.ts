import { join } from "node:path";
import { ProviderError } from "../../domain/errors.ts";
import { toolAccount } from "../account.ts";
import { withLock } from "../lock.ts";
import { cacheDir, stateHome, unreachableFolder } from "../paths.ts";
import type { ToolsManifest } from "../tools-manifest.ts";
import { bringInTools } from "./system-tools.ts";
import { bringInTemporal } from "./temporal.ts";

export interface BringInOptions {
  readonly home?: string;
  /** One line a step; called only when something really has to be brought in. */
  readonly onProgress?: (line: string) => void;
}

export interface BroughtIn {
  /** Path of tools.json, for NOVACRON_TOOLS. */
  readonly toolsManifest: string;
  readonly tools: ToolsManifest;
  /** The Temporal CLI. */
  readonly temporal: string;
  readonly seconds: number;
}

/**
 * Brings in what the stack and the tests need and this machine lacks. Quick when nothing is missing.
 * @throws ProviderError when something that can't be done without can't be had; missing QEMU or libvirt is only noted.
 */
export async function bringIn(options: BringInOptions = {}): Promise<BroughtIn> {
  const started = performance.now();
  const onProgress = options.onProgress ?? (() => {});
  const cache = cacheDir(options.home ?? stateHome());
  requireReachable(cache);
  const toolsManifest = join(cache, "tools.json");
  const wait = () => onProgress("Waiting for another set-up on this machine to finish");
  return await withLock(
    join(cache, "bring-in.lock"),
    async () => {
      const tools = await bringInTools(cache, toolsManifest, onProgress);
      const temporal = await bringInTemporal(cache, onProgress);
      return { toolsManifest, tools, temporal, seconds: (performance.now() - started) / 1000 };
    },
    wait,
  );
}

/** The same of what a worker of a site needs: no Temporal. */
export async function bringInSiteTools(options: BringInOptions = {}): Promise<Pick<BroughtIn, "toolsManifest">> {
  const onProgress = options.onProgress ?? (() => {});
  const cache = cacheDir(options.home ?? stateHome());
  requireReachable(cache);
  const toolsManifest = join(cache, "tools.json");
  const wait = () => onProgress("Waiting for another set-up on this machine to finish");
  await withLock(join(cache, "bring-in.lock"), () => bringInTools(cache, toolsManifest, onProgress), wait);
  return { toolsManifest };
}

function requireReachable(cache: string): void {
  const account = toolAccount();
  const closed = account && unreachableFolder(cache);
  if (account && closed) {
    throw new ProviderError("CloudPermissionDenied", {
      operation: "use the state folder",
      resource: cache,
      reason: `as root, QEMU and Postgres run as ${account.name}, who may not enter ${closed}`,
      action: "Set NOVACRON_HOME to a folder that every account may enter, such as /var/lib/novacron.",
    });
  }
}
