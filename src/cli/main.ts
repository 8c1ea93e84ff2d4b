import { CommanderError } from "commander";
import { reportFailure } from "./failure.ts";
import { buildProgram } from "./program.ts";

const usageExit = 2;

const program = buildProgram();
// Commander's own exit code for a wrong command line is 1; ours is 2, so that scripts can tell it from a failure.
for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
  command.exitOverride();
}
try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : usageExit;
  else process.exitCode = reportFailure(error);
}
