// Long because every command has its place here.
import { Command, Option } from "commander";
import type { MigrateOptions } from "./commands/migrate.ts";
import { collect, optionsOf } from "./commands/options.ts";
import type { DemoOptions } from "./demo/index.ts";
import { addAccess } from "./programs/access.ts";

import { addAddresses } from "./programs/addresses.ts";

import { addAlarms } from "./programs/alarms.ts";
import { addAlerts } from "./programs/alerts.ts";

import { addAudit } from "./programs/audit.ts";
import { addBurst } from "./programs/burst.ts";
import { addConnections } from "./programs/connections.ts";
import { addControlPlane } from "./programs/control-plane.ts";
import { addCosts } from "./programs/costs.ts";
import { addDoctor } from "./programs/doctor.ts";
import { addDecisions, addGuard } from "./programs/guard.ts";
import { addImage } from "./programs/image.ts";
import { addLogs } from "./programs/logs.ts";
import { addMaps, withMap } from "./programs/maps.ts";
import { addMcp } from "./programs/mcp.ts";
import { addMetrics } from "./programs/metrics.ts";
import { addTestOf, addTests, withTest } from "./programs/migration-tests.ts";
import { addPolicies } from "./programs/policies.ts";
import { addProtection } from "./programs/protection.ts";
import { addProxy } from "./programs/proxy.ts";
import { addRecovery } from "./programs/recovery.ts";
import { addRestores } from "./programs/restores.ts";
import { addSavings } from "./programs/savings.ts";
import { addSchedules } from "./programs/schedules.ts";
import { addSearch } from "./programs/search.ts";
import { addSiteWorkers } from "./programs/site-workers.ts";
import { addExecution, addOperations, addVmOperations } from "./programs/vms.ts";
import { addWaves } from "./programs/waves.ts";

const migrationStates =
  "running, queued, paused, awaiting-cutover, awaiting-finalize, undoing, undone, finalized, rolling-back, rolled-back, cancelled, failed";

/** The command line. Each command's code is loaded when it runs, so that --help is quick. */
export function buildProgram(): Command {
  const program = new Command("novacron")
    .description("Moves virtual machines between sites, durably, and proves it.")
    .option("--output <format>", "table, json or yaml", "table")
    .addOption(new Option("--instance <name>", "which stack on this machine").env("NOVACRON_INSTANCE"))
    .addOption(new Option("--api-url <url>", "an API that is not of a stack on this machine").env("NOVACRON_API_URL"))
    .addOption(new Option("--ca-file <file>", "an authority to trust for it (PEM)").env("NOVACRON_CA_FILE"))
    .addOption(new Option("--token-file <file>", "the file with the API token").env("NOVACRON_TOKEN_FILE"))
    .showHelpAfterError("Run novacron --help for what there is.");
  addStack(program);
  addMigrate(program);
  addMigrations(program);
  addMaps(program);
  addAddresses(program);
  addConnections(program);
  addRecovery(program);
  addTests(program);
  addWaves(program);
  addBurst(program);
  addSavings(program);
  addProtection(program);
  addRestores(program);
  addReading(program);
  addSearch(program);
  addCosts(program);
  addSchedules(program);
  addPolicies(program);
  addOperations(program);
  addSiteWorkers(program);
  addProxy(program);
  addAccess(program);
  addAudit(program);
  addLogs(program);
  addMetrics(program);
  addAlerts(program);
  addAlarms(program);
  addGuard(program);
  addDoctor(program);
  addMcp(program);
  addControlPlane(program);
  addImage(program);
  addBench(program);
  return program;
}

function addStack(program: Command): void {
  program
    .command("demo")
    .description("move a real guest from a private libvirt host to a simulated AWS and back, and prove it")
    .option("--json", "print the summary as JSON alone")
    .option("--keep", "leave everything up afterwards")
    .option("--chaos", "kill the worker in the middle of the copy and show it carrying on")
    .option("--route <name>", "aws, or onprem-b for another libvirt host", "aws")
    .action(async (_, command: Command) => {
      process.exitCode = await (await import("./demo/index.ts")).runDemo(optionsOf<DemoOptions>(command));
    });
  program
    .command("up")
    .description("bring the stack up and keep it up")
    .option("--config <file>", "configuration file (YAML)")
    .action(async (_, command: Command) => (await import("./commands/stack.ts")).up(optionsOf(command)));
  program
    .command("down")
    .description("end everything of the stack; data is kept")
    .option("--wipe", "remove the data too")
    .action(async (_, command: Command) => (await import("./commands/stack.ts")).down(optionsOf(command)));
  program
    .command("status")
    .description("what runs, and where it is reached")
    .action(async (_, command: Command) => (await import("./commands/stack.ts")).status(optionsOf(command)));
}

function addMigrate(program: Command): void {
  withMap(withTest(program.command("migrate")))
    .description("move a VM from one site to another")
    .argument("[vm]", "name or id at the source")
    .option("--from <site>", "where it is")
    .option("--to <site>", "where it goes")
    .option("--dry-run", "show the plan and start nothing")
    .option("--plan <id>", "carry out a plan that was made before, exactly")
    .option("--watch", "follow it until it is done")
    .option("--yes", "do not ask before starting")
    .addOption(
      new Option("--point <kind>", "stop: the target takes over; freeze: a copy of one moment").choices([
        "stop",
        "freeze",
      ]),
    )
    .option("--bandwidth <rate>", "at most this much, such as 500Mbps or 64MiB/s")
    .option("--instance-type <name>", "a size of the target, instead of the cheapest that fits")
    .option("--cpus <n>", "how many it shall have there")
    .option("--memory <size>", "how much it shall have there, such as 8GiB")
    .addOption(
      new Option("--capacity-type <type>", "spot is cheaper and may be taken back").choices(["on-demand", "spot"]),
    )
    .option("--burstable", "sizes whose CPU is on credit count too")
    .option("--probe-http <port/path>", "must answer 200 at the target (repeatable)", collect)
    .option("--probe-tcp <port>", "must accept connections at the target (repeatable)", collect)
    .addOption(
      new Option(
        "--mode <mode>",
        "cold (default): it is off meanwhile; warm: for the last difference only; live: it never stops, where both hosts can do that",
      ).choices(["cold", "warm", "live"]),
    )
    .option("--warm", "the same as --mode warm")
    .option("--cutover <when>", "of a warm one: when-ready (default), manual, or a time such as 2030-01-31T22:00:00Z")
    .option("--target-downtime <duration>", "of a warm one: ready when the downtime is predicted below this (30s)")
    .option("--round-pause <duration>", "of a warm one: between two rounds (30s)")
    .option("--start-at <time>", "touch nothing before, such as 2030-01-31T22:00:00Z")
    .option("--deadline <time>", "warn when the measured rate won't meet it")
    .option(
      "--hours <hours>",
      "begin and copy in these only, such as 'mon-fri 22:00-06:00', or any (repeatable)",
      collect,
    )
    .option(
      "--bandwidth-hours <hours rate>",
      "a limit then, such as 'mon-fri 08:00-18:00 100Mbps' (repeatable)",
      collect,
    )
    .option("--time-zone <zone>", "whose clocks these hours mean, such as Europe/Berlin (UTC)")
    .addOption(new Option("--prepare <mode>", "put what the guest lacks into its clone").choices(["auto", "off"]))
    .addOption(new Option("--identity <choice>", "of the guest: host keys, machine id").choices(["keep", "renew"]))
    .option(
      "--proxy <proxy/listener:port>",
      "hold requests there and send them to that port of it (repeatable)",
      collect,
    )
    .option(
      "--dns <site/zone/type/name=value>",
      "point a record to it: an address, a name, or :PORT (repeatable)",
      collect,
    )
    .option("--pool <site/pool:port>", "put that port of it into a load balancer's pool (repeatable)", collect)
    .option("--low-ttl <duration>", "of these records, from ahead of the cutover until the finalize (30s)")
    .option("--hold-at-most <duration>", "how long a proxy may hold (120s)")
    .option("--probe-url <url>", "measure the gap of the application's answers with it")
    .option("--undo-window <duration>", "how long undo brings it home with what it wrote, such as 24h")
    .option("--undo-map <name>", "a map from the target to the source, for its way home")
    .option("--test", "move nothing: boot a copy at the target, where it reaches nobody, and remove it")
    .option("--no-incremental", "move everything though the target holds an earlier state")
    .action(async (vm: string | undefined, _, command: Command) =>
      (await import("./commands/migrate.ts")).migrate(vm, optionsOf<MigrateOptions>(command)),
    );
}

function addMigrations(program: Command): void {
  const migrations = program.command("migrations").description("migrations that run or ran");
  migrations
    .command("list")
    .description("the newest first")
    .option("--state <state>", migrationStates)
    .option("--vm <name>", "name, or id at the source")
    .option("--limit <rows>", "only the newest")
    .action(async (_, command: Command) =>
      (await import("./commands/migrations.ts")).listMigrations(optionsOf(command)),
    );
  migrations
    .command("statistics")
    .description("what all of them add up to: states, bytes, rates, downtime, by route")
    .option("--since <time>", "of those created then or later")
    .option("--until <time>", "of those created before then")
    .action(async (_, command: Command) =>
      (await import("./commands/migration-statistics.ts")).migrationStatistics(optionsOf(command)),
    );
  migrations
    .command("show")
    .argument("<id>")
    .description("where one stands")
    .option("--watch", "follow it until it is done")
    .action(async (id: string, _, command: Command) =>
      (await import("./commands/migrations.ts")).showMigration(id, optionsOf(command)),
    );
  migrations
    .command("certificate")
    .argument("<id>")
    .description("the proof of a move, as JSON")
    .option("--file <file>", "write it there")
    .action(async (id: string, _, command: Command) =>
      (await import("./commands/migrations.ts")).saveCertificate(id, optionsOf(command)),
    );
  addTestOf(migrations);
  const orders = {
    pause: "pause after the bytes in flight",
    resume: "go on where it was paused",
    cancel: "stop it and roll back",
    cutover: "cut a warm one over now",
    undo: "bring a VM home with what it wrote, within its undo window",
    rollback: "take a completed one back: the target is removed",
  } as const;
  for (const order of Object.keys(orders) as (keyof typeof orders)[]) {
    const command = migrations.command(order).argument("<id>").description(orders[order]);
    if (["rollback", "undo"].includes(order)) command.option("--yes", "do not ask");
    command.action(async (id: string, _, used: Command) =>
      (await import("./commands/migrations.ts")).orderMigration(order, id, optionsOf(used)),
    );
  }
  migrations
    .command("finalize")
    .argument("[id]", "of the migration")
    .description("make a completed one final: exactly what its plan names is deleted")
    .option("--dry-run", "show what would go and what stays")
    .option("--plan <id>", "carry out a dry run that was made before, exactly")
    .option("--confirm <name>", "the name of the VM whose source goes, instead of being asked (repeatable)", collect)
    .action(async (id: string | undefined, _, command: Command) =>
      (await import("./commands/migrations.ts")).finalizeMigration(id, optionsOf(command)),
    );
}

function addReading(program: Command): void {
  const plans = program.command("plans").description("pinned plans");
  addDecisions(plans);
  addExecution(plans);
  plans
    .command("show")
    .argument("<id>")
    .description("a plan as it was pinned")
    .action(async (id: string, _, command: Command) =>
      (await import("./commands/plans.ts")).showPlan(id, optionsOf(command)),
    );
  const vms = program.command("vms").description("virtual machines of all sites");
  addVmOperations(vms);
  vms
    .command("list")
    .description("VMs of all sites")
    .option("--site <site>", "of one site only")
    .option("--state <state>", "running, stopped, paused, starting, stopping, crashed, unknown")
    .option("--name <name>", "an exact name, or its beginning and *")
    .option("--refresh", "read the sites first")
    .action(async (_, command: Command) => (await import("./commands/inventory.ts")).listVms(optionsOf(command)));
  const providers = program.command("providers").description("kinds of sites, and the sites");
  providers
    .command("list")
    .description("what there is, and what it can't do")
    .action(async (_, command: Command) => (await import("./commands/inventory.ts")).listProviders(optionsOf(command)));
  providers
    .command("check")
    .argument("[site]", "default: all of them")
    .description("reachability, credentials, permissions, versions")
    .action(async (site: string | undefined, _, command: Command) =>
      (await import("./commands/inventory.ts")).checkProviders(site, optionsOf(command)),
    );
  program
    .command("prices")
    .description("price lists of clouds")
    .command("list")
    .description("what things cost, as of which day")
    .option("--provider <kind>", "of one cloud: aws, azure, gcp, oci")
    .option("--region <region>", "of one region")
    .option("--kind <kind>", "instance, disk, snapshot, egress, address, cpu, memory")
    .option("--terms <terms>", "on-demand, spot, reserved-1y, reserved-3y")
    .option("--item <name>", "an exact name, or its beginning and *")
    .option("--cpus <n>", "instance types with at least so many")
    .option("--memory <size>", "instance types with at least so much, such as 16GiB")
    .option("--architecture <name>", "x86_64 or aarch64")
    .option("--cheapest", "the cheapest first")
    .option("--limit <rows>", "at most so many. Default 100")
    .action(async (_, command: Command) => (await import("./commands/prices.ts")).listPrices(optionsOf(command)));
  program
    .command("certificate")
    .description("proofs of moves")
    .command("verify")
    .argument("<file>", "a certificate as JSON")
    .description("read the certified disks again and compare")
    .action(async (file: string, _, command: Command) =>
      (await import("./commands/certificate.ts")).verifyCertificate(file, optionsOf(command)),
    );
}

function addBench(program: Command): void {
  program
    .command("bench")
    .argument("[name]", "which one; --list names them")
    .description("measure it on this machine, beside a peer")
    .option("--list", "name the benches")
    .option("--json", "print the report as JSON; how it goes on is on stderr all the same")
    .option("--check", "exit 1 where a goal is not met")
    .option("--runs <n>", "how often to repeat")
    .option("--seed <n>", "repeat the draws of an earlier run")
    .option("--size <GiB>", "convert: the image's size (default 4)")
    .option("--resources <n>", "inventory: how many there are (default 1000000)")
    .option("--rows <n>", "cost-scan: how many cost rows (default 10000000)")
    .option("--load <file>", "burst-replay: load traces, CSV with the columns trace, ts_utc, requests; .gz too")
    .option(
      "--pairs <from:to,...>",
      "convert, routes: only these pairs of formats or kinds of site; any stands for all",
    )
    .option("--traces <file>", "savings, forecast: a month of VMs' use, Parquet or CSV; made up without")
    .option("--vms <file>", "savings, forecast: what those VMs have")
    .option("--next-month <file>", "savings, forecast: their use in the following month")
    .action(async (name: string | undefined, _, command: Command) => {
      process.exitCode = await (await import("./commands/bench.ts")).bench(name, optionsOf(command));
    });
}
