import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CheckResult } from "./index.ts";
import { projectRoot } from "./run-tool.ts";
import { trackedFiles } from "./tracked-files.ts";

const limit = 300;

/** Undefined when a file is short enough or says in its first ten lines that it is "long because …". */
export function tooLong(path: string, text: string): string | undefined {
  const lines = text.trimEnd().split("\n");
  if (lines.length <= limit || /long because/i.test(lines.slice(0, 10).join(" "))) return undefined;
  return `${path}: ${lines.length} lines; split it, or say in its first comment that it is "long because …"`;
}

export async function checkFileLength(): Promise<CheckResult> {
  const paths = (await trackedFiles()).filter(
    (file) => /(?:\.(?:ts|tsx|cjs|mjs|sh)|^novacron)$/.test(file) && !file.includes("/generated/"),
  );
  const found = await Promise.all(
    paths.map(async (path) => tooLong(path, await readFile(join(projectRoot, path), "utf8"))),
  );
  const lines = found.filter((line) => line !== undefined);
  return { ok: lines.length === 0, output: lines.join("\n") };
}
