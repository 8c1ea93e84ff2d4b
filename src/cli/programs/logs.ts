import { type Command, Option } from "commander";
import { optionsOf } from "../commands/options.ts";

/** What the processes said. */
export function addLogs(program: Command): void {
  program
    .command("logs")
    .description("what the processes said: of one run, of one request's trace, or of all")
    .option("--workflow <id>", "of a run and of what belongs to it, such as migration/ID")
    .option("--trace <id>", "of all that one request set off")
    .option("--request <id>", "of one request")
    .option("--site <site>", "of one site")
    .addOption(
      new Option("--level <level>", "this one and what is more urgent").choices([
        "debug",
        "info",
        "warn",
        "error",
        "fatal",
      ]),
    )
    .option("--text <text>", "that say this, in any case")
    .option("--since <time>", "a time, or how long ago: 15m, 2h, 1d (default: the newest lines, however old)")
    .option("--limit <rows>", "at most (default: 100)")
    .option("--follow", "go on with what is said from now on")
    .action(async (_, command: Command) => (await import("../commands/logs.ts")).showLogs(optionsOf(command)));
}
