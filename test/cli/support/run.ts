import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { TestApi } from "../../api/support/harness.ts";

const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as a program of its own, against the API of the tests. */
export function runnerOf(api: Pick<TestApi, "url" | "tokenFile">) {
  function run(...args: string[]): Promise<Ran> {
    const env = { ...process.env, NOVACRON_API_URL: api.url, NOVACRON_TOKEN_FILE: api.tokenFile };
    const child = spawn(process.execPath, [main, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    const ran = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => (ran.stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (ran.stderr += chunk.toString()));
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, ...ran }));
    });
  }

  async function json<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await run(...args, "--output", "json");
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as T;
  }
  return { run, json };
}
