import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { allPages, answerOf, type ConnectedApi, connectApi, type Schemas } from "../client.ts";
import { confirm } from "../confirm.ts";
import { CliError, usageError } from "../failure.ts";
import { fields, show, table } from "../output.ts";
import { readTextFile } from "../text-file.ts";
import { formatSeconds, readCount } from "../units.ts";
import type { CommonOptions } from "./options.ts";
import { describePlan, notExecutable } from "./plans.ts";

type Run = Schemas["RecoveryRun"];
type Detail = Schemas["RecoveryRunDetail"];
type RecoveryPlan = Schemas["RecoveryPlan"];
type Request = Schemas["RecoveryRequest"];

const pollMs = 500;
const ended: readonly Run["state"][] = ["done", "failed", "given-up"];
const waiting: readonly Run["state"][] = ["waiting", "attention"];

export interface StartOptions extends CommonOptions {
  readonly plan?: string;
  readonly planned?: boolean;
  readonly reason?: string;
  readonly point?: string;
  readonly before?: string;
  readonly outageAt?: string;
  readonly dryRun?: boolean;
  readonly watch?: boolean;
  readonly yes?: boolean;
}

export async function showRecoveryPlan(id: string, options: CommonOptions & { version?: string }): Promise<void> {
  const { api } = connectApi(options);
  const query = options.version === undefined ? {} : { version: readCount(options.version) };
  const plan = await answerOf(api.GET("/v1/recovery-plans/{id}", { params: { path: { id }, query } }));
  await show(plan, options.output, describeRecoveryPlan);
}

export async function setRecoveryPlan(id: string, file: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const { parse } = await import("yaml");
  const body = parse(await readTextFile(file)) as Schemas["NewRecoveryPlan"];
  const params = { path: { id }, header: { "Idempotency-Key": randomUUID() } };
  const plan = await answerOf(api.POST("/v1/recovery-plans/{id}", { params, body }));
  await show(plan, options.output, (set) => `The recovery plan of ${set.group_id} is in version ${set.version}.`);
}

export async function deleteRecoveryPlan(id: string, options: CommonOptions & { yes?: boolean }): Promise<void> {
  const { api } = connectApi(options);
  await confirm(`Remove the recovery plan of ${id}?`, options.yes ?? false);
  const params = { path: { id }, header: { "Idempotency-Key": randomUUID() } };
  const removed = await answerOf(api.DELETE("/v1/recovery-plans/{id}", { params }));
  await show(removed, options.output, (plan) => `The recovery plan of ${plan.group_id} is removed.`);
}

export async function startFailover(group: string | undefined, options: StartOptions): Promise<void> {
  if (options.plan !== undefined) {
    if (group !== undefined) throw usageError("--plan carries out a plan exactly as it is", "Leave the group out.");
    const { api } = connectApi(options);
    return start(await answerOf(api.GET("/v1/plans/{id}", { params: { path: { id: options.plan } } })), options);
  }
  if (group === undefined) throw usageError("Which group?", "Name it, or a plan with --plan.");
  if (options.reason === undefined) throw usageError("Why?", "Say it with --reason; it is kept with the run.");
  await planAndStart(
    { group_id: group, mode: options.planned ? "switchover" : "failover", reason: options.reason },
    options,
  );
}

export async function startDrill(group: string, options: StartOptions): Promise<void> {
  await planAndStart(
    { group_id: group, mode: "drill", reason: options.reason ?? "drill by hand" },
    { ...options, yes: true },
  );
}

/** Plans, and starts exactly that. */
async function planAndStart(what: Pick<Request, "group_id" | "mode" | "reason">, options: StartOptions): Promise<void> {
  const { api } = connectApi(options);
  const { point, before, outageAt } = options;
  const request: Request = {
    ...what,
    ...(point === undefined ? {} : { point_id: point }),
    ...(before === undefined ? {} : { before }),
    ...(outageAt === undefined ? {} : { outage_at: outageAt }),
  };
  await start(await answerOf(api.POST("/v1/plans", { body: { kind: "recover_group", request } })), options);
}

async function start(plan: Schemas["Plan"], options: StartOptions): Promise<void> {
  const connected = connectApi(options);
  const { api } = connected;
  if (options.dryRun) return show(plan, options.output, describePlan);
  if (!plan.executable) throw notExecutable(plan);
  if (plan.inputs.mode !== "drill") {
    process.stderr.write(`${await describePlan(plan)}\n`);
    await confirm(`Fail ${String(plan.inputs.group)} over to ${String(plan.inputs.to)}?`, options.yes ?? false);
  }
  const header = { "Idempotency-Key": randomUUID() };
  const body = { plan_id: plan.plan_id, plan_hash: plan.hash };
  const started = await answerOf(api.POST("/v1/recovery-runs", { body, params: { header } }));
  if (!("run_id" in started)) throw new CliError("The API answered with a plan instead of a run", "");
  if (options.watch) return follow(connected, started.run_id, options);
  await show(started, options.output, ({ run_id: id }) =>
    [`Started run ${id}`, `Follow it: novacron recovery show ${id} --watch`].join("\n"),
  );
}

export async function listRecoveryRuns(group: string, options: CommonOptions & { mode?: string }): Promise<void> {
  const { api } = connectApi(options);
  const mode = options.mode === undefined ? {} : { mode: options.mode as Run["mode"] };
  const runs = await allPages((cursor) =>
    answerOf(
      api.GET("/v1/recovery-runs", {
        params: { query: { group_id: group, limit: 200, ...mode, ...(cursor ? { cursor } : {}) } },
      }),
    ),
  );
  await show(runs, options.output, (items) =>
    table(
      items,
      [
        { head: "RUN", value: (run) => run.run_id },
        { head: "MODE", value: (run) => run.mode },
        { head: "STATE", value: (run) => run.state },
        { head: "RTO", align: "right", value: (run) => measured(run.report?.rto_seconds) },
        { head: "RPO", align: "right", value: (run) => measured(run.report?.rpo_seconds) },
        { head: "STARTED", value: (run) => run.created_at },
        { head: "REASON", value: (run) => run.reason },
      ],
      "There were none.",
    ),
  );
}

export async function showRecoveryRun(id: string, options: CommonOptions & { watch?: boolean }): Promise<void> {
  const connected = connectApi(options);
  if (options.watch) await follow(connected, id, options);
  else await show(await readRun(connected, id), options.output, describeRun);
}

export async function stepDone(
  id: string,
  bootGroup: string,
  step: string,
  options: CommonOptions & { note?: string },
): Promise<void> {
  const { api } = connectApi(options);
  const params = { path: { id }, header: { "Idempotency-Key": randomUUID() } };
  const body = { boot_group: bootGroup, step, ...(options.note === undefined ? {} : { note: options.note }) };
  await tell(answerOf(api.POST("/v1/recovery-runs/{id}/step-done", { params, body })), options);
}

export async function confirmFencing(id: string, options: CommonOptions & { madeSureOf: string }): Promise<void> {
  const { api } = connectApi(options);
  const params = { path: { id }, header: { "Idempotency-Key": randomUUID() } };
  const body = { made_sure_of: options.madeSureOf };
  await tell(answerOf(api.POST("/v1/recovery-runs/{id}/confirm-fencing", { params, body })), options);
}

export async function retryRecovery(id: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const params = { path: { id }, header: { "Idempotency-Key": randomUUID() } };
  await tell(answerOf(api.POST("/v1/recovery-runs/{id}/retry", { params })), options);
}

export async function giveUpRecovery(id: string, options: CommonOptions & { yes?: boolean }): Promise<void> {
  const { api } = connectApi(options);
  await confirm(`Give run ${id} up, and remove what it made?`, options.yes ?? false);
  const params = { path: { id }, header: { "Idempotency-Key": randomUUID() } };
  await tell(answerOf(api.POST("/v1/recovery-runs/{id}/give-up", { params })), options);
}

async function tell(told: Promise<Run>, options: CommonOptions): Promise<void> {
  await show(await told, options.output, ({ run_id: id, state }) =>
    [`Run ${id} was told, and is ${state}`, `Follow it: novacron recovery show ${id} --watch`].join("\n"),
  );
}

/** Shows each step on stderr as it begins. @throws CliError unless it is done. */
async function follow(connected: ConnectedApi, id: string, options: CommonOptions): Promise<void> {
  let told = -1;
  for (;;) {
    const run = await readRun(connected, id);
    for (const { position, detail, vm } of run.steps) {
      if (position <= told) continue;
      process.stderr.write(`${vm === undefined ? "" : `${vm}: `}${detail}\n`);
      told = position;
    }
    if (ended.includes(run.state) || waiting.includes(run.state)) {
      await show(run, options.output, describeRun);
      if (run.state === "done" || waiting.includes(run.state)) return;
      throw new CliError(`The run is ${run.state}: ${run.problem?.message ?? ""}`, "See its steps above.");
    }
    await sleep(pollMs);
  }
}

function readRun({ api }: ConnectedApi, id: string): Promise<Detail> {
  return answerOf(api.GET("/v1/recovery-runs/{id}", { params: { path: { id } } }));
}

function measured(seconds: number | undefined): string {
  return seconds === undefined ? "" : formatSeconds(seconds);
}

async function describeRun(run: Detail): Promise<string> {
  const { report, problem, steps } = run;
  const left = (problem?.left_behind ?? []).map(({ resource, remove }) => `  ${resource}\n    see ${remove}`);
  const took = (begun: string, end: string | undefined) =>
    end === undefined ? "" : formatSeconds((Date.parse(end) - Date.parse(begun)) / 1000);
  const listed = await table(
    steps,
    [
      { head: "STEP", value: (step) => step.step },
      { head: "VM", value: (step) => step.vm ?? step.boot_group ?? "" },
      { head: "STATE", value: (step) => step.state },
      { head: "TOOK", align: "right", value: (step) => took(step.started_at, step.ended_at) },
      { head: "DETAIL", value: (step) => step.problem?.message ?? step.outcome ?? step.detail },
    ],
    "No steps.",
  );
  return [
    fields([
      ["Run", run.run_id],
      ["What", `${run.mode} of ${run.group_id}: ${run.from} → ${run.to}`],
      ["Reason", run.reason],
      ["State", run.state],
      ["Waits for", run.waits_for],
      ["Point", report && `${report.point_id}, shows ${report.point_taken_at}`],
      [
        "RTO",
        report && `${formatSeconds(report.rto_seconds)} (objective ${formatSeconds(report.rto_objective_seconds)})`,
      ],
      [
        "RPO",
        report && `${formatSeconds(report.rpo_seconds)} (objective ${formatSeconds(report.rpo_objective_seconds)})`,
      ],
      ["Problem", problem && `${problem.code}: ${problem.message}`],
    ]),
    listed,
    left.length > 0 ? `Left behind:\n${left.join("\n")}` : "",
  ]
    .filter(Boolean)
    .join("\n\n");
}

function describeRecoveryPlan(plan: RecoveryPlan): string {
  const { readiness, boot_groups: groups, dns = [], pools = [] } = plan;
  const lines = groups.map(({ name, after, vms, first = [], last = [] }) => {
    const parts = [
      vms.map(({ vm }) => vm).join(", ") || "no VMs",
      ...(after ? [`after ${after.join(", ") || "nothing"}`] : []),
      ...[...first, ...last].map(({ kind, name: step }) => `${kind} ${step}`),
    ];
    return `  ${name}: ${parts.join("; ")}`;
  });
  return [
    fields([
      ["Group", plan.group_id],
      ["Version", plan.version],
      ["Readiness", `${readiness.state}: ${readiness.because}`],
      ["Records", dns.map(({ type, name }) => `${type} ${name}`).join(", ") || undefined],
      ["Pools", pools.map(({ pool_id: id }) => id).join(", ") || undefined],
    ]),
    `Boot groups:\n${lines.join("\n")}`,
  ].join("\n\n");
}
