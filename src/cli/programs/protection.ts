import type { Command } from "commander";
import { optionsOf } from "../commands/options.ts";
import { addLease } from "./site-health.ts";

const load = () => import("../commands/protection.ts");

/** Groups of VMs that are protected at another site. */
export function addProtection(program: Command): void {
  const protection = program.command("protection").description("groups of VMs that are protected at another site");
  protection
    .command("create")
    .argument("<name>", "what to call the group")
    .argument("[vm...]", "names or ids at the primary site")
    .description("keep recovery points of VMs at another site; what is left out is as the configuration says")
    .option("--query <search>", "all VMs that a search of the inventory finds, such as tag.app=shop")
    .option("--primary-site <site>", "where they are")
    .option("--recovery-site <site>", "where they are recovered")
    .option("--rpo <duration>", "most that may be lost, such as 5m")
    .option("--rto <duration>", "longest that a takeover may last")
    .option("--backup-interval <duration>", "between two backups")
    .option("--replication <how>", "off, interval or continuous")
    .option("--replication-interval <duration>", "between the beginnings of two rounds")
    .option("--keep <n>", "at most so many recovery points")
    .option("--keep-for <duration>", "none for longer, such as 30d")
    .option("--consistency <level>", "of each point at least: application or crash")
    .option("--encryption-key <name>", "the recovery site's name of a customer's key")
    .option("--bandwidth <rate>", "at most this much for all moves of the link, such as 500Mbps")
    .option("--auto-failover", "a failover may start without a person")
    .option("--watchdog", "workers of the primary site cut the group off when they can't renew its lease")
    .option("--plan <id>", "carry out a plan that was made before")
    .option("--dry-run", "plan only")
    .option("--yes", "do not ask before starting")
    .action(async (name: string, vms: string[], _, command: Command) =>
      (await load()).protect(name, vms, optionsOf(command)),
    );
  addLease(protection);
  protection
    .command("list")
    .description("all groups, and how far each is protected")
    .action(async (_, command: Command) => (await load()).listGroups(optionsOf(command)));
  protection
    .command("show")
    .argument("<id>")
    .description("a group, its VMs and what happened lately")
    .action(async (id: string, _, command: Command) => (await load()).showGroup(id, optionsOf(command)));
  protection
    .command("points")
    .argument("<id>")
    .description("its recovery points, the newest first")
    .option("--all", "also those that are offered no more")
    .action(async (id: string, _, command: Command) => (await load()).listPoints(id, optionsOf(command)));
  protection
    .command("reprotect")
    .argument("<id>")
    .description("follow a group that was failed over, from where it serves now")
    .option("--to <site>", "default where it served before")
    .action(async (id: string, _, command: Command) => (await load()).reprotect(id, optionsOf(command)));
  const decisions = {
    hold: "keep a recovery point whatever the retention says",
    release: "let the retention have a point that was held",
    clear: "say that a suspect point was looked at and is as good as any other",
  } as const;
  for (const decision of Object.keys(decisions) as (keyof typeof decisions)[]) {
    protection
      .command(`${decision}-point`)
      .argument("<id>")
      .argument("<point>")
      .description(decisions[decision])
      .option("--reason <text>", "why; it becomes part of the group's story")
      .action(async (id: string, point: string, _, used: Command) =>
        (await load()).decidePoint(decision, [id, point], optionsOf(used)),
      );
  }
  const orders = {
    pause: "make no more recovery points for now",
    resume: "make recovery points again",
    point: "make a recovery point now",
    delete: "end its protection and remove all its recovery points",
  } as const;
  for (const order of Object.keys(orders) as (keyof typeof orders)[]) {
    const command = protection.command(order).argument("<id>").description(orders[order]);
    if (order === "delete") command.option("--yes", "do not ask");
    command.action(async (id: string, _, used: Command) => (await load()).orderGroup(order, id, optionsOf(used)));
  }
}
