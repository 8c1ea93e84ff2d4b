import type { Command } from "commander";
import { optionsOf } from "../commands/options.ts";

const load = () => import("../commands/control-plane.ts");

/** The control plane's own safety: its backups, and how it is brought up from one. */
export function addControlPlane(program: Command): void {
  addRecover(program);
  const own = program
    .command("control-plane")
    .description("this control plane itself: its backups, and whether it may act");
  own
    .command("show")
    .description("where its backups are, and what became of what was under way when it was rebuilt")
    .action(async (_, command: Command) => (await load()).showControlPlane(optionsOf(command)));
  own
    .command("backup")
    .description("back it up now, and wait until that is proven")
    .action(async (_, command: Command) => (await load()).backUpNow(optionsOf(command)));
  own
    .command("key")
    .description("make the key that backups are sealed for; what opens them goes into a file that you keep elsewhere")
    .requiredOption("--file <file>", "where to put what opens them; must not be there yet")
    .option("--passphrase-file <file>", "wrap it by the passphrase in there")
    .option("--sealing-file <file>", "where to put what seals them; default backup-key.json in the instance's folder")
    .option("--yes", "do not ask before one that is in use is replaced")
    .action(async (_, command: Command) => (await load()).makeKey(optionsOf(command)));
}

function addRecover(program: Command): void {
  program
    .command("recover")
    .description("bring the control plane up on this machine from a backup, in place of one that was lost")
    .requiredOption("--from <site>", "the site that its backups lie at")
    .requiredOption("--config <file>", "configuration file (YAML) that has this site")
    .option("--key <file>", "what opens its backups, as control-plane key made it")
    .option("--passphrase-file <file>", "the passphrase that this is wrapped by")
    .option("--kept-config", "bring it up with the configuration in the backup, not with --config")
    .option("--installation <id>", "which one, where those of several lie there")
    .option("--backup <id>", "not the newest one")
    .option("--list", "show what lies there and do nothing")
    .option("--check", "prove a backup by filling a store of its own from it; nothing is taken over or started")
    .option("--made-sure-of <text>", "why the former control plane can't act any more, in your own words")
    .option("--yes", "do not ask")
    .action(async (_, command: Command) => (await import("../commands/recover.ts")).recover(optionsOf(command)));
}
