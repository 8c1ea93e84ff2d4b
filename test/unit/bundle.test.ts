import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { workflowBundle } from "../../src/worker/bundle.ts";

const longAgo = new Date(Date.now() - 40 * 86_400_000);

test("a bundle is made once, and what nobody used for long goes with the next one made", async (context) => {
  const cache = mkdtempSync(join(tmpdir(), "nvc-bundle-"));
  context.after(() => rmSync(cache, { recursive: true, force: true }));
  mkdirSync(join(cache, "compiled/v24"), { recursive: true });
  const names = ["workflows-old.js", "workflows-new.js", "compiled/v24/old", "compiled/v24/new", "tools.json"];
  for (const name of names) writeFileSync(join(cache, name), "x");
  for (const name of ["workflows-old.js", "compiled/v24/old", "tools.json"]) {
    utimesSync(join(cache, name), longAgo, longAgo);
  }
  const { codePath } = await workflowBundle(cache);
  const left = names.filter((name) => existsSync(join(cache, name)));
  assert.deepEqual(left, ["workflows-new.js", "compiled/v24/new", "tools.json"]);

  writeFileSync(codePath, "made before");
  utimesSync(codePath, longAgo, longAgo);
  assert.equal((await workflowBundle(cache)).codePath, codePath);
  // Found, not made again, and in use from now.
  assert.equal(readFileSync(codePath, "utf8"), "made before");
  assert.ok(statSync(codePath).mtimeMs > longAgo.getTime() + 86_400_000);
});
