import { checkDocsLinks } from "./docs-links.ts";
import { checkFileLength } from "./file-length.ts";
import { checkForbiddenText } from "./forbidden-text.ts";
import { checkLockfile } from "./lockfile.ts";
import { runScript, runTool } from "./run-tool.ts";
import { trackedFiles } from "./tracked-files.ts";

export interface CheckResult {
  readonly ok: boolean;
  readonly output: string;
}

export interface Check {
  readonly name: string;
  readonly what: string;
  run(): Promise<CheckResult>;
}

export const checks: readonly Check[] = [
  { name: "types", what: "TypeScript, strict", run: checkTypes },
  {
    name: "lint",
    what: "oxlint, with type information",
    run: () => runTool("oxlint", "oxlint", ["--deny-warnings", "src", "web", "test", "bench", "scripts"]),
  },
  {
    name: "format",
    what: "biome: layout and import order",
    run: () => runTool("@biomejs/biome", "biome", ["check", "--error-on-warnings", "--max-diagnostics=50", "."]),
  },
  {
    name: "boundaries",
    what: "which room may import which",
    run: () => runTool("dependency-cruiser", "depcruise", ["--config", ".dependency-cruiser.cjs", "src", "web/src"]),
  },
  { name: "dead-code", what: "knip: unused files, exports, packages", run: () => runTool("knip", "knip", []) },
  {
    name: "secrets",
    what: "secretlint over every tracked file",
    run: async () => runTool("secretlint", "secretlint", ["--no-glob", "--no-gitignore", ...(await trackedFiles())]),
  },
  { name: "generated", what: "documents made from code are up to date", run: checkGenerated },
  { name: "docs", what: "links between documents lead somewhere", run: checkDocsLinks },
  { name: "text", what: "no machine paths, no registry hosts", run: checkForbiddenText },
  { name: "length", what: "files over 300 lines say why", run: checkFileLength },
  { name: "lockfile", what: "exact versions, complete for every platform", run: checkLockfile },
];

/** The console has a project of its own: it runs in browsers, and is bundled. */
async function checkTypes(): Promise<CheckResult> {
  const results = [];
  for (const project of [".", "web"]) results.push(await runTool("typescript-native", "tsc", ["-p", project]));
  return { ok: results.every(({ ok }) => ok), output: results.map(({ output }) => output).join("") };
}

async function checkGenerated(): Promise<CheckResult> {
  const scripts = ["scripts/generate-config-docs.ts", "scripts/generate-openapi.ts"];
  const results = await Promise.all(scripts.map((script) => runScript(script, ["--check"])));
  return { ok: results.every(({ ok }) => ok), output: results.map(({ output }) => output).join("") };
}
