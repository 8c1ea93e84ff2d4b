import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import type { CheckResult } from "./index.ts";
import { projectRoot } from "./run-tool.ts";
import { trackedFiles } from "./tracked-files.ts";

export interface Document {
  readonly path: string;
  readonly text: string;
}

/** Relative links of Markdown documents that lead to no file, or to no heading of theirs. */
export function brokenLinks(documents: readonly Document[], exists: (path: string) => boolean): readonly string[] {
  const headings = new Map(documents.map((document) => [document.path, anchors(document.text)]));
  return documents.flatMap(({ path, text }) =>
    [...withoutCode(text).matchAll(/\[[^\]]*\]\(([^()\s]+)(?:\s+"[^"]*")?\)/g)].flatMap((match) => {
      const target = match[1] ?? "";
      if (/^[a-z][a-z+.-]*:/i.test(target)) return [];
      const [file = "", anchor] = target.split("#");
      const resolved = file === "" ? path : normalize(join(dirname(path), decodeURIComponent(file)));
      if (!exists(resolved)) return [`${path}: ${target} leads nowhere`];
      const known = headings.get(resolved);
      return anchor && known && !known.has(anchor) ? [`${path}: ${target} names no heading`] : [];
    }),
  );
}

/** GitHub's rule: lower case, punctuation dropped, spaces to hyphens. */
function anchors(text: string): ReadonlySet<string> {
  const titles = [...withoutFences(text).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)].map((match) => match[1] ?? "");
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

function withoutFences(text: string): string {
  return text.replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, "");
}

function withoutCode(text: string): string {
  return withoutFences(text).replaceAll(/`[^`\n]*`/g, "");
}

export async function checkDocsLinks(): Promise<CheckResult> {
  const paths = (await trackedFiles()).filter((file) => file.endsWith(".md"));
  const documents = await Promise.all(
    paths.map(async (path) => ({ path, text: await readFile(join(projectRoot, path), "utf8") })),
  );
  const broken = brokenLinks(documents, (path) => existsSync(join(projectRoot, path)));
  return { ok: broken.length === 0, output: broken.join("\n") };
}
