import type { Command } from "commander";
import { collect, optionsOf } from "../commands/options.ts";

const load = () => import("../commands/maps.ts");

/** What VMs of one site get at another, by name. */
export function addMaps(program: Command): void {
  const maps = program
    .command("maps")
    .description("what VMs of one site get at another: networks, groups, keys; novacron migrate --map NAME");
  maps
    .command("list")
    .description("in the order of their names")
    .action(async (_, command: Command) => (await load()).listMaps(optionsOf(command)));
  maps
    .command("show")
    .argument("<name>")
    .description("what one says")
    .option("--version <number>", "as it was then")
    .action(async (name: string, _, command: Command) => (await load()).showMap(name, optionsOf(command)));
  maps
    .command("set")
    .argument("<name>")
    .argument("<file>", "in YAML or JSON, as the body of POST /v1/maps/{id}")
    .description("make one, or change all of it to what the file says")
    .action(async (name: string, file: string, _, command: Command) =>
      (await load()).setMap(name, file, optionsOf(command)),
    );
  maps
    .command("delete")
    .argument("<name>")
    .description("remove one; plans that were made with it are refused from then on")
    .option("--yes", "do not ask")
    .action(async (name: string, _, command: Command) => (await load()).deleteMap(name, optionsOf(command)));
}

/** What a migration can say itself, beside its map. */
export function withMap(command: Command): Command {
  return command
    .option("--map <name>", "a map of these two sites, for what is not said here: novacron maps")
    .option("--network <source=target>", "map a network (repeatable)", collect)
    .option("--security-group <name>", "name or id at the target (repeatable)", collect)
    .option("--translate-rules", "say the rules that hold for it at the source by a group of its own at the target")
    .option("--keep-addresses", "ask for the addresses that it has, where the target's network has them free")
    .option("--match-disk-types", "types of disk as near to those at the source as there are")
    .option("--public-address", "give it an address that the internet can reach")
    .option("--encryption-key <name>", "a key of yours at the target, for its disks");
}
