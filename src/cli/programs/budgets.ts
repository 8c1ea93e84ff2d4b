import type { Command } from "commander";
import { collect, optionsOf } from "../commands/options.ts";

const load = () => import("../commands/budgets.ts");

/** What may be spent, and who pays for it: `novacron cost budgets`, `split`, `chargeback`. */
export function addBudgets(cost: Command): void {
  const budgets = cost.command("budgets").description("what may be spent, how much is, and what the period comes to");
  budgets
    .command("list")
    .description("all of them, as they stand today")
    .action(async (_, command: Command) => (await load()).listBudgets(optionsOf(command)));
  budgets
    .command("set")
    .argument("<name>")
    .argument("<amount>", "such as 15000")
    .argument("<currency>", "such as USD")
    .description("make one, or change the one of that name")
    .option("--where <filters>", "which costs, such as tag:project=web; default: everything")
    .option("--period <period>", "day, month or quarter", "month")
    .option("--cost <cost>", "effective or billed", "effective")
    .option("--warn-at <share>", "tell at this share of it, such as 0.8; may be given again", collect, [])
    .action(async (name: string, amount: string, currency: string, _, command: Command) =>
      (await load()).setBudget({ name, amount, currency }, optionsOf(command)),
    );
  budgets
    .command("delete")
    .argument("<name>")
    .description("remove one")
    .action(async (name: string, _, command: Command) => (await load()).deleteBudget(name, optionsOf(command)));
  const split = cost.command("split").description("how shared costs are divided among those who have their own");
  split
    .command("list")
    .description("in the order in which they apply")
    .action(async (_, command: Command) => (await load()).listRules(optionsOf(command)));
  split
    .command("set")
    .argument("<name>")
    .argument("<filters>", "what it divides, such as account=shared")
    .description("make a rule, or change the one of that name")
    .option("--method <method>", "even, weight or use", "use")
    .option("--weight <owner=parts>", "who gets how many parts; may be given again", collect, [])
    .option("--among <owner>", "the only ones who share it; may be given again", collect, [])
    .action(async (name: string, where: string, _, command: Command) =>
      (await load()).setRule(name, where, optionsOf(command)),
    );
  split
    .command("delete")
    .argument("<name>")
    .description("remove a rule")
    .action(async (name: string, _, command: Command) => (await load()).deleteRule(name, optionsOf(command)));
  cost
    .command("chargeback")
    .description("who pays what: own costs, and shares of what the rules divide; what carries no tag is shown")
    .option("--by <dimension>", "account, or tag:KEY", "tag:project")
    .option("--from <day>", "default: the first of this month")
    .option("--to <day>", "the day after the last; default: tomorrow")
    .option("--currency <code>", "show all in this one, by the rates of the months")
    .action(async (_, command: Command) => (await load()).chargeBack(optionsOf(command)));
}
