import { type Command, Option } from "commander";
import { optionsOf } from "../commands/options.ts";

const load = () => import("../commands/audit.ts");

/** What was done, by whom, and whether the record of it is whole. */
export function addAudit(program: Command): void {
  const audit = program.command("audit").description("what was done, by whom");
  audit
    .command("list")
    .description("the newest first")
    .option("--actor <id>", "user/…, token/…, workflow/…")
    .option("--action <name>", "migration.finalize, token.create, …")
    .option("--resource <path>")
    .option("--request <id>", "of one request")
    .option("--workflow <id>", "of one run")
    .option("--outcome <outcome>", "asked, done, or the code of a failure")
    .option("--since <time>", "ISO 8601, UTC")
    .option("--until <time>", "ISO 8601, UTC")
    .option("--limit <rows>", "at most (default: 50)")
    .action(async (_, command: Command) => (await load()).listAudit(optionsOf(command)));
  audit
    .command("verify")
    .description("compute the chain of hashes again; exit 1 where an entry was altered, taken out, put in or moved")
    .option("--file <file>", "an export, instead of the trail as it is now")
    .option("--anchors <file>", "signed ends that were kept elsewhere (default: the instance's own file)")
    .option("--public-key <file>", "the key that the signatures must come from (default: the instance's own)")
    .action(async (_, command: Command) => (await load()).verifyAudit(optionsOf(command)));
  audit
    .command("export")
    .description("the whole trail, a line an entry")
    .addOption(
      new Option("--format <format>", "jsonl can be verified; ocsf is for other tools").choices(["jsonl", "ocsf"]),
    )
    .option("--file <file>", "into a new file instead of onto the screen")
    .option("--after <sequence>", "only what follows this entry")
    .action(async (_, command: Command) => (await load()).exportAudit(optionsOf(command)));
}
