import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { ToolName } from "../../src/host/tools.ts";
import { type ToolEntry, toolNames, writeToolsManifest } from "../../src/host/tools-manifest.ts";

export const notHere = "is not installed, and could not be unpacked: this machine has no apt-get.";

/** A list of tools as the bring-in leaves it on a machine that can have none of them. */
export function writeEmptyManifest(path: string, toolHome: string): void {
  const entries = toolNames.map((name): [ToolName, ToolEntry] => [name, { missing: `${name} ${notHere}` }]);
  writeToolsManifest(path, {
    version: 2,
    toolHome,
    tools: Object.fromEntries(entries) as Record<ToolName, ToolEntry>,
    guests: { possible: false, reason: `${toolNames[0]} ${notHere}` },
    surveyedAt: new Date().toISOString(),
  });
}

/** A state folder of the test's own, with an empty cache. */
export function freshHome(context: TestContext): { readonly home: string; readonly cache: string } {
  // Not below /tmp, which may be a small memory disk.
  const home = mkdtempSync("/var/tmp/nvc-h-");
  context.after(() => rmSync(home, { recursive: true, force: true }));
  // As root, Postgres runs as another account, which has to get through.
  chmodSync(home, 0o755);
  const cache = join(home, "cache");
  mkdirSync(cache);
  return { home, cache };
}
