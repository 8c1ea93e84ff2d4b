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

/** The names of what goes, as `--confirm` gave them or a person types them under the plan.
 *  @throws CliError for other names, or when nobody can be asked. */
export async function confirmNames(
  names: readonly string[],
  given: readonly string[] | undefined,
  describe: () => Promise<string>,
): Promise<string[]> {
  if (given) return [...given];
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw usageError(
      `This deletes ${names.join(", ")}, and nobody can be asked here`,
      `Add ${names.map((name) => `--confirm ${name}`).join(" ")}.`,
    );
  }
  process.stderr.write(`${await describe()}\n\n`);
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await reader.question(`Type ${names.join(" ")} to delete: `);
    if (answer.trim().split(/\s+/).join(" ") !== names.join(" ")) throw new CliError("Nothing was done", "");
  } finally {
    reader.close();
  }
  return [...names];
}
