import type { Command } from "commander";
import { optionsOf } from "../commands/options.ts";
import { withLimits } from "./limits.ts";

const load = () => import("../commands/alarms.ts");

/** The alarms that clouds have of their own. */
export function addAlarms(program: Command): void {
  const alarms = program.command("alarms").description("what clouds watch by themselves, and whom they tell");
  alarms
    .command("list")
    .description("all of a site, made by NovaCron or not")
    .requiredOption("--site <site>", "whose")
    .action(async (_, command: Command) => (await load()).listAlarms(optionsOf(command)));
  withLimits(alarms.command("create").argument("<name>").description("have a site watch a VM"))
    .requiredOption("--site <site>", "whose")
    .option("--vm <vm>", "by its name or id")
    .option("--metric <name>", "such as cpu.utilisation")
    .option("--for <duration>", "so long it has to hold", "5m")
    .option("--action <action...>", "whom the site tells, in its own words: a topic, an action group, a channel")
    .action(async (name: string, _, command: Command) => (await load()).createAlarm(name, optionsOf(command)));
  alarms
    .command("delete")
    .argument("<id>", "as alarms list shows it")
    .description("delete one that NovaCron has made")
    .requiredOption("--site <site>", "whose")
    .option("--yes", "do not ask")
    .action(async (id: string, _, command: Command) => (await load()).deleteAlarm(id, optionsOf(command)));
}
