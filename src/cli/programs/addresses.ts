import type { Command } from "commander";
import { collect, optionsOf } from "../commands/options.ts";

const load = () => import("../commands/addresses.ts");

/** The networks of all sites as one plan, and the pools that new ranges come out of. */
export function addAddresses(program: Command): void {
  const addresses = program
    .command("addresses")
    .description("the ranges of all sites' networks, and pools for new ones");
  addresses
    .command("plan")
    .description("all ranges: where they overlap, and what could be done")
    .option("--site <site>", "only its ranges, and what they clash with")
    .action(async (_, command: Command) => (await load()).showAddressPlan(optionsOf(command)));
  addresses
    .command("pools")
    .description("the pools that ranges are given out of")
    .action(async (_, command: Command) => (await load()).listPools(optionsOf(command)));
  addresses
    .command("set-pool")
    .argument("<name>")
    .argument("<cidr>")
    .description("make a pool, or change it")
    .option("--exclude <cidr>", "a part that nobody gets (repeatable)", collect)
    .action(async (name: string, cidr: string, _, command: Command) =>
      (await load()).setPool(name, cidr, optionsOf(command)),
    );
  addresses
    .command("remove-pool")
    .argument("<name>")
    .description("remove one that nothing is given out of")
    .option("--yes", "do not ask")
    .action(async (name: string, _, command: Command) => (await load()).removePool(name, optionsOf(command)));
  addresses
    .command("allocate")
    .argument("<pool>")
    .argument("<prefix-length>", "how large: /24")
    .description("give a site the next range that is free everywhere")
    .requiredOption("--site <site>", "whose it is")
    .requiredOption("--name <text>", "what it is for")
    .action(async (pool: string, length: string, _, command: Command) =>
      (await load()).allocate(pool, length, optionsOf(command)),
    );
  addresses
    .command("list")
    .description("ranges that are given out")
    .option("--pool <name>", "only of this one")
    .action(async (_, command: Command) => (await load()).listAllocations(optionsOf(command)));
  addresses
    .command("release")
    .argument("<id>")
    .description("give a range back to its pool")
    .action(async (id: string, _, command: Command) => (await load()).release(id, optionsOf(command)));
}
