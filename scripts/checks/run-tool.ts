import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { CheckResult } from "./index.ts";

export const projectRoot = resolve(import.meta.dirname, "../..");

/** Runs a tool of node_modules under the Node that runs us, wherever `npx` might lead. */
export async function runTool(packageName: string, binary: string, args: readonly string[]): Promise<CheckResult> {
  const folder = join(projectRoot, "node_modules", packageName);
  const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
    bin: string | Record<string, string>;
  };
  const script = typeof manifest.bin === "string" ? manifest.bin : manifest.bin[binary];
  if (!script) throw new Error(`${packageName} has no program ${binary}`);
  return runScript(join(folder, script), args);
}

/** Runs a script under the Node that runs us; `script` may be relative to the project. */
export function runScript(script: string, args: readonly string[]): Promise<CheckResult> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [script, ...args], {
      cwd: projectRoot,
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (text) => {
      output += String(text);
    });
    child.stderr.on("data", (text) => {
      output += String(text);
    });
    child.once("error", failed);
    child.once("close", (code) => done({ ok: code === 0, output }));
  });
}
