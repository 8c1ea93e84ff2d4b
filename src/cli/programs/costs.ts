import type { Command } from "commander";
import { optionsOf } from "../commands/options.ts";
import { addBudgets } from "./budgets.ts";

const load = () => import("../commands/costs.ts");
const loadImports = () => import("../commands/cost-imports.ts");

/** What everything cost, by whom it is asked: `novacron cost …`. */
export function addCosts(program: Command): void {
  const cost = program
    .command("cost")
    .description("what it cost: deliveries of providers, sums, and whether they agree");
  cost
    .command("show")
    .description("this month, or the days asked for: billed, effective, contracted and list cost")
    .option("--by <dimensions>", "up to three: service, site, account, resource, day, month, tag:KEY …", "service")
    .option("--from <day>", "default: the first of this month")
    .option("--to <day>", "the day after the last; default: tomorrow")
    .option("--where <filters>", "dimension=value, with ; between, such as 'tag:project=web;category=Usage'")
    .option("--currency <code>", "show all in this one, by the rates of the months")
    .option("--limit <count>", "groups")
    .action(async (_, command: Command) => (await load()).showCosts(optionsOf(command)));
  cost
    .command("forecast")
    .description("what days to come will cost, how wrong that was on the past, and what providers expect themselves")
    .option("--days <count>", "from today on", "30")
    .option("--by <dimensions>", "up to two: service, site, resource, tag:KEY …; default: all together")
    .option("--where <filters>", "dimension=value, with ; between")
    .option("--currency <code>", "show all in this one, by the rates of the months")
    .action(async (_, command: Command) =>
      (await import("../commands/cost-forecast.ts")).forecastCosts(optionsOf(command)),
    );
  cost
    .command("sources")
    .description("whose costs are here, and up to when")
    .action(async (_, command: Command) => (await load()).listSources(optionsOf(command)));
  cost
    .command("import")
    .argument("[file]", "FOCUS as CSV, JSON lines or Parquet, AWS CUR 2.0, Google Cloud's usage cost export")
    .description("take a delivery of costs; a month that comes again takes the place of what was there")
    .requiredOption("--source <name>", "whose costs they are, by a name of yours: an account, a contract")
    .requiredOption("--provider <kind>", "aws, azure, gcp, oci, libvirt …")
    .option("--site <site>", "where all of it is of one site; else the region of a row says it")
    .option("--part <name>", "which one it is, where several deliveries add up to a month")
    .option("--format <name>", "focus, aws-cur2 or gcp-billing; default: what its columns show")
    .option("--at <site>", "instead of a file: the site in whose object storage the export lies")
    .option("--bucket <name>", "its bucket")
    .option("--prefix <prefix>", "its folder", "")
    .action(async (file: string | undefined, _, command: Command) =>
      (await loadImports()).importCosts(file, optionsOf(command)),
    );
  cost
    .command("imports")
    .description("deliveries, the newest first, with what breaks the rules of FOCUS in them")
    .option("--source <name>", "of this one only")
    .option("--limit <count>", "how many", "20")
    .action(async (_, command: Command) => (await loadImports()).listImports(optionsOf(command)));
  cost
    .command("rate")
    .argument("<from>", "currency, such as EUR")
    .argument("<to>", "currency")
    .argument("<month>", "such as 2026-11")
    .argument("<rate>", "units of the second for one of the first")
    .description("say what a currency was worth in a month")
    .requiredOption("--by <who>", "who says so")
    .action(async (from: string, to: string, month: string, rate: string, _, command: Command) =>
      (await load()).setRate({ from, to, month, rate }, optionsOf(command)),
    );
  cost
    .command("statement")
    .argument("<source>")
    .argument("<month>", "such as 2026-11")
    .argument("<amount>", "such as 1204.50")
    .argument("<currency>")
    .description("say what the provider says that a billing month cost, and compare")
    .requiredOption("--by <invoice>", "what says so: an invoice's number")
    .action(async (source: string, month: string, amount: string, currency: string, _, command: Command) =>
      (await load()).stateCost({ source, month, amount, currency }, optionsOf(command)),
    );
  addBudgets(cost);
  cost
    .command("what-if")
    .argument("[query]", "which VMs, in the search language; default: all")
    .description("what the VMs would cost on other providers, regions and commitments, in one table")
    .option("--provider <kinds>", "only these, with commas between: aws,gcp")
    .option("--region <region>", "only this one")
    .option("--terms <terms>", "only these: on-demand, spot, reserved-1y or reserved-3y")
    .action(async (query: string | undefined, _, command: Command) =>
      (await import("../commands/what-if.ts")).priceElsewhere(query, optionsOf(command)),
    );
  cost
    .command("reconcile")
    .argument("<month>", "such as 2026-11")
    .description("what providers say of a month against what their rows add up to, and what makes the difference")
    .action(async (month: string, _, command: Command) => (await load()).reconcileMonth(month, optionsOf(command)));
}
