import { randomUUID } from "node:crypto";
import { answerOf, connectApi, type Schemas } from "../client.ts";
import { confirm } from "../confirm.ts";
import { CliError, usageError } from "../failure.ts";
import { show } from "../output.ts";
import { readBandwidth, readCount, readHttpProbe, readPair, readPort, readSeconds, readSize } from "../units.ts";
import { requireGoodEnd, watchMigration } from "../watch.ts";
import { describeMigration } from "./migrations.ts";
import type { CommonOptions } from "./options.ts";
import { describePlan } from "./plans.ts";
import { readTraffic, type TrafficFlags } from "./traffic-options.ts";

export interface MigrateOptions extends CommonOptions, TrafficFlags {
  readonly from?: string;
  readonly to?: string;
  readonly dryRun?: boolean;
  readonly watch?: boolean;
  readonly yes?: boolean;
  readonly point?: "stop" | "freeze";
  readonly bandwidth?: string;
  readonly map?: string;
  readonly network?: readonly string[];
  readonly instanceType?: string;
  readonly cpus?: string;
  readonly memory?: string;
  readonly capacityType?: "on-demand" | "spot";
  readonly burstable?: boolean;
  readonly securityGroup?: readonly string[];
  readonly translateRules?: boolean;
  readonly keepAddresses?: boolean;
  readonly matchDiskTypes?: boolean;
  readonly publicAddress?: boolean;
  readonly encryptionKey?: string;
  readonly probeHttp?: readonly string[];
  readonly probeTcp?: readonly string[];
  readonly mode?: "cold" | "warm" | "live";
  readonly warm?: boolean;
  readonly cutover?: string;
  readonly targetDowntime?: string;
  readonly roundPause?: string;
  /** False with --no-incremental. */
  readonly incremental: boolean;
  readonly undoWindow?: string;
  readonly undoMap?: string;
  readonly prepare?: "auto" | "off";
  readonly identity?: "keep" | "renew";
  readonly startAt?: string;
  readonly deadline?: string;
  readonly timeZone?: string;
  readonly hours?: readonly string[];
  readonly bandwidthHours?: readonly string[];
  readonly plan?: string;
  readonly test?: boolean;
  readonly hold?: string;
  readonly maxLife?: string;
}

type Plan = Schemas["Plan"];

/** Plans, shows the plan, and starts exactly that one. */
export async function migrate(vm: string | undefined, options: MigrateOptions): Promise<void> {
  if (options.test) return testInstead(vm, options);
  if (options.hold !== undefined || options.maxLife !== undefined) {
    throw usageError("--hold and --max-life are of a test", "Add --test, or leave them out.");
  }
  const request = options.plan === undefined ? readRequest(vm, options) : undefined;
  if (options.plan !== undefined) refuseBesidePlan(vm, options);
  const connected = connectApi(options);
  const { api } = connected;
  const plan = request
    ? await answerOf(api.POST("/v1/plans", { body: { kind: "migrate_vm", request } }))
    : await answerOf(api.GET("/v1/plans/{id}", { params: { path: { id: options.plan ?? "" } } }));
  if (options.dryRun) {
    await show(plan, options.output, describePlan);
    return;
  }
  if (!plan.executable) throw notExecutable(plan);
  if (process.stdin.isTTY && process.stderr.isTTY && !options.yes) {
    process.stderr.write(`${await describePlan(plan)}\n\n`);
    await confirm("Carry this out?", false);
  }
  const body = { plan_id: plan.plan_id, plan_hash: plan.hash };
  // One key for this command: when the answer is lost on its way, asking again starts nothing twice.
  const header = { "Idempotency-Key": randomUUID() };
  const started = await answerOf(api.POST("/v1/migrations", { body, params: { header } }));
  if (!("migration_id" in started)) throw new CliError("The API answered with a plan instead of a migration", "");
  if (!options.watch) {
    await show(started, options.output, (migration) =>
      [
        `Started migration ${migration.migration_id}`,
        `Follow it: novacron migrations show ${migration.migration_id} --watch`,
      ].join("\n"),
    );
    return;
  }
  process.stderr.write(`Migration ${started.migration_id}\n`);
  const ended = await watchMigration(connected, started.migration_id);
  await show(ended, options.output, describeMigration);
  requireGoodEnd(ended);
}

/** What a test takes; of the other options none would have an effect. */
const ofTests: ReadonlySet<string> = new Set<keyof MigrateOptions>([
  ...(["from", "to", "test", "hold", "maxLife", "dryRun", "watch", "yes"] as const),
  ...(["map", "instanceType", "bandwidth", "probeHttp", "probeTcp"] as const),
  ...(["output", "instance", "apiUrl", "caFile", "tokenFile"] as const),
]);

/** Nothing is moved: what a test does not need can't be said with it. */
async function testInstead(vm: string | undefined, options: MigrateOptions): Promise<void> {
  const { from, to } = options;
  if (!vm || !from || !to) {
    throw usageError(
      "A test needs a VM, --from and --to",
      "Of a migration that replicates: novacron migrations test ID",
    );
  }
  const others = Object.entries(options)
    .filter(([name, value]) => value !== undefined && !ofTests.has(name) && !(name === "incremental" && value))
    .map(([name]) =>
      name === "incremental"
        ? "--no-incremental"
        : `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    );
  if (others.length > 0) {
    throw usageError(`--test moves nothing, and a test has no ${others.join(", ")}`, "Leave that out.");
  }
  const { test } = await import("./migration-tests.ts");
  await test({ vm, from, to }, options);
}

function readRequest(vm: string | undefined, options: MigrateOptions): Schemas["MigrationRequest"] {
  const { from, to } = options;
  if (!vm || !from || !to) {
    throw usageError(
      "migrate needs a VM, --from and --to (or --plan)",
      "For example: novacron migrate web-1 --from onprem-a --to onprem-b --dry-run",
    );
  }
  const tcp = options.probeTcp?.map((text) => ({ port: readPort(text) }));
  const http = options.probeHttp?.map(readHttpProbe);
  return {
    vm,
    from,
    to,
    ...(options.point ? { point: options.point } : {}),
    ...(options.bandwidth ? { bandwidth_bytes_per_second: readBandwidth(options.bandwidth) } : {}),
    ...(options.map ? { map: options.map } : {}),
    ...(options.network ? { network_map: Object.fromEntries(options.network.map(readPair)) } : {}),
    ...readPlace(options),
    ...(tcp || http ? { verify: { ...(tcp ? { tcp_probes: tcp } : {}), ...(http ? { http_probes: http } : {}) } } : {}),
    ...(options.incremental ? {} : { incremental: false }),
    ...readWarm(options),
    ...readSchedule(options),
    ...readPreparation(options),
    ...readTraffic(options),
    ...readUndo(options),
  };
}

function readUndo({ undoWindow, undoMap: map }: MigrateOptions): Pick<Schemas["MigrationRequest"], "undo"> {
  if (map !== undefined && undoWindow === undefined)
    throw usageError("--undo-map is for an undo window", "Give one with --undo-window.");
  if (undoWindow === undefined) return {};
  return { undo: { window_seconds: readSeconds(undoWindow), ...(map === undefined ? {} : { map }) } };
}

function readPreparation({ prepare: mode, identity }: MigrateOptions): Pick<Schemas["MigrationRequest"], "prepare"> {
  if (mode === undefined && identity === undefined) return {};
  return { prepare: { ...(mode ? { mode } : {}), ...(identity ? { identity } : {}) } };
}

function readWarm(options: MigrateOptions): Pick<Schemas["MigrationRequest"], "mode" | "warm"> {
  const { cutover, targetDowntime, roundPause } = options;
  const mode = options.mode ?? (options.warm ? "warm" : undefined);
  if (options.warm && mode !== "warm")
    throw usageError(`--warm and --mode ${mode} exclude each other`, "Leave one out.");
  const asksForRounds = cutover !== undefined || targetDowntime !== undefined || roundPause !== undefined;
  if (mode === undefined || mode === "cold") {
    if (!asksForRounds) return mode ? { mode } : {};
    throw usageError("--cutover, --target-downtime and --round-pause need --warm", "Add --warm, or leave them out.");
  }
  return {
    mode,
    // Of a live one, too: it is warm where the sites can't do better.
    warm: {
      ...(cutover === undefined ? {} : readCutover(cutover)),
      ...(targetDowntime === undefined ? {} : { target_downtime_seconds: readSeconds(targetDowntime) }),
      ...(roundPause === undefined ? {} : { round_pause_seconds: readSeconds(roundPause) }),
    },
  };
}

function readSchedule(options: MigrateOptions): Pick<Schemas["MigrationRequest"], "schedule"> {
  const { startAt, deadline, timeZone, hours, bandwidthHours } = options;
  const schedule = {
    ...(startAt === undefined ? {} : { start_at: readTime(startAt) }),
    ...(deadline === undefined ? {} : { deadline: readTime(deadline) }),
    ...(timeZone === undefined ? {} : { time_zone: timeZone }),
    ...(hours === undefined ? {} : { allowed_hours: hours.filter((text) => text !== "any") }),
    ...(bandwidthHours === undefined ? {} : { bandwidth_hours: bandwidthHours.map(readBandwidthHours) }),
  };
  return Object.keys(schedule).length === 0 ? {} : { schedule };
}

/** `mon-fri 08:00-18:00 100Mbps`: the limit is the last word. */
function readBandwidthHours(text: string): { hours: string; bytes_per_second: number } {
  const [, hours, rate] = /^(.*\S)\s+(\S+)$/.exec(text.trim()) ?? [];
  if (hours !== undefined && rate !== undefined) return { hours, bytes_per_second: readBandwidth(rate) };
  throw usageError(`${text} is not hours with a limit`, 'Write such as "mon-fri 08:00-18:00 100Mbps".');
}

function readTime(text: string): string {
  const at = new Date(text);
  if (!Number.isNaN(at.getTime())) return at.toISOString();
  throw usageError(`${text} is not a time`, "Write one such as 2030-01-31T22:00:00Z.");
}

function readCutover(text: string): NonNullable<Schemas["MigrationRequest"]["warm"]> {
  if (text === "when-ready" || text === "manual") return { cutover: text };
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) {
    throw usageError(`${text} is not a time`, "Write when-ready, manual, or a time such as 2030-01-31T22:00:00Z.");
  }
  return { cutover: "at-time", cutover_at: at.toISOString() };
}

/** What it is to be at the target. */
function readPlace(options: MigrateOptions): Partial<Schemas["MigrationRequest"]> {
  const { instanceType, cpus, memory, capacityType, burstable, securityGroup, publicAddress, encryptionKey } = options;
  return {
    ...(instanceType ? { instance_type: instanceType } : {}),
    ...(cpus ? { cpus: readCount(cpus) } : {}),
    ...(memory ? { memory_bytes: readSize(memory) } : {}),
    ...(capacityType ? { capacity_type: capacityType } : {}),
    ...(burstable ? { burstable } : {}),
    ...(securityGroup ? { security_groups: [...securityGroup] } : {}),
    ...(options.translateRules ? { rules: "translate" } : {}),
    ...(options.keepAddresses ? { addresses: "keep" } : {}),
    ...(options.matchDiskTypes ? { disk_types: "match" } : {}),
    ...(publicAddress ? { public_address: publicAddress } : {}),
    ...(encryptionKey ? { encryption_key: encryptionKey } : {}),
  };
}

/** A plan is pinned: nothing beside it may change what is done. */
function refuseBesidePlan(vm: string | undefined, options: MigrateOptions): void {
  const { from, to, point, bandwidth, network, probeHttp, probeTcp } = options;
  const { mode, warm, cutover, targetDowntime, roundPause, undoWindow, startAt, deadline } = options;
  const moving = [vm, from, to, point, bandwidth, network, probeHttp, probeTcp, mode];
  const timing = [warm, cutover, targetDowntime, roundPause, undoWindow, options.undoMap, startAt, deadline];
  const all = [
    ...moving,
    ...timing,
    options.map,
    options.prepare,
    options.identity,
    options.timeZone,
    options.hours,
    options.bandwidthHours,
    ...[options.proxy, options.dns, options.pool, options.lowTtl, options.holdAtMost, options.probeUrl],
  ];
  const place = Object.keys(readPlace(options)).length > 0;
  if (all.some((value) => value !== undefined) || place || !options.incremental) {
    throw usageError("--plan carries out a plan exactly as it is", "Leave the VM and the other options out.");
  }
}

function notExecutable(plan: Plan): CliError {
  const failed = plan.checks.filter((check) => check.result === "fail");
  return new CliError(
    failed.map((check) => `${check.check}: ${check.detail}`).join("\n"),
    failed.map((check) => check.remedy ?? "").join("\n"),
    { problem: { plan_id: plan.plan_id } },
  );
}
