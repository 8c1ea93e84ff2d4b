import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";

const project = resolve(import.meta.dirname, "../..");

/** A file, its code, and the rule that must object; undefined where it is right. */
const cases: readonly (readonly [file: string, code: string, rule: string | undefined])[] = [
  ["src/domain/any.ts", "export const x: any = 1;\n", "no-explicit-any"],
  ["src/domain/env.ts", "export const x = process.env.HOME;\n", "no-process-env"],
  ["src/config/env.ts", "export const x = process.env.HOME;\n", undefined],
  ["src/api/main.ts", "export const x = process.env.HOME;\n", undefined],
  ["src/api/default.ts", "export default 1;\n", "no-default-export"],
  [
    "src/store/floating.ts",
    "async function run(): Promise<void> {\n  await Promise.resolve();\n}\nrun();\n",
    "no-floating-promises",
  ],
  ["src/store/prefix.ts", 'import { sep } from "path";\nexport const x = sep;\n', "prefer-node-protocol"],
  ["src/store/target.ts", "export const x = 1;\nexport type X = 1;\n", undefined],
  ["src/store/type.ts", 'import { X } from "./target.ts";\nexport type Y = X;\n', "consistent-type-imports"],
  ["src/activities/index.ts", "export const x = 1;\nexport type X = 1;\n", undefined],
  ["src/workflows/a/node.ts", 'import { sep } from "node:path";\nexport const y = sep;\n', "no-restricted-imports"],
  [
    "src/workflows/a/value.ts",
    'import { x } from "../../activities/index.ts";\nexport const y = x;\n',
    "no-restricted-imports",
  ],
  ["src/workflows/a/type.ts", 'import type { X } from "../../activities/index.ts";\nexport type Y = X;\n', undefined],
];

describe("lint", () => {
  let folder: string;
  const found = new Map<string, string[]>();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "nvc-lint-"));
    for (const file of ["tsconfig.json", ".oxlintrc.json"]) await cp(join(project, file), join(folder, file));
    await symlink(join(project, "node_modules"), join(folder, "node_modules"));
    for (const [file, code] of cases) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), code);
    }
    const program = join(project, "node_modules/oxlint/bin/oxlint");
    const output = await new Promise<string>((done) =>
      execFile(process.execPath, [program, "--format", "json", "src"], { cwd: folder }, (_error, stdout, stderr) =>
        done(stdout || stderr),
      ),
    );
    const { diagnostics } = JSON.parse(output) as { diagnostics: { filename: string; code: string }[] };
    for (const { filename, code } of diagnostics) found.set(filename, [...(found.get(filename) ?? []), code]);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const [file, code, rule] of cases) {
    test(rule ? `${rule} objects to ${file}` : `nothing objects to ${file}`, () => {
      const codes = found.get(file) ?? [];
      if (rule)
        assert.ok(
          codes.some((text) => text.includes(rule)),
          `expected ${rule}, got ${codes.join(", ")}\n${code}`,
        );
      else assert.deepEqual(codes, []);
    });
  }
});
