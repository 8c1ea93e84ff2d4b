import type { Command } from "commander";
import { optionsOf } from "../commands/options.ts";

const load = () => import("../commands/doctor.ts");

/** What is wrong here, and what to do. */
export function addDoctor(program: Command): void {
  const doctor = program
    .command("doctor")
    .description("find what is wrong, and what to do: of everything, or of one thing");
  doctor.action(async (_, command: Command) => (await load()).examineInstallation(optionsOf(command)));
  doctor
    .command("migration")
    .argument("<id>")
    .description("why it stands, or why it failed")
    .action(async (id: string, _, command: Command) => (await load()).examineMigration(id, optionsOf(command)));
  doctor
    .command("burst")
    .argument("<pool>")
    .description("why it has the VMs that it has, or none")
    .action(async (pool: string, _, command: Command) => (await load()).examinePool(pool, optionsOf(command)));
  doctor
    .command("savings")
    .description("why nothing, or so little, is recommended")
    .action(async (_, command: Command) => (await load()).examineSavings(optionsOf(command)));
  doctor
    .command("failover")
    .argument("<group>")
    .description("whether it would come up in time, and what stands against it")
    .action(async (group: string, _, command: Command) => (await load()).examineFailover(group, optionsOf(command)));
  program
    .command("support-bundle")
    .description("one archive with what somebody needs who helps from afar; no secrets are in it")
    .option("--to <file>", "the file that is made", "novacron-support.tar.gz")
    .option("--since <time>", "how far back lines go: 24h, or a time", "24h")
    .action(async (_, command: Command) =>
      (await import("../commands/support-bundle.ts")).makeBundle(optionsOf<{ to: string; since: string }>(command)),
    );
}
