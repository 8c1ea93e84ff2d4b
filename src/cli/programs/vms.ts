import { type Command, Option } from "commander";
import { collect, optionsOf } from "../commands/options.ts";

const load = () => import("../commands/vm-operations.ts");

/** What is done to VMs, beside what lists them. */
export function addVmOperations(vms: Command): void {
  addCreate(vms);
  withRun(vms.command("start").argument("<vm>", "id, or name where only one has it")).action(
    async (vm: string, _, command: Command) => (await load()).operateVm("start", vm, optionsOf(command)),
  );
  withStop(withRun(vms.command("stop").argument("<vm>", "id, or name where only one has it"))).action(
    async (vm: string, _, command: Command) => (await load()).operateVm("stop", vm, optionsOf(command)),
  );
  withSize(withStop(withRun(vms.command("resize").argument("<vm>", "id, or name where only one has it")))).action(
    async (vm: string, _, command: Command) => (await load()).operateVm("resize", vm, optionsOf(command)),
  );
  withRemoval(withRun(vms.command("delete").argument("<vm>", "id, or name where only one has it"))).action(
    async (vm: string, _, command: Command) => (await load()).operateVm("delete", vm, optionsOf(command)),
  );
  const bulk = vms
    .command("bulk")
    .argument("<action>", "start, stop, resize or delete")
    .description("do it to all VMs that a search finds, a few at a time; one's failure stops no other")
    .option("--query <search>", "which ones, such as 'tag.env=test state:running'")
    .option("--vm <site/vm>", "one of them (repeatable), instead of a search", collect)
    .option("--parallel <n>", "VMs at the same time. Default 4");
  withRemoval(withSize(withStop(withRun(bulk)))).action(async (action: string, _, command: Command) =>
    (await load()).operateMany(action, optionsOf(command)),
  );
}

function addCreate(vms: Command): void {
  const create = vms
    .command("create")
    .argument("<name>")
    .description("make a VM, at a site or at the cheapest that has what it needs")
    .requiredOption("--cpus <n>", "how many")
    .requiredOption("--memory <size>", "how much, such as 8GiB")
    .option("--site <site>", "where; without it the cheapest that satisfies the rest")
    .option("--region <region>", "only there: exact, or a beginning and * (repeatable)", collect)
    .option("--residency <place>", "only where the configuration says that data stays in that place, such as eu")
    .option("--spot", "capacity that may be taken back will do, if it is cheaper")
    .option("--instance-type <name>", "a size of the site, instead of the cheapest that fits")
    .option("--burstable", "sizes whose CPU is on credit count too")
    .option("--image <name>", "what it boots from: a name or id at the site")
    .option("--recovery-point <id>", "what it boots from, instead of an image")
    .option("--boot-disk <size>", "of an image's disk; default the image's own")
    .option("--disk <size[:type]>", "an empty disk, such as 20GiB or 20GiB:gp3 (repeatable)", collect)
    .addOption(new Option("--architecture <name>", "default x86_64").choices(["x86_64", "aarch64"]))
    .addOption(new Option("--firmware <kind>", "default what the image says, else bios").choices(["bios", "uefi"]))
    .option("--network <name>", "name or id; default the site's default")
    .option("--security-group <name>", "name or id (repeatable)", collect)
    .option("--public-address", "give it an address that the internet can reach")
    .option("--encryption-key <name>", "a key of yours at the site, for its disks")
    .option("--publish <port>", "a guest's port that must be reachable from the site (repeatable)", collect)
    .option("--tag <key=value>", "a tag (repeatable)", collect)
    .option("--stopped", "leave it off");
  withRun(create).action(async (name: string, _, command: Command) =>
    (await import("../commands/create-vm.ts")).createVm(name, optionsOf(command)),
  );
}

export function addOperations(program: Command): void {
  const operations = program.command("operations").description("what was done to VMs, or is being done");
  operations
    .command("list")
    .description("the newest first")
    .addOption(
      new Option("--state <state>", "of one state").choices(["running", "done", "partly-done", "failed", "cancelled"]),
    )
    .action(async (_, command: Command) =>
      (await import("../commands/operations.ts")).listOperations(optionsOf(command)),
    );
  operations
    .command("show")
    .argument("<id>")
    .description("the report, VM by VM")
    .option("--watch", "follow it until it is done")
    .action(async (id: string, _, command: Command) =>
      (await import("../commands/operations.ts")).showOperation(id, optionsOf(command)),
    );
  operations
    .command("cancel")
    .argument("<id>")
    .description("begin no further VM, and undo what is half done")
    .action(async (id: string, _, command: Command) =>
      (await import("../commands/operations.ts")).cancelOperation(id, optionsOf(command)),
    );
}

/** Carrying out what was planned before, beside what shows plans. */
export function addExecution(plans: Command): void {
  plans
    .command("execute")
    .argument("<id>")
    .description("carry out a plan for VMs exactly as it was pinned")
    .option("--confirm <name>", "of a delete: the name of a VM that goes (repeatable)", collect)
    .option("--watch", "follow it until it is done")
    .option("--yes", "do not ask before starting")
    .action(async (id: string, _, command: Command) => (await load()).executePlan(id, optionsOf(command)));
}

const descriptions: Readonly<Record<string, string>> = {
  start: "start a VM",
  stop: "shut a VM down; turn it off when its guest doesn't",
  resize: "give a VM another size",
  delete: "delete a VM with its disks, for good",
};

function withRun(command: Command): Command {
  const description = descriptions[command.name()];
  if (description !== undefined) command.description(description).option("--site <site>", "where it is");
  return command
    .option("--dry-run", "show the plan and start nothing")
    .option("--watch", "follow it until it is done")
    .option("--yes", "do not ask before starting");
}

function withStop(command: Command): Command {
  return command.option("--grace <duration>", "how long a guest may take to shut down (60s)");
}

function withSize(command: Command): Command {
  return command
    .option("--cpus <n>", "how many it shall have")
    .option("--memory <size>", "how much it shall have, such as 8GiB")
    .option("--instance-type <name>", "a size of the site, instead of the cheapest that fits")
    .option("--burstable", "sizes whose CPU is on credit count too")
    .option("--restart", "stop a running VM for it, and start it again");
}

function withRemoval(command: Command): Command {
  return command
    .option("--keep-disks", "delete the VM alone")
    .option("--delete-snapshots", "also the snapshots of its disks")
    .option("--release-addresses", "also the addresses that it holds")
    .option("--confirm <name>", "the name of a VM that goes, instead of being asked (repeatable)", collect);
}
