import type { Command } from "commander";
import { collect, optionsOf } from "../commands/options.ts";

const load = () => import("../commands/migration-tests.ts");

/** Below `migrations`: the test of one that replicates. */
export function addTestOf(migrations: Command): void {
  withTest(
    migrations
      .command("test")
      .argument("[id]", "of the migration")
      .description("boot clones of a warm one's replica at the target, where they reach nobody"),
  )
    .option("--plan <id>", "carry out a dry run that was made before, exactly")
    .option("--dry-run", "show the plan and start nothing")
    .option("--watch", "follow it until it is proven or has failed")
    .option("--probe-http <port/path>", "must answer 200 (repeatable)", collect)
    .option("--probe-tcp <port>", "must accept connections (repeatable)", collect)
    .action(async (id: string | undefined, _, command: Command) =>
      (await load()).testMigration(id, optionsOf(command)),
    );
}

/** What tests have beside what `migrate` has. */
export function withTest(command: Command): Command {
  return command
    .option("--hold <duration>", "of a test: how long it stays up to be looked at")
    .option("--max-life <duration>", "of a test: it is torn down by then (an hour beside copy and hold)");
}

export function addTests(program: Command): void {
  const tests = program
    .command("tests")
    .description("tests of migrations: boots at the target, cut off from everything");
  tests
    .command("list")
    .description("the newest first")
    .option("--migration <id>", "of one migration")
    .option("--vm <name>", "name, or id at the source")
    .action(async (_, command: Command) => (await load()).listTests(optionsOf(command)));
  tests
    .command("show")
    .argument("<id>")
    .description("its report, with what was measured")
    .option("--watch", "follow it until it is proven or has failed")
    .action(async (id: string, _, command: Command) => (await load()).showTest(id, optionsOf(command)));
  tests
    .command("end")
    .argument("<id>")
    .description("end it now; what it made is removed")
    .action(async (id: string, _, command: Command) => (await load()).endTest(id, optionsOf(command)));
  tests
    .command("promote")
    .argument("<id>")
    .description("cut the tested migration over now")
    .action(async (id: string, _, command: Command) => (await load()).promoteTest(id, optionsOf(command)));
}
