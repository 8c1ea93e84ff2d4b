import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { allPages, answerOf, connectApi, type Schemas } from "../client.ts";
import { confirm, confirmNames } from "../confirm.ts";
import { usageError } from "../failure.ts";
import { fields, show, table } from "../output.ts";
import { formatBytes, formatSeconds } from "../units.ts";
import { requireGoodEnd, watchMigration } from "../watch.ts";
import type { CommonOptions } from "./options.ts";
import { describePlan, notExecutable } from "./plans.ts";

type Migration = Schemas["Migration"];
type MoveTimes = NonNullable<Migration["times"]>;
type Order = "pause" | "resume" | "cancel" | "cutover" | "rollback" | "undo";

export async function listMigrations(
  options: CommonOptions & { state?: Migration["state"]; vm?: string; limit?: string },
): Promise<void> {
  const { api } = connectApi(options);
  const { state, vm } = options;
  const limit = options.limit === undefined ? undefined : readLimit(options.limit);
  const page = (cursor?: string) =>
    answerOf(
      api.GET("/v1/migrations", {
        params: {
          query: {
            ...(state ? { state } : {}),
            ...(vm ? { vm } : {}),
            limit: limit ?? 200,
            ...(cursor ? { cursor } : {}),
          },
        },
      }),
    );
  const migrations = limit === undefined ? await allPages(page) : (await page()).items;
  await show(migrations, options.output, (rows) =>
    table(
      rows,
      [
        { head: "MIGRATION", value: (row) => row.migration_id },
        { head: "VM", value: (row) => row.vm.name },
        { head: "FROM", value: (row) => row.from },
        { head: "TO", value: (row) => row.to },
        { head: "STATE", value: (row) => row.state },
        { head: "STEP", value: (row) => row.step },
        { head: "DONE", align: "right", value: (row) => `${Math.round(row.progress)} %` },
        { head: "MOVED", align: "right", value: (row) => formatBytes(row.bytes_copied) },
        { head: "CREATED", value: (row) => row.created_at },
      ],
      "No migrations.",
    ),
  );
}

export async function showMigration(id: string, options: CommonOptions & { watch?: boolean }): Promise<void> {
  const connected = connectApi(options);
  const migration = options.watch
    ? await watchMigration(connected, id)
    : await answerOf(connected.api.GET("/v1/migrations/{id}", { params: { path: { id } } }));
  await show(migration, options.output, describeMigration);
  if (options.watch) requireGoodEnd(migration);
}

const questions: Readonly<Partial<Record<Order, (id: string) => string>>> = {
  undo: (id) => `Undo ${id}: the VM stops at the target and starts at the source with what it wrote.`,
  rollback: (id) => `Roll ${id} back: the VM at the target and what it wrote since are removed.`,
};

export async function orderMigration(
  order: Order,
  id: string,
  options: CommonOptions & { yes?: boolean },
): Promise<void> {
  const { api } = connectApi(options);
  const question = questions[order];
  if (question) await confirm(question(id), options.yes ?? false);
  const params = { path: { id }, header: { "Idempotency-Key": randomUUID() } };
  const migration = await answerOf(api.POST(`/v1/migrations/{id}/${order}`, { params }));
  await show(migration, options.output, (row) => `Migration ${row.migration_id}: ${order} accepted, now ${row.state}`);
}

/** Plans (or takes the plan that was made before), shows what goes and what stays, and deletes exactly that. */
export async function finalizeMigration(
  id: string | undefined,
  options: CommonOptions & { plan?: string; dryRun?: boolean; confirm?: readonly string[] },
): Promise<void> {
  const { api } = connectApi(options);
  const plan = await (options.plan === undefined ? planOf(id) : knownPlan(options.plan));
  if (options.dryRun) {
    await show(plan, options.output, describePlan);
    return;
  }
  if (!plan.executable) throw notExecutable(plan);
  const names = (plan.inputs.names ?? []) as string[];
  const agreed = await confirmNames(names, options.confirm, () => describePlan(plan));
  const migrationId = String(plan.inputs.migration_id);
  const params = { path: { id: migrationId }, header: { "Idempotency-Key": randomUUID() } };
  const body = { plan_id: plan.plan_id, plan_hash: plan.hash, confirm: agreed };
  const migration = await answerOf(api.POST("/v1/migrations/{id}/finalize", { params, body }));
  await show(migration, options.output, (row) =>
    [`Migration ${row.migration_id}: finalize accepted, now ${row.state}`, ...describeLeftAlone(row)].join("\n"),
  );

  function planOf(migration: string | undefined): Promise<Schemas["Plan"]> {
    if (migration === undefined)
      throw usageError("Which migration?", "Name it, or a plan of its finalize with --plan.");
    const body = { kind: "finalize_migration" as const, request: { migration_id: migration } };
    return answerOf(api.POST("/v1/plans", { body }));
  }

  async function knownPlan(planId: string): Promise<Schemas["Plan"]> {
    const known = await answerOf(api.GET("/v1/plans/{id}", { params: { path: { id: planId } } }));
    if (known.kind === "finalize-migration") return known;
    throw usageError(
      `Plan ${planId} is of kind ${known.kind}`,
      "Make one with novacron migrations finalize ID --dry-run.",
    );
  }
}

function describeLeftAlone({ left_alone: left = [] }: Migration): string[] {
  return left.map(({ site, kind, id, why }) => `  left alone: ${site}/${kind}/${id} (${why})`);
}

export async function saveCertificate(id: string, options: CommonOptions & { file?: string }): Promise<void> {
  const { api } = connectApi(options);
  const certificate = await answerOf(api.GET("/v1/migrations/{id}/certificate", { params: { path: { id } } }));
  const text = `${JSON.stringify(certificate, undefined, 2)}\n`;
  if (options.file === undefined) process.stdout.write(text);
  else {
    await writeFile(options.file, text);
    process.stderr.write(`Wrote ${options.file}; check it again with: novacron certificate verify ${options.file}\n`);
  }
}

export function describeMigration(migration: Migration): string {
  const { vm, problem } = migration;
  const moved = migration.disks.map(
    (disk) =>
      `  ${disk.disk_id}: ${formatBytes(disk.bytes_copied)} of ${formatBytes(disk.size_bytes)} (${disk.tracking})`,
  );
  const steps = migration.steps.map((step) => {
    const seconds = step.ended_at ? (Date.parse(step.ended_at) - Date.parse(step.started_at)) / 1000 : undefined;
    const took = seconds === undefined ? "" : formatSeconds(seconds);
    return `  ${step.step.padEnd(12)} ${step.state.padEnd(8)} ${took.padStart(9)}${step.detail ? `  ${step.detail}` : ""}`;
  });
  const left = (problem?.left_behind ?? []).map(({ resource, remove }) => `  ${resource}\n    remove it: ${remove}`);
  return [
    fields([
      ["Migration", migration.migration_id],
      ["VM", vm.name],
      ["From", `${migration.from} (${vm.source_vm_id})`],
      ["To", vm.target_vm_id ? `${migration.to} (${vm.target_vm_id})` : migration.to],
      ["State", `${migration.state}, ${Math.round(migration.progress)} %`],
      ["Moved", `${formatBytes(migration.bytes_copied)} of ${formatBytes(migration.bytes_to_move)} to move`],
      ["On the wire", wireText(migration)],
      ["Sent again", migration.bytes_resent > 0 ? formatBytes(migration.bytes_resent) : undefined],
      ["Replicated", migration.warm && describeWarm(migration.warm)],
      ["Live", migration.live && describeLive(migration.live)],
      ["Tests", migration.tests && `${migration.tests.passed} passed, ${migration.tests.failed} failed`],
      ["Traffic", migration.traffic && describeTraffic(migration.traffic)],
      ["Undo", migration.undo && describeUndo(migration.undo)],
      ["Took", migration.times && describeTimes(migration.times)],
      ["Downtime", describeDowntime(migration)],
      ["Boot proof", migration.boot_proof],
      ["Certificate", migration.certificate_id],
      ["Problem", problem && `${problem.code}: ${problem.message}`],
    ]),
    steps.length > 0 ? `Steps:\n${steps.join("\n")}` : "",
    moved.length > 0 ? `Disks:\n${moved.join("\n")}` : "",
    migration.left_alone ? `Left alone by the finalize:\n${describeLeftAlone(migration).join("\n")}` : "",
    left.length > 0 ? `Left behind:\n${left.join("\n")}` : "",
    nextOf(migration),
  ]
    .filter(Boolean)
    .join("\n\n");
}

function describeTimes({
  seconds,
  bulk_copy_seconds: copying,
  predicted_seconds: predicted,
}: MoveTimes): string | undefined {
  const parts = [
    ...(seconds === undefined ? [] : [formatSeconds(seconds)]),
    ...(copying === undefined ? [] : [`bulk copy ${formatSeconds(copying)}`]),
    ...(predicted === undefined ? [] : [`predicted ${formatSeconds(predicted)}`]),
  ];
  return parts.join(", ") || undefined;
}

function describeDowntime({ downtime_seconds: seconds, times }: Migration): string | undefined {
  if (seconds === undefined) return undefined;
  const predicted = times?.predicted_downtime_seconds;
  return `${formatSeconds(seconds)}${predicted === undefined ? "" : `, predicted ${formatSeconds(predicted)}`}`;
}

function describeWarm(warm: NonNullable<Migration["warm"]>): string {
  const lag = (Date.now() - Date.parse(warm.proven_up_to)) / 1000;
  const changes = warm.change_bytes_per_second;
  return [
    `${warm.rounds} round${warm.rounds === 1 ? "" : "s"}, proven up to ${formatSeconds(Math.max(0, lag))} ago`,
    ...(changes === undefined ? [] : [`${formatBytes(changes)}/s change`]),
    `downtime predicted ${formatSeconds(warm.predicted_downtime_seconds)}`,
    ...(warm.consistency ? [`${warm.consistency.level}-consistent`] : []),
  ].join(", ");
}

function describeLive(live: NonNullable<Migration["live"]>): string {
  if (live.switched_at !== undefined) {
    const stood = live.pause_ms === undefined ? "" : `, stood still for ${live.pause_ms} ms`;
    return `switched at ${live.switched_at}${stood}`;
  }
  const rewrites = live.dirty_bytes_per_second;
  return [
    `${live.phase} are moved`,
    `${formatBytes(live.disk_bytes_left)} of disks and ${formatBytes(live.memory_bytes_left)} of memory left`,
    ...(rewrites === undefined ? [] : [`${formatBytes(rewrites)}/s of memory are rewritten`]),
  ].join(", ");
}

function describeTraffic({
  state,
  cutover_not_before: notBefore,
  gap,
  held = [],
}: NonNullable<Migration["traffic"]>): string {
  const failed = held.reduce((sum, each) => sum + each.failed, 0);
  const kept = held.reduce((sum, each) => sum + each.held, 0);
  const lapsed = held.some((each) => each.lapsed) ? ", a hold had lapsed" : "";
  return [
    state === "waiting" && notBefore !== undefined ? `no cutover before ${notBefore}` : state,
    ...(held.length > 0 ? [`${kept} held, ${failed} failed${lapsed}`] : []),
    ...(gap ? [`longest gap ${formatSeconds(gap.gap_seconds)}, ${gap.failed} of ${gap.asked} requests failed`] : []),
  ].join(", ");
}

function describeUndo({ state, until, migration_id: id, reason }: NonNullable<Migration["undo"]>): string {
  const follows = id === undefined ? "" : `, by migration ${id}`;
  return `${state}${state === "open" ? ` until ${until}` : ""}${follows}${reason === undefined ? "" : ` (${reason})`}`;
}

function readLimit(text: string): number {
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= 200) return limit;
  throw usageError(`--limit ${text} is not a number of rows`, "Write a whole number from 1 to 200.");
}

function nextOf({ state, undo, migration_id: id }: Migration): string {
  if (state === "awaiting-finalize" && undo?.state === "open") {
    return `Next: novacron migrations finalize ${id}, or novacron migrations undo ${id} (with what it wrote), or rollback (without)`;
  }
  if (state === "awaiting-finalize") {
    return `Next: novacron migrations finalize ${id}, or novacron migrations rollback ${id}`;
  }
  if (state === "awaiting-cutover") return `Next: novacron migrations cutover ${id}`;
  return state === "paused" ? `Next: novacron migrations resume ${id}` : "";
}

/** Of copies that went from one site's worker to the other's. */
function wireText({ disks }: Schemas["Migration"]): string | undefined {
  const sum = disks.reduce((bytes, disk) => bytes + (disk.bytes_on_wire ?? 0), 0);
  return sum > 0 ? formatBytes(sum) : undefined;
}
