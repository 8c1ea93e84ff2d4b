import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CheckResult } from "./index.ts";
import { projectRoot } from "./run-tool.ts";
import { trackedFiles } from "./tracked-files.ts";

/** Written in pieces so that this file passes its own check. */
const forbidden: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  { pattern: /(?<![\w.~-])\/(?:work|roo[t])\/[\w.-]/, what: "a path of one machine" },
  { pattern: /\/tmp\/bash_job[s]/, what: "a path of one machine" },
  { pattern: /\.\.\/share[d]\b/, what: "a path outside the project" },
  { pattern: /\bregistry\.[\w-]+\.(?:org|com|io|net|dev|cloud)\b/, what: "a registry's host" },
  { pattern: /\b(?:pypi\.or[g]|files\.pythonhosted\.or[g])/, what: "a registry's host" },
  { pattern: /\b(?:proxy|sum)\.golang\.or[g]/, what: "a registry's host" },
  { pattern: /\b(?:deb|security|snapshot)\.debian\.or[g]/, what: "a registry's host" },
];

/** The lines of a text that speak of one machine or one registry. */
export function forbiddenLines(path: string, text: string): readonly string[] {
  return text
    .split("\n")
    .flatMap((line, index) =>
      forbidden
        .filter(({ pattern }) => pattern.test(line))
        .map(({ what }) => `${path}:${index + 1}: ${what}: ${line.trim().slice(0, 120)}`),
    );
}

export async function checkForbiddenText(): Promise<CheckResult> {
  const found = await Promise.all(
    (await trackedFiles()).map(async (path) => {
      const bytes = await readFile(join(projectRoot, path));
      return bytes.includes(0) ? [] : forbiddenLines(path, bytes.toString("utf8"));
    }),
  );
  const lines = found.flat();
  return { ok: lines.length === 0, output: lines.join("\n") };
}
