import assert from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { tellingEnd } from "../../src/host/long-process.ts";
import { temporaryDir } from "../support/servers.ts";

const log = join(temporaryDir(), "log");

test("the message of an uncaught error is what tells, not its stack", () => {
  writeFileSync(
    log,
    "starting\n\nConfigError: a.yaml:3: no such key.\n    at x (y.ts:1:1)\n  code: 1\n}\n\nNode.js v24\n",
  );
  assert.equal(tellingEnd(log, 0), "a.yaml:3: no such key");
});

test("the last error that was logged as JSON is what tells", () => {
  const lines = [
    { level: "fatal", msg: "cannot go on", err: { message: "first" } },
    { level: "fatal", msg: "cannot go on", err: { message: "the store is away" } },
    { level: "info", msg: "good bye" },
  ];
  writeFileSync(log, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  assert.equal(tellingEnd(log, 0), "the store is away");
});

test("an earlier life's errors do not count; without one the last lines are given", () => {
  writeFileSync(log, "Error: long ago\n");
  const start = "Error: long ago\n".length;
  appendFileSync(log, "one\ntwo\nthree\nfour\n");
  assert.equal(tellingEnd(log, start), "two | three | four");
});
