import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, test } from "node:test";
import { errorCodes, errorMeanings } from "../../src/domain/errors.ts";

const page = readFileSync(resolve(import.meta.dirname, "../../docs/errors.md"), "utf8");

describe("docs/errors.md", () => {
  test("lists every code, in order, with its title, retries and HTTP status as the code has them", () => {
    const rows = [...page.matchAll(/^\| `(\w+)` \| (.+?) \| ([\w-]+) \| (\d+) \|$/gm)].map((row) => row.slice(1));
    const wanted = errorCodes.map((code) => {
      const { title, retry, httpStatus } = errorMeanings[code];
      return [code, title, retry, String(httpStatus)];
    });
    assert.deepEqual(rows, wanted);
  });

  test("explains every code under a heading of its own, and no code that does not exist", () => {
    const headings = [...page.matchAll(/^## (\w+)$/gm)].map((heading) => heading[1]);
    assert.deepEqual(headings, [...errorCodes]);
  });

  test("says what every way of retrying means", () => {
    for (const { retry } of Object.values(errorMeanings)) assert.ok(page.includes(`**${retry}**: `), retry);
  });
});
