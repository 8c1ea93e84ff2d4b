import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { test } from "node:test";

const project = resolve(import.meta.dirname, "../..");

function scan(text: string): number | null {
  const program = join(project, "node_modules/secretlint/bin/secretlint.js");
  const args = [program, "--stdinFileName=config.yaml"];
  return spawnSync(process.execPath, args, { cwd: project, input: text, encoding: "utf8" }).status;
}

test("the secret scan objects to a token and to a private key", () => {
  assert.equal(scan(`token: ${"ghp_"}${"k3J9s8Df7Gh6Jk5Lz4Xc3Vb2Nm1Qw0Er9Ty8"}\n`), 1);
  assert.equal(
    scan(`-----BEGIN ${"RSA PRIVATE"} KEY-----\n${"MIIEpAIBAAKCAQEA".repeat(8)}\n-----END ${"RSA PRIVATE"} KEY-----\n`),
    1,
  );
});

test("the secret scan lets a reference to a secret pass", () => {
  assert.equal(scan('token: "$' + '{API_TOKEN}"\n'), 0);
});
