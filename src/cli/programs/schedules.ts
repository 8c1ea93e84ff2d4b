import type { Command } from "commander";
import { optionsOf } from "../commands/options.ts";

const load = () => import("../commands/schedules.ts");

/** What is done by itself. */
export function addSchedules(program: Command): void {
  const schedules = program
    .command("schedules")
    .description("what is done by itself: inventories, costs, backups, drills, tidying up");
  schedules
    .command("list")
    .description("how often, when last, when next")
    .action(async (_, command: Command) => (await load()).listSchedules(optionsOf(command)));
  schedules
    .command("trigger")
    .argument("<id>")
    .description("have it done now; one that is under way is not begun again")
    .action(async (id: string, _, command: Command) => (await load()).triggerSchedule(id, optionsOf(command)));
}
