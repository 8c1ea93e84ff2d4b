import type { Command } from "commander";
import { collect, optionsOf } from "../commands/options.ts";
import { addAssessments } from "./assessments.ts";

const load = () => import("../commands/waves.ts");

/** Many VMs as one, and what can be known of them before. */
export function addWaves(program: Command): void {
  addAssessments(program);
  const waves = program.command("waves").description("many VMs as one: in order, so many at a time");
  const withWhat = (command: Command): Command =>
    command
      .argument("[vm...]", "names or ids at the source")
      .option("--csv <file>", "VMs from a CSV; columns vm, from, to, group, after")
      .option("--file <file>", "the whole wave as YAML or JSON, as POST /v1/waves takes it")
      .option("--query <search>", "all VMs that a search of the inventory finds, such as tag.env=prod")
      .option("--name <name>", "what to call it")
      .option("--from <site>", "where they are")
      .option("--to <site>", "where they go")
      .option("--parallel <n>", "at most so many of this wave at once")
      .option("--after <group=group>", "the first begins when all of the second was moved (repeatable)", collect)
      .option("--any-order", "groups wait for what they come after, and not for the one before them")
      .option("--pause <duration>", "between two groups, such as 10m")
      .option("--map <name>", "a map of the two sites, for every VM: novacron maps")
      .option("--bandwidth <rate>", "at most this much for all moves of a link, such as 500Mbps")
      .option("--warm", "copy them while they run, and stop each for the last difference only");
  withWhat(waves.command("plan"))
    .description("plan all of it as one, and start nothing")
    .action(async (vms: string[], _, command: Command) => (await load()).planWave(vms, optionsOf(command)));
  withWhat(waves.command("start"))
    .description("carry out a plan exactly, or plan and start at once")
    .option("--plan <id>", "one that was made before")
    .option("--watch", "follow it until it has ended")
    .option("--yes", "do not ask before starting")
    .action(async (vms: string[], _, command: Command) => (await load()).startWave(vms, optionsOf(command)));
  waves
    .command("list")
    .description("the newest first")
    .action(async (_, command: Command) => (await load()).listWaves(optionsOf(command)));
  waves
    .command("show")
    .argument("<id>")
    .description("the one report of all its VMs")
    .option("--watch", "follow it until it has ended")
    .action(async (id: string, _, command: Command) => (await load()).showWave(id, optionsOf(command)));
  const orders = {
    pause: "start no further VM, and pause those under way",
    resume: "go on where it was paused",
    cancel: "start no further VM, and roll back those under way",
  } as const;
  for (const order of Object.keys(orders) as (keyof typeof orders)[]) {
    const command = waves.command(order).argument("<id>").description(orders[order]);
    if (order === "cancel") command.option("--yes", "do not ask");
    command.action(async (id: string, _, used: Command) => (await load()).orderWave(order, id, optionsOf(used)));
  }
}
