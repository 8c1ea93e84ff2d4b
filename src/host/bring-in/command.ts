import { spawn } from "node:child_process";

export interface CommandResult {
  readonly exitCode: number;
  readonly output: string;
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly timeoutMs?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Characters of output kept, from its end. Default 65 536. */
  readonly maxOutput?: number;
}

/** Runs a set-up command with our environment; output is the end of stdout and stderr together. */
export function command(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(program, [...args], {
      env: { ...process.env, ...options.env },
      cwd: options.cwd ?? "/",
      stdio: ["ignore", "pipe", "pipe"],
      timeout: options.timeoutMs ?? 600_000,
      killSignal: "SIGKILL",
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.gid }),
    });
    let output = "";
    const take = (chunk: Buffer) => {
      output = (output + chunk.toString("utf8")).slice(-(options.maxOutput ?? 65_536));
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", (error) => resolve({ exitCode: 127, output: error.message }));
    child.on("close", (code) => resolve({ exitCode: code ?? 137, output }));
  });
}

/** The last line that says something, for a one-line reason. */
export function lastLine(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  const telling = lines.filter((line) => /^(E:|ERROR|error)/.test(line));
  return (telling.at(-1) ?? lines.filter((line) => line !== "").at(-1) ?? "no message")
    .replace(/\.$/, "")
    .slice(0, 300);
}
