import { chown, mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { HostTools } from "../../host/tools.ts";

/** Makes a folder that the tools can write to. Missing folders above it are passable for all. */
export async function makeToolFolder(path: string, mode: number, tools: HostTools): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await mkdir(path, { recursive: true, mode });
  const { account } = tools;
  if (account && (await stat(path)).uid !== account.uid) await chown(path, account.uid, account.gid);
  return path;
}
