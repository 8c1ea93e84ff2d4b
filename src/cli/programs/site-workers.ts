import type { Command } from "commander";
import { optionsOf } from "../commands/options.ts";
import { addSiteHealth } from "./site-health.ts";

const load = () => import("../commands/site-workers.ts");

/** Machines that work for one site. */
export function addSiteWorkers(program: Command): void {
  const sites = program.command("sites").description("sites, how they are, and the machines that work for them");
  addSiteHealth(sites);
  sites
    .command("join-token")
    .argument("<site>")
    .description("make what a machine becomes a worker of the site with, once; it is shown once")
    .option("--minutes <n>", "how long it can be used, at most 1440 (default: 60)")
    .option("--file <file>", "put it there (0600) instead of onto the screen")
    .action(async (site: string, _, command: Command) => (await load()).makeJoinToken(site, optionsOf(command)));
  program
    .command("join")
    .description("make this machine a worker of a site, and work; it reads the join token from stdin")
    .option("--join-file <file>", "read the token from there")
    .option("--dir <folder>", "what it keeps", "/var/lib/novacron-site")
    .option("--listen <host:port>", "take connections of other sites' workers there")
    .option("--address <host:port>", "how they reach that, where it is another address")
    .option("--watchdog", "cut groups of the site off whose lease it can't renew (one worker of a site at most)")
    .action(async (_, command: Command) => {
      process.exitCode = await (await load()).joinSite(optionsOf(command));
    });
  const workers = program.command("workers").description("machines that work for one site");
  workers
    .command("list")
    .description("all of them, and whether they are there")
    .action(async (_, command: Command) => (await load()).listWorkers(optionsOf(command)));
  workers
    .command("drain")
    .argument("<id>")
    .description("give it nothing new; it ends when what it is at has ended or was handed on")
    .action(async (id: string, _, command: Command) => (await load()).drainWorker(id, optionsOf(command)));
  workers
    .command("remove")
    .argument("<id>")
    .description("accept nothing of it any more")
    .option("--yes", "do not ask")
    .action(async (id: string, _, command: Command) => (await load()).removeWorker(id, optionsOf(command)));
}
