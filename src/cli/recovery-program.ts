import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { CliError } from "./failure.ts";

const program = fileURLToPath(new URL("../worker/control-plane/main.ts", import.meta.url));

/** Has the program carry out an order that reads and fills stores, which a command line alone may not. @throws CliError. */
export async function carryOut<T>(
  order: object,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<T> {
  const child = spawn(process.execPath, [program], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...environment },
  });
  // What can open backups stands in it, so it goes this way and not by the arguments.
  child.stdin.end(JSON.stringify(order));
  const said = await text(child.stdout);
  const answer = readAnswer<T>(said);
  if (answer?.result !== undefined) return answer.result;
  if (answer?.failure) throw new CliError(answer.failure.message, answer.failure.action && "");
  throw new CliError("It ended before it was done", "What it said is above.");
}

function readAnswer<T>(said: string): { result?: T; failure?: { message: string; action: string } } | undefined {
  try {
    return JSON.parse(said) as { result?: T };
  } catch {
    return undefined;
  }
}
