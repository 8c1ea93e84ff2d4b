import { randomUUID } from "node:crypto";
import { answerOf, type ConnectedApi, connectApi, type Schemas } from "../client.ts";
import { confirm, confirmNames } from "../confirm.ts";
import { CliError, usageError } from "../failure.ts";
import { show } from "../output.ts";
import { readCount, readSeconds, readSize } from "../units.ts";
import { describeOperation, requireDone, watchOperation } from "./operations.ts";
import type { CommonOptions } from "./options.ts";
import { describePlan, notExecutable } from "./plans.ts";

type Action = Schemas["OperateVmsRequest"]["action"];
type Plan = Schemas["Plan"];

export interface RunOptions extends CommonOptions {
  readonly dryRun?: boolean;
  readonly watch?: boolean;
  readonly yes?: boolean;
  readonly confirm?: readonly string[];
}

export interface OperateOptions extends RunOptions {
  readonly site?: string;
  readonly grace?: string;
  readonly cpus?: string;
  readonly memory?: string;
  readonly instanceType?: string;
  readonly burstable?: boolean;
  readonly restart?: boolean;
  readonly keepDisks?: boolean;
  readonly deleteSnapshots?: boolean;
  readonly releaseAddresses?: boolean;
  readonly parallel?: string;
  readonly query?: string;
  readonly vm?: readonly string[];
}

const actions: readonly Action[] = ["start", "stop", "resize", "delete"];

/** Plans, shows the plan, and carries out exactly that one. */
export async function operateVm(action: Action, vm: string, options: OperateOptions): Promise<void> {
  const connected = connectApi(options);
  const site = options.site ?? (await siteOf(connected, vm));
  const request = { action, vms: [{ site, vm }], ...readWishes(options) };
  const body = { kind: "operate_vms" as const, request };
  await carryOut(connected, await answerOf(connected.api.POST("/v1/plans", { body })), options);
}

export async function operateMany(text: string, options: OperateOptions): Promise<void> {
  const action = actions.find((candidate) => candidate === text);
  if (!action) throw usageError(`There is no action ${text}`, `Use one of: ${actions.join(", ")}.`);
  const { query, vm } = options;
  if ((query === undefined) === (vm === undefined)) {
    throw usageError("Either --query or --vm says which VMs", "For example: --query 'tag.env=test state:running'");
  }
  const which = query === undefined ? { vms: (vm ?? []).map(readReference) } : { query };
  const connected = connectApi(options);
  const body = { action, ...which, ...readWishes(options), dry_run: true };
  const plan = await answerOf(connected.api.POST("/v1/vms/bulk", { body }));
  if (!("hash" in plan)) throw new CliError("The API started it instead of planning it", "");
  await carryOut(connected, plan, options);
}

export async function executePlan(id: string, options: RunOptions): Promise<void> {
  const connected = connectApi(options);
  const plan = await answerOf(connected.api.GET("/v1/plans/{id}", { params: { path: { id } } }));
  await carryOut(connected, plan, options);
}

/** Shows it and stops there for a dry run; else asks, starts it, and follows it where that was asked for. */
export async function carryOut(connected: ConnectedApi, plan: Plan, options: RunOptions): Promise<void> {
  if (options.dryRun) {
    await show(plan, options.output, describePlan);
    return;
  }
  if (!plan.executable) throw notExecutable(plan);
  const names = await agreed(plan, options);
  const body = { plan_id: plan.plan_id, plan_hash: plan.hash, ...(names ? { confirm: names } : {}) };
  // One key for this command: when the answer is lost on its way, asking again starts nothing twice.
  const header = { "Idempotency-Key": randomUUID() };
  const started = await answerOf(connected.api.POST("/v1/operations", { body, params: { header } }));
  if (!options.watch) {
    await show(started, options.output, ({ operation_id: id }) =>
      [`Started operation ${id}`, `Follow it: novacron operations show ${id} --watch`].join("\n"),
    );
    return;
  }
  const ended = await watchOperation(connected, started.operation_id);
  await show(ended, options.output, describeOperation);
  requireDone(ended);
}

/** For a delete the names of what goes, as a person typed them or `--confirm` gave them. */
async function agreed(plan: Plan, options: RunOptions): Promise<string[] | undefined> {
  if (plan.kind === "delete-vm") {
    return confirmNames((plan.inputs.names ?? []) as string[], options.confirm, () => describePlan(plan));
  }
  if (process.stdin.isTTY && process.stderr.isTTY && !options.yes) {
    process.stderr.write(`${await describePlan(plan)}\n\n`);
    await confirm("Carry this out?", false);
  }
  return undefined;
}

function readWishes(options: OperateOptions): Partial<Omit<Schemas["OperateVmsRequest"], "action" | "vms">> {
  const { grace, cpus, memory, instanceType, burstable, restart, parallel } = options;
  const { keepDisks, deleteSnapshots, releaseAddresses } = options;
  return {
    ...(grace ? { stop_grace_ms: Math.round(readSeconds(grace) * 1000) } : {}),
    ...(cpus ? { cpus: readCount(cpus) } : {}),
    ...(memory ? { memory_bytes: readSize(memory) } : {}),
    ...(instanceType ? { instance_type: instanceType } : {}),
    ...(burstable ? { burstable } : {}),
    ...(restart ? { restart } : {}),
    ...(keepDisks ? { keep_disks: keepDisks } : {}),
    ...(deleteSnapshots ? { delete_snapshots: deleteSnapshots } : {}),
    ...(releaseAddresses ? { release_addresses: releaseAddresses } : {}),
    ...(parallel ? { parallel: readCount(parallel) } : {}),
  };
}

/** Where the inventory has it, when only one site does. */
async function siteOf({ api }: ConnectedApi, vm: string): Promise<string> {
  const { items } = await answerOf(api.GET("/v1/vms", { params: { query: { name: vm, limit: 2 } } }));
  const [only, second] = items;
  if (only && !second) return only.site;
  throw usageError(
    only ? `More than one VM is called ${vm}` : `The inventory has no VM called ${vm}`,
    "Say where it is with --site, and name it by its id where the name is not enough.",
  );
}

function readReference(text: string): Schemas["VmReference"] {
  const at = text.indexOf("/");
  if (at > 0 && at < text.length - 1) return { site: text.slice(0, at), vm: text.slice(at + 1) };
  throw usageError(`${text} names no VM`, "Write SITE/VM, with the VM's id or name.");
}
