import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { brokenLinks } from "../../scripts/checks/docs-links.ts";
import { tooLong } from "../../scripts/checks/file-length.ts";
import { forbiddenLines } from "../../scripts/checks/forbidden-text.ts";
import { lockfileFaults } from "../../scripts/checks/lockfile.ts";
import { missingOptional } from "../../scripts/complete-lockfile.ts";

describe("the documents' links", () => {
  const documents = [
    { path: "docs/a.md", text: "# One thing, two\n[ok](b.md#what-is-it) [web](https://example.org) [bad](c.md)\n" },
    { path: "docs/b.md", text: "## What is it?\n[up](../README.md) [here](#nowhere)\n```\n[code](x.md)\n```\n" },
  ];
  const exists = (path: string) => ["docs/a.md", "docs/b.md", "README.md"].includes(path);

  test("reports a link to no file and one to no heading, and nothing else", () => {
    assert.deepEqual(brokenLinks(documents, exists), [
      "docs/a.md: c.md leads nowhere",
      "docs/b.md: #nowhere names no heading",
    ]);
  });
});

describe("forbidden text", () => {
  test("finds paths of one machine and registries' hosts", () => {
    const text = ["cd /wor", "k/main\nls /roo", "t/x\nhttps://registry.np", "mjs.org/x\ncat ../share", "d/x\n"].join(
      "",
    );
    assert.equal(forbiddenLines("a.md", text).length, 4);
  });

  test("lets other paths and hosts pass", () => {
    const text =
      "see https://example.org/work/x, src/work/a.ts, /var/lib/novacron, registry.ts and registry.sites.some\n";
    assert.deepEqual(forbiddenLines("a.md", text), []);
  });
});

describe("file length", () => {
  const lines = (count: number) => "x\n".repeat(count);

  test("asks for a reason past 300 lines", () => {
    assert.equal(tooLong("a.ts", lines(300)), undefined);
    assert.match(tooLong("a.ts", lines(301)) ?? "", /301 lines/);
    assert.equal(tooLong("a.ts", `/** Long because the table is one. */\n${lines(400)}`), undefined);
  });
});

describe("the lockfile", () => {
  const lock = (packages: Record<string, object>) => ({ packages: { "": {}, ...packages } });

  test("accepts exact versions, an alias among them", () => {
    const manifest = {
      dependencies: { a: "1.2.3" },
      devDependencies: { b: "npm:c@7.0.2", d: "npm:@e/f@1.0.0-beta.1" },
    };
    const packages = { a: "1.2.3", b: "7.0.2", d: "1.0.0-beta.1" };
    const entries = Object.entries(packages).map(([name, version]) => [`node_modules/${name}`, { version }]);
    assert.deepEqual(lockfileFaults(manifest, lock(Object.fromEntries(entries))), []);
  });

  test("refuses a range, another version than the locked one, and a place it came from", () => {
    const manifest = { dependencies: { a: "^1.2.3", b: "1.0.0" } };
    const packages = { "node_modules/a": { version: "1.2.3" }, "node_modules/b": { version: "1.0.1", resolved: "x" } };
    const faults = lockfileFaults(manifest, lock(packages));
    assert.equal(faults.length, 3);
    assert.match(faults[0] ?? "", /not an exact version/);
    assert.match(faults[1] ?? "", /b is 1\.0\.1, wanted 1\.0\.0/);
    assert.match(faults[2] ?? "", /the place it came from/);
  });

  test("names the optional packages of other platforms that are absent, with their platform", () => {
    const tool = {
      version: "1.0.0",
      dev: true,
      optionalDependencies: { "@t/linux-x64-musl": "1.0.0", "@t/here": "1.0.0" },
    };
    const packages = lock({
      "node_modules/tool": tool,
      "node_modules/tool/node_modules/@t/here": { version: "1.0.0" },
    });
    assert.deepEqual(missingOptional(packages), {
      "node_modules/@t/linux-x64-musl": {
        version: "1.0.0",
        dev: true,
        optional: true,
        os: ["linux"],
        cpu: ["x64"],
        libc: ["musl"],
      },
    });
  });
});
