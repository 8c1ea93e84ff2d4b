import type { Command } from "commander";
import { optionsOf } from "../commands/options.ts";

const load = () => import("../commands/guard.ts");

/** The switch for all changes, and the way in when nothing else works. */
export function addGuard(program: Command): void {
  program
    .command("freeze")
    .description("accept no change any more, anywhere; without a reason: say whether it is so")
    .option("--reason <text>", "why")
    .action(async (_, command: Command) => (await load()).freeze(optionsOf(command)));
  program
    .command("unfreeze")
    .description("allow changes again")
    .action(async (_, command: Command) => (await load()).unfreeze(optionsOf(command)));
  const breakGlass = program.command("break-glass").description("the sealed secret for emergencies");
  breakGlass
    .command("seal")
    .description("make one; it is shown once")
    .option("--yes", "do not ask")
    .action(async (_, command: Command) => (await load()).sealBreakGlass(optionsOf(command)));
  breakGlass
    .command("open")
    .description("every role everywhere, for an hour: reads the secret from stdin, and sounds the alarm")
    .option("--reason <text>", "why; needed")
    .option("--file <file>", "read the secret from there")
    .action(async (_, command: Command) => (await load()).openBreakGlass(optionsOf(command)));
}

/** Deciding about plans, beside what shows them. */
export function addDecisions(plans: Command): void {
  for (const decision of ["approve", "reject"] as const) {
    plans
      .command(decision)
      .argument("<id>")
      .description(
        decision === "approve" ? "let somebody else's plan be carried out" : "keep a plan from being carried out",
      )
      .option("--hash <sha256>", "only if the plan still has this hash")
      .option("--note <text>", "why")
      .option("--yes", "do not ask")
      .action(async (id: string, _, command: Command) => (await load()).decidePlan(decision, id, optionsOf(command)));
  }
}
