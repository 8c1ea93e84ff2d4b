import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { projectRoot } from "./run-tool.ts";

/** Paths of all files git tracks, or would track (new, not ignored), relative to the project; without deleted ones. */
export async function trackedFiles(): Promise<readonly string[]> {
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const { stdout } = await promisify(execFile)("git", list, { cwd: projectRoot, maxBuffer: 64 * 1024 * 1024 });
  const files = stdout.split("\0").filter((file) => file !== "" && existsSync(join(projectRoot, file)));
  return [...new Set(files)].sort();
}
