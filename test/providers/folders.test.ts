import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { capabilities } from "../../src/providers/capabilities.ts";
import { factories } from "../../src/providers/registry.ts";
import { harnesses } from "./harnesses.ts";

const root = new URL("../../src/providers/", import.meta.url);
const folders = readdirSync(root, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);

for (const folder of folders) {
  test(`${folder} has its lines in registry, capability table and conformance suite`, () => {
    assert.ok(folder in factories, `add ${folder} to factories in src/providers/registry.ts`);
    assert.ok(folder in capabilities, `add ${folder} to src/providers/capabilities.ts`);
    assert.equal(harnesses[folder]?.kind, folder, `add ${folder} to test/providers/harnesses.ts`);
    assert.ok(existsSync(new URL(`${folder}.test.ts`, import.meta.url)), `add test/providers/${folder}.test.ts`);
    assert.ok(existsSync(new URL(`${folder}/README.md`, root)), `add src/providers/${folder}/README.md`);
  });
}

test("nothing is registered without a folder", () => {
  assert.deepEqual(Object.keys(factories).sort(), folders.toSorted());
  assert.deepEqual(Object.keys(harnesses).sort(), folders.toSorted());
});
