import type { Command } from "commander";
import { optionsOf } from "../commands/options.ts";

const load = () => import("../commands/recovery.ts");

/** Failovers and drills of protection groups, and the plans that they follow. */
export function addRecovery(program: Command): void {
  const recovery = program
    .command("recovery")
    .description("fail a protection group over, drill that, and the plan that both follow");
  const plan = recovery.command("plan").description("how a group is brought up: boot groups, steps, records");
  plan
    .command("show")
    .argument("<group>", "id")
    .description("what it says, and how far it can be trusted")
    .option("--version <number>", "as it was then")
    .action(async (group: string, _, command: Command) => (await load()).showRecoveryPlan(group, optionsOf(command)));
  plan
    .command("set")
    .argument("<group>", "id")
    .argument("<file>", "in YAML or JSON, as the body of POST /v1/recovery-plans/{id}")
    .description("make it, or change all of it to what the file says")
    .action(async (group: string, file: string, _, command: Command) =>
      (await load()).setRecoveryPlan(group, file, optionsOf(command)),
    );
  plan
    .command("delete")
    .argument("<group>", "id")
    .description("remove it; all the group's VMs would come up at once")
    .option("--yes", "do not ask")
    .action(async (group: string, _, command: Command) => (await load()).deleteRecoveryPlan(group, optionsOf(command)));
  addStarts(recovery);
  recovery
    .command("runs")
    .argument("<group>", "id")
    .description("failovers and drills, the newest first, with what was measured")
    .option("--mode <mode>", "failover, switchover or drill")
    .action(async (group: string, _, command: Command) => (await load()).listRecoveryRuns(group, optionsOf(command)));
  recovery
    .command("show")
    .argument("<run>")
    .description("each step with its times, and what was measured")
    .option("--watch", "follow it until it has ended or waits for somebody")
    .action(async (run: string, _, command: Command) => (await load()).showRecoveryRun(run, optionsOf(command)));
  addOrders(recovery);
}

function addStarts(recovery: Command): void {
  recovery
    .command("start")
    .argument("[group]", "id")
    .description("fail over: fence the site that serves, and bring the group up from its newest point")
    .option("--plan <id>", "carry out a dry run that was made before, exactly")
    .option("--planned", "stop the VMs first and move what they wrote last: nothing is lost")
    .option("--reason <text>", "why; it is kept with the run")
    .option("--point <id>", "this recovery point instead of the newest")
    .option("--before <time>", "the newest point that is no later")
    .option("--outage-at <time>", "when the outage began; what is lost is counted from then")
    .option("--dry-run", "show the plan and start nothing")
    .option("--watch", "follow it until it has ended or waits for somebody")
    .option("--yes", "do not ask")
    .action(async (group: string | undefined, _, command: Command) =>
      (await load()).startFailover(group, optionsOf(command)),
    );
  recovery
    .command("drill")
    .argument("<group>", "id")
    .description("carry the plan out with clones where nobody is reached, while everything goes on")
    .option("--reason <text>", "why; it is kept with the run")
    .option("--point <id>", "this recovery point instead of the newest")
    .option("--dry-run", "show the plan and start nothing")
    .option("--watch", "follow it to its end")
    .action(async (group: string, _, command: Command) => (await load()).startDrill(group, optionsOf(command)));
}

function addOrders(recovery: Command): void {
  recovery
    .command("done")
    .argument("<run>")
    .argument("<boot-group>")
    .argument("<step>")
    .description("say that a manual step is done")
    .option("--note <text>", "kept with the step")
    .action(async (run: string, group: string, step: string, _, command: Command) =>
      (await load()).stepDone(run, group, step, optionsOf(command)),
    );
  recovery
    .command("confirm-fencing")
    .argument("<run>")
    .description("say that nothing of the group writes at the old site any more, where nothing else proves it")
    .requiredOption("--made-sure-of <text>", "of what, in your words; it is kept")
    .action(async (run: string, _, command: Command) => (await load()).confirmFencing(run, optionsOf(command)));
  recovery
    .command("retry")
    .argument("<run>")
    .description("try the steps again that failed")
    .action(async (run: string, _, command: Command) => (await load()).retryRecovery(run, optionsOf(command)));
  recovery
    .command("give-up")
    .argument("<run>")
    .description("remove what it made; the group stands as before it")
    .option("--yes", "do not ask")
    .action(async (run: string, _, command: Command) => (await load()).giveUpRecovery(run, optionsOf(command)));
}
