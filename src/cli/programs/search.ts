import type { Command } from "commander";
import { optionsWithFormats } from "../commands/options.ts";

const load = () => import("../commands/search.ts");

/** The inventory, by its search language. */
export function addSearch(program: Command): void {
  program
    .command("search")
    .argument("[query]", "such as 'provider:aws state:running cpu>4'; default: everything")
    .description("search everything that the sites have (--output also takes csv)")
    .option("--sort <fields>", "up to three, - for downwards: --sort=-cost,name")
    .option("--limit <rows>", "at most so many (default: 100; all of them as csv)")
    .option("--as-of <moment>", "as it was then: a time, a day, or an age such as 2h")
    .action(async (query: string | undefined, _, command: Command) =>
      (await load()).search(query, optionsWithFormats(command, ["csv"])),
    );
}
