import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { test } from "node:test";

const project = resolve(import.meta.dirname, "../..");

function scan(...pieces: readonly string[]): number | null {
  const program = join(project, "node_modules/secretlint/bin/secretlint.js");
  const args = [program, "--stdinFileName=config.yaml"];
  return spawnSync(process.execPath, args, { cwd: project, input: pieces.join(""), encoding: "utf8" }).status;
}

// In pieces, so that the scan of this very file finds nothing.
test("the secret scan objects to a token and to a private key", () => {
  assert.equal(scan("token: ghp", "_", "k3J9s8Df7Gh6Jk5Lz4Xc3Vb2Nm1Qw0Er9Ty8\n"), 1);
  const body = "MIIEpAIBAAKCAQEA".repeat(8);
  assert.equal(scan("-----BEGIN RSA PRI", "VATE KEY-----\n", body, "\n-----END RSA PRI", "VATE KEY-----\n"), 1);
});

test("the secret scan lets a reference to a secret pass", () => {
  assert.equal(scan("token: $", "{API_TOKEN}\n"), 0);
});
