import type { Command } from "commander";
import { optionsOf } from "../commands/options.ts";

const load = () => import("../commands/burst.ts");

/** VMs that come and go with a load. */
export function addBurst(program: Command): void {
  const burst = program.command("burst").description("VMs that come and go with the load of a site");
  burst
    .command("pools")
    .description("all of them")
    .action(async (_, command: Command) => (await load()).listPools(optionsOf(command)));
  burst
    .command("create")
    .description("have VMs come and go with the load of a site")
    .requiredOption("--file <file>", "the pool as YAML or JSON, as POST /v1/burst-pools takes it")
    .action(async (_, command: Command) => (await load()).createPool(optionsOf(command)));
  burst
    .command("change")
    .argument("<pool>")
    .description("give it other settings; VMs that are there stay as they are")
    .requiredOption("--file <file>", "all of its settings, as for create")
    .action(async (pool: string, _, command: Command) => (await load()).changePool(pool, optionsOf(command)));
  burst
    .command("delete")
    .argument("<pool>")
    .description("end it: its VMs are drained and removed")
    .option("--yes", "do not ask")
    .action(async (pool: string, _, command: Command) => (await load()).deletePool(pool, optionsOf(command)));
  burst
    .command("order")
    .argument("<pool>")
    .argument("<vms>", "how many; 0 leaves it to the load again")
    .description("have at least so many VMs, whatever the load is")
    .action(async (pool: string, vms: string, _, command: Command) =>
      (await load()).orderBurst(pool, vms, optionsOf(command)),
    );
  burst
    .command("release")
    .argument("<pool>")
    .description("drain and remove all of its VMs now")
    .option("--yes", "do not ask")
    .action(async (pool: string, _, command: Command) => (await load()).releaseBurst(pool, optionsOf(command)));
  burst
    .command("explain")
    .argument("<pool>")
    .description("what it decided and why, also where it did nothing")
    .option("--last <n>", "so many decisions (default 10)")
    .action(async (pool: string, _, command: Command) => (await load()).explainPool(pool, optionsOf(command)));
  burst
    .command("leases")
    .argument("<pool>")
    .description("its VMs from their order to their end")
    .action(async (pool: string, _, command: Command) => (await load()).listLeases(pool, optionsOf(command)));
  burst
    .command("what-if")
    .argument("<pool>")
    .description("what other settings would have made of the load that was")
    .option("--from <time>", "ISO 8601 (default: 30 days ago)")
    .option("--to <time>", "ISO 8601 (default: now)")
    .option("--threshold <n>", "of its first utilisation")
    .option("--target <n>", "what the pool is sized to")
    .option("--release-under <n>", "the bound for giving back")
    .option("--sustain <duration>", "how long a breach lasts, such as 5m")
    .option("--cooldown <duration>", "such as 10m")
    .option("--max-vms <n>", "at most so many")
    .option("--over-minute-worth <n>", "with a forecast: VM-hours that a minute above the threshold is worth")
    .action(async (pool: string, _, command: Command) => (await load()).replayPool(pool, optionsOf(command)));
}
