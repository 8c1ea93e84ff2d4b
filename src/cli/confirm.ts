import { createInterface } from "node:readline/promises";
import { CliError, usageError } from "./failure.ts";

/** Asks before what can't be undone. @throws CliError when the answer is no, or nobody can be asked. */
export async function confirm(question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw usageError(`${question} Nobody can be asked here`, "Add --yes to go on without asking.");
  }
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await reader.question(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new CliError("Nothing was done", "");
  } finally {
    reader.close();
  }
}
