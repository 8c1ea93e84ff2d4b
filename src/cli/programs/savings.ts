import type { Command } from "commander";
import { optionsOf } from "../commands/options.ts";

const load = () => import("../commands/savings.ts");

/** What could cost less, and doing it. */
export function addSavings(program: Command): void {
  const savings = program.command("savings").description("what could cost less, and doing it");
  savings
    .command("show")
    .description("what the newest analysis found, by kind: potential, nothing of it was saved yet")
    .action(async (_, command: Command) => (await load()).showSavings(optionsOf(command)));
  savings
    .command("list")
    .description("recommendations; what saves most comes first, and all of them can be done together")
    .option("--site <site>", "only there")
    .option("--type <kind>", "rightsize, stop, schedule, spot, architecture, delete-disk, release-address or commit")
    .action(async (_, command: Command) => (await load()).listRecommendations(optionsOf(command)));
  savings
    .command("unchanged")
    .description("resources for which nothing is recommended, and why")
    .option("--site <site>", "only there")
    .action(async (_, command: Command) => (await load()).listUnchanged(optionsOf(command)));
  savings
    .command("analyse")
    .description("analyse now, instead of waiting for the weekly analysis")
    .action(async (_, command: Command) => (await load()).analyseSavings(optionsOf(command)));
  savings
    .command("apply")
    .argument("<resource>", "SITE/VM, with the VM's id or name")
    .description("do what is recommended for a VM: plan it, show the plan, and carry out exactly that")
    .option("--dry-run", "show the plan and change nothing")
    .option("--yes", "do not ask")
    .option("--watch", "follow it until it has ended")
    .action(async (resource: string, _, command: Command) =>
      (await load()).applyRecommendation(resource, optionsOf(command)),
    );
}
