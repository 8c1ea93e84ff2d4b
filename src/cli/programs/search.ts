import type { Command } from "commander";
import { optionsOf, optionsWithFormats } from "../commands/options.ts";

const load = () => import("../commands/search.ts");

/** The inventory, by its search language. */
export function addSearch(program: Command): void {
  program
    .command("search")
    .argument("[query]", "such as 'provider:aws state:running cpu>4'; default: everything")
    .description("search everything that the sites have (--output also takes csv)")
    .option("--sort <fields>", "up to three, - for downwards: --sort=-cost,name")
    .option("--limit <rows>", "at most so many (default: 100; all of them as csv)")
    .option("--saved <name>", "only what this saved search finds, too")
    .option("--as-of <moment>", "as it was then: a time, a day, or an age such as 2h")
    .option("--refresh", "read the sites first")
    .action(async (query: string | undefined, _, command: Command) =>
      (await load()).search(query, optionsWithFormats(command, ["csv"])),
    );
  program
    .command("overview")
    .argument("[query]", "only of what matches; default: everything")
    .description("all sites in one: VMs, CPUs, memory, cost by provider")
    .option("--as-of <moment>", "as it was then: a time, a day, or an age such as 2h")
    .action(async (query: string | undefined, _, command: Command) =>
      (await import("../commands/overview.ts")).overview(query, optionsOf(command)),
    );
  addSavedSearches(program.command("searches").description("saved searches: one's own and shared ones"));
}

function addSavedSearches(searches: Command): void {
  const loadSaved = () => import("../commands/searches.ts");
  searches
    .command("list")
    .description("in the order of their names")
    .action(async (_, command: Command) => (await loadSaved()).listSearches(optionsOf(command)));
  searches
    .command("save")
    .argument("<name>")
    .argument("<query>", "in the search language, with its order: 'stopped>30d sort:-cost'")
    .description("keep one; one of yours that has the name is changed")
    .option("--shared", "let others see it; they find what they reach")
    .option("--no-shared", "keep it to yourself")
    .action(async (name: string, query: string, _, command: Command) =>
      (await loadSaved()).saveSearch(name, query, optionsOf(command)),
    );
  searches
    .command("show")
    .argument("<name>", "or id")
    .description("one of them; novacron search --saved NAME runs it")
    .action(async (name: string, _, command: Command) => (await loadSaved()).showSearch(name, optionsOf(command)));
  searches
    .command("delete")
    .argument("<name>", "or id")
    .description("remove one of yours")
    .option("--yes", "do not ask")
    .action(async (name: string, _, command: Command) => (await loadSaved()).deleteSearch(name, optionsOf(command)));
}
