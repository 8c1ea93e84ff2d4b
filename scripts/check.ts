/**
 * The engineering checks, side by side: `./novacron check [NAME...]`, `--list` names them.
 * One line each; the output of those that fail follows. Exit 1 when any failed, 2 for an unknown name.
 */
import { parseArgs } from "node:util";
import { type Check, checks } from "./checks/index.ts";

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { list: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  if (values.list) {
    for (const check of checks) console.log(`${check.name.padEnd(12)} ${check.what}`);
    return 0;
  }
  const unknown = positionals.filter((name) => !checks.some((check) => check.name === name));
  if (unknown.length > 0) {
    console.error(`No such check: ${unknown.join(", ")}. There are: ${checks.map((check) => check.name).join(", ")}.`);
    return 2;
  }
  const chosen = positionals.length === 0 ? checks : checks.filter((check) => positionals.includes(check.name));
  const results = await Promise.all(chosen.map(runOne));
  const failures = results.filter((result) => !result.ok);
  for (const failure of failures) console.log(`\n== ${failure.name}\n${failure.output.trimEnd()}`);
  if (failures.length > 0) console.log(`\n${failures.length} of ${chosen.length} checks failed`);
  return failures.length > 0 ? 1 : 0;
}

async function runOne(check: Check): Promise<{ name: string; ok: boolean; output: string }> {
  const started = performance.now();
  const { ok, output } = await check.run().catch((error: unknown) => ({
    ok: false,
    output: error instanceof Error ? (error.stack ?? error.message) : String(error),
  }));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${ok ? "ok    " : "FAILED"} ${check.name.padEnd(12)} ${seconds.padStart(5)} s  ${check.what}`);
  return { name: check.name, ok, output };
}

process.exitCode = await main(process.argv.slice(2));
