import { type Command, Option } from "commander";
import { optionsOf } from "../commands/options.ts";
import { withLimits } from "./limits.ts";

const load = () => import("../commands/alerts.ts");
const loadRules = () => import("../commands/alert-rules.ts");
const severity = () => new Option("--severity <severity>", "how bad it is").choices(["critical", "warning", "info"]);

/** Rules over figures, what fires by them, and who is told. */
export function addAlerts(program: Command): void {
  const alerts = program.command("alerts").description("what fires, by which rules, and who was told");
  alerts
    .command("list")
    .description("how alerts stand")
    .addOption(new Option("--state <state>", "only these").choices(["pending", "firing", "resolved"]))
    .option("--rule <name>", "of one rule")
    .option("--site <site>", "of one site")
    .action(async (_, command: Command) => (await load()).listAlerts(optionsOf(command)));
  alerts
    .command("history")
    .description("what fired and was resolved, the newest first")
    .option("--rule <name>", "of one rule")
    .option("--site <site>", "of one site")
    .option("--limit <rows>", "at most", "50")
    .action(async (_, command: Command) => (await load()).alertHistory(optionsOf(command)));
  alerts
    .command("deliveries")
    .description("who was told what, and how it got there")
    .option("--rule <name>", "of one rule")
    .option("--limit <rows>", "notifications at most", "50")
    .action(async (_, command: Command) => (await load()).alertDeliveries(optionsOf(command)));
  alerts
    .command("silence")
    .description("tell nobody of what matches, for a while")
    .option("--rule <name>", "of one rule")
    .option("--site <site>", "of one site")
    .option("--resource <id>", "of one VM, or what else it is of")
    .addOption(severity())
    .requiredOption("--for <duration>", "such as 2h")
    .requiredOption("--reason <text>", "why")
    .action(async (_, command: Command) => (await load()).silence(optionsOf(command)));
  alerts
    .command("silences")
    .description("silences that are not over")
    .action(async (_, command: Command) => (await load()).listSilences(optionsOf(command)));
  alerts
    .command("unsilence")
    .argument("<id>", "as alerts silences shows it")
    .description("end a silence now")
    .action(async (id: string, _, command: Command) => (await load()).unsilence(id, optionsOf(command)));
  addRules(alerts.command("rules").description("when a figure is a reason to tell somebody"));
}

function addRules(rules: Command): void {
  rules
    .command("list")
    .description("in the order of their names")
    .action(async (_, command: Command) => (await loadRules()).listRules(optionsOf(command)));
  withRuleOptions(rules.command("create").argument("<name>").description("make one"))
    .option("--metric <name>", "such as cpu.utilisation")
    .action(async (name: string, _, command: Command) => (await loadRules()).createRule(name, optionsOf(command)));
  withRuleOptions(rules.command("change").argument("<name>", "or id").description("change one"))
    .option("--enabled", "switch it on")
    .option("--no-enabled", "switch it off; what fires by it is resolved")
    .action(async (name: string, _, command: Command) => (await loadRules()).changeRule(name, optionsOf(command)));
  rules
    .command("remove")
    .argument("<name>", "or id")
    .description("remove one; what fires by it is resolved")
    .option("--yes", "do not ask")
    .action(async (name: string, _, command: Command) => (await loadRules()).removeRule(name, optionsOf(command)));
}

function withRuleOptions(command: Command): Command {
  return withLimits(command)
    .option("--for <duration>", "so long it has to hold (default: 5m)")
    .option("--resolve-after <duration>", "so long it must not hold until it is resolved")
    .option("--site <site>", "of one site (default: all)")
    .option("--resource <id>", "of one VM, or what else it is of")
    .option("--action <action...>", "email:ADDRESS, pagerduty:CHANNEL, slack:CHANNEL, webhook:CHANNEL")
    .addOption(severity())
    .addOption(new Option("--group-by <what>", "what is told together").choices(["rule", "site", "resource"]))
    .addOption(new Option("--missing <what>", "what to make of figures that end").choices(["ignore", "fire"]))
    .option("--missing-after <duration>", "when a figure counts as missing (default: 15m)");
}
