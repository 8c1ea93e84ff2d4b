/** A failure as a person reads it: what is wrong and what to do. */
export class CliError extends Error {
  readonly action: string;
  readonly exitCode: 1 | 2;
  /** The whole problem, for `--output json`. */
  readonly problem: Readonly<Record<string, unknown>> | undefined;

  constructor(
    message: string,
    action: string,
    more: { exitCode?: 1 | 2; problem?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.name = "CliError";
    this.action = action;
    this.exitCode = more.exitCode ?? 1;
    this.problem = more.problem;
  }
}

export function usageError(message: string, action: string): CliError {
  return new CliError(message, action, { exitCode: 2 });
}

/** Two lines on stderr: what failed, what to do. Returns the exit code. */
export function reportFailure(error: unknown): number {
  if (error instanceof CliError) {
    const { shown } = (error.problem?.facts ?? {}) as { readonly shown?: unknown };
    // What was given, with a mark under what is wrong with it.
    if (typeof shown === "string") process.stderr.write(`${shown}\n`);
    process.stderr.write(`Error: ${error.message}\n`);
    if (error.action) process.stderr.write(`${error.action}\n`);
    const { code, request_id: id } = error.problem ?? {};
    if (typeof id === "string") process.stderr.write(`(${String(code)}, request ${id})\n`);
    return error.exitCode;
  }
  const { message, action } = describe(error);
  process.stderr.write(`Error: ${message}\n`);
  if (action) process.stderr.write(`${action}\n`);
  return 1;
}

/** The stack's and the host's errors say in `action` what to do; others are unexpected. */
function describe(error: unknown): { message: string; action: string } {
  if (!(error instanceof Error)) return { message: String(error), action: "" };
  const details = "details" in error && typeof error.details === "object" ? error.details : undefined;
  const told = "action" in error || (details !== null && details !== undefined && "action" in details);
  return { message: error.message, action: told ? "" : (error.stack?.split("\n").slice(1, 4).join("\n") ?? "") };
}
