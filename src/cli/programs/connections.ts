import type { Command } from "commander";
import { collect, optionsOf } from "../commands/options.ts";

const load = () => import("../commands/connections.ts");

/** Encrypted connections between the networks of two sites. */
export function addConnections(program: Command): void {
  const connections = program.command("connections").description("encrypted tunnels between the networks of two sites");
  connections
    .command("connect")
    .argument("<near>", "the site whose end begins")
    .argument("[far]", "the other site; or a device that a person configures (--device)")
    .option("--device <kind>", "cisco-ios-xe, juniper-junos, fortinet-fortios or pfsense")
    .option("--device-name <name>", "how you call it")
    .option("--device-address <address>", "where tunnels end there (repeatable)", collect)
    .option("--device-network <cidr>", "a network behind it (repeatable)", collect)
    .option("--device-probe <address>", "an address behind it that answers pings")
    .description("build two tunnels between them; a failure takes away what was set at either end")
    .option("--dry-run", "only show what both ends would be told")
    .option("--watch", "wait until it stands, or why it does not")
    .action(async (near: string, far: string | undefined, _, command: Command) =>
      (await load()).connectSites(near, far, optionsOf(command)),
    );
  connections
    .command("list")
    .description("the newest first")
    .action(async (_, command: Command) => (await load()).listConnections(optionsOf(command)));
  connections
    .command("show")
    .argument("<id>")
    .description("how one stands, and what its ends were told")
    .action(async (id: string, _, command: Command) => (await load()).showConnection(id, optionsOf(command)));
  connections
    .command("device-config")
    .argument("<id>")
    .description("what the far device is to be told, with its keys: write it to files in a folder (0600)")
    .requiredOption("--folder <path>", "an existing folder")
    .action(async (id: string, _, command: Command) => (await load()).writeDeviceConfig(id, optionsOf(command)));
  connections
    .command("rotate-keys")
    .argument("<id>")
    .description("exchange its keys while it carries traffic")
    .option("--watch", "wait until the new ones are in use")
    .action(async (id: string, _, command: Command) => (await load()).rotateKeys(id, optionsOf(command)));
  connections
    .command("drill")
    .argument("<id>")
    .description("take each tunnel down in its turn, and see that traffic goes on by the other")
    .option("--watch", "wait for what is found")
    .action(async (id: string, _, command: Command) => (await load()).drill(id, optionsOf(command)));
  connections
    .command("disconnect")
    .argument("<id>")
    .description("take it down at both ends")
    .option("--watch", "wait until it is gone")
    .option("--yes", "do not ask")
    .action(async (id: string, _, command: Command) => (await load()).disconnectSites(id, optionsOf(command)));
}
