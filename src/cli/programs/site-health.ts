import type { Command } from "commander";
import { optionsOf } from "../commands/options.ts";

const load = () => import("../commands/site-health.ts");

/** How sites are, judged from elsewhere. */
export function addSiteHealth(sites: Command): void {
  sites
    .command("health")
    .argument("<site>")
    .description("how a site is, and who sees it how")
    .action(async (site: string, _, command: Command) => (await load()).showHealth(site, optionsOf(command)));
  sites
    .command("decisions")
    .argument("<site>")
    .description("what was decided about a site, also that nothing is done")
    .action(async (site: string, _, command: Command) => (await load()).listDecisions(site, optionsOf(command)));
  sites
    .command("answer")
    .argument("<site>")
    .argument("<decision>")
    .description("answer whether a group is to fail over")
    .option("--failover", "yes: the group is brought up at its recovery site")
    .option("--no-failover", "no: nothing is done")
    .option("--made-sure-of <text>", "what you have made sure of, in your own words")
    .option("--yes", "do not ask")
    .action(async (site: string, decision: string, _, command: Command) =>
      (await load()).answerOutage(site, decision, optionsOf(command)),
    );
}

/** Who may write as a group. */
export function addLease(protection: Command): void {
  protection
    .command("lease")
    .argument("<group>", "its id")
    .description("which site may write as a group, as its recovery site has it now")
    .action(async (group: string, _, command: Command) => (await load()).showLease(group, optionsOf(command)));
  protection
    .command("release")
    .argument("<group>", "its id")
    .description("let VMs of a group that were cut off be started again, where it may write")
    .option("--made-sure-of <text>", "what you have made sure of, in your own words")
    .option("--yes", "do not ask")
    .action(async (group: string, _, command: Command) => (await load()).releaseGroup(group, optionsOf(command)));
}
