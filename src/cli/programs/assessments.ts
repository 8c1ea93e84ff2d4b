import type { Command } from "commander";
import { optionsOf } from "../commands/options.ts";

const load = () => import("../commands/assessments.ts");

/** Which VMs of a site could go elsewhere, before anything is moved. */
export function addAssessments(program: Command): void {
  program
    .command("assess")
    .description("find out which VMs of a site could go to another one, in which order, and what that takes")
    .requiredOption("--from <site>", "where they are")
    .requiredOption("--to <site>", "where they might go")
    .option("--query <search>", "only the VMs that a search of the inventory finds, such as tag.env=prod")
    .option("--flows <file>", "who talks to whom: CSV with the columns from, to, port, bytes")
    .option("--wave-size <n>", "at most so many VMs in a wave, unless more of them talk to each other")
    .option("--mode <mode>", "how they would move: cold, warm or live")
    .option("--no-wait", "start it only")
    .action(async (_, command: Command) => (await load()).assess(optionsOf(command)));
  const assessments = program.command("assessments").description("what was found out about VMs that could move");
  assessments
    .command("list")
    .description("the newest first")
    .action(async (_, command: Command) => (await load()).listAssessments(optionsOf(command)));
  assessments
    .command("show")
    .argument("<id>")
    .description("where it stands, its report, and what was found of each VM")
    .action(async (id: string, _, command: Command) => (await load()).showAssessment(id, optionsOf(command)));
}
