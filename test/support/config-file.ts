import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A file of the test's own with this content. */
export function fileWith(context: Pick<TestContext, "after">, content: string, name = "novacron.yaml"): string {
  const dir = mkdtempSync(join(tmpdir(), "nvc-c-"));
  context.after(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, name);
  writeFileSync(file, content);
  return file;
}
