import type { Command } from "commander";
import { collect, optionsOf } from "../commands/options.ts";

const load = () => import("../commands/restores.ts");

/** What is kept of protected VMs, and bringing it back. */
export function addRestores(program: Command): void {
  program
    .command("backups")
    .description("what can be restored: each VM in each recovery point")
    .option("--vm <name>", "a name, or the id where it served")
    .option("--group <id>", "of one protection group")
    .option("--site <site>", "that lie there")
    .action(async (_, command: Command) => (await load()).listBackups(optionsOf(command)));
  const restore = program.command("restore").description("bring VMs back out of recovery points");
  restore
    .command("vm")
    .argument("<vm>", "name or id, as the group had it")
    .description("as a new VM, at any site; neither the point nor the VM that it is of is touched")
    .requiredOption("--group <id>", "the protection group")
    .option("--point <id>", "default the newest whole one that is not suspect")
    .option("--before <time>", "the newest one from no later than that (ISO 8601, UTC)")
    .option("--suspect-too", "also a suspect one")
    .option("--to <site>", "default where the point lies")
    .option("--name <name>", "of the new VM; default the old one's with -restored")
    .option("--instance-type <name>", "a size of the site by name")
    .option("--network <from=to>", "a network of the VM → one at the site (repeatable)", collect)
    .option("--start", "start and prove it, also at the site where its group serves")
    .option("--no-start", "leave it off")
    .option("--probe-http <port/path>", "must answer 200 (repeatable)", collect)
    .option("--probe-tcp <port>", "must accept connections (repeatable)", collect)
    .option("--bandwidth <rate>", "at most this much for all moves of the link, such as 500Mbps")
    .option("--dry-run", "show the plan and restore nothing")
    .option("--watch", "follow it to its end")
    .option("--yes", "do not ask before starting")
    .action(async (vm: string, _, command: Command) => (await load()).restoreVm(vm, optionsOf(command)));
  restore
    .command("files")
    .argument("<vm>", "name or id, as the group had it")
    .argument("<path>", "a file or a folder, within its file system")
    .description("a file, or a folder as a tar archive, as a recovery point holds it")
    .requiredOption("--group <id>", "the protection group")
    .option("--point <id>", "default the newest whole one that is not suspect")
    .option("--before <time>", "the newest one from no later than that (ISO 8601, UTC)")
    .option("--suspect-too", "also a suspect one")
    .option("--disk <id>", "default the first that has the path")
    .option("--volume <name>", "a partition, a UUID or a label")
    .option("--out <file>", "where to write it; default to standard output")
    .action(async (vm: string, path: string, _, command: Command) =>
      (await import("../commands/restored-files.ts")).restoreFiles(vm, path, optionsOf(command)),
    );
  restore
    .command("list")
    .description("the newest first")
    .option("--group <id>", "of one protection group")
    .action(async (_, command: Command) => (await load()).listRestores(optionsOf(command)));
  restore
    .command("show")
    .argument("<id>")
    .description("where it stands, with what was measured")
    .option("--watch", "follow it to its end")
    .action(async (id: string, _, command: Command) => (await load()).showRestore(id, optionsOf(command)));
  restore
    .command("cancel")
    .argument("<id>")
    .description("end it; what it made is removed")
    .action(async (id: string, _, command: Command) => (await load()).cancelRestore(id, optionsOf(command)));
}
