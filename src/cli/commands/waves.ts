import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { allPages, answerOf, connectApi, type Schemas } from "../client.ts";
import { confirm } from "../confirm.ts";
import { CliError, usageError } from "../failure.ts";
import { fields, show, table } from "../output.ts";
import { readTextFile } from "../text-file.ts";
import { formatBytes, formatSeconds, readBandwidth, readCount, readPair, readSeconds } from "../units.ts";
import type { CommonOptions } from "./options.ts";
import { describePlan } from "./plans.ts";

export interface WaveOptions extends CommonOptions {
  readonly name?: string;
  readonly csv?: string;
  readonly file?: string;
  readonly query?: string;
  readonly from?: string;
  readonly to?: string;
  readonly parallel?: string;
  readonly pause?: string;
  /** False with --any-order. */
  readonly anyOrder?: boolean;
  readonly after?: readonly string[];
  readonly bandwidth?: string;
  readonly map?: string;
  readonly warm?: boolean;
  readonly plan?: string;
  readonly watch?: boolean;
  readonly yes?: boolean;
}

type Wave = Schemas["Wave"];
type Request = Schemas["DirectWave"];
type Group = Schemas["WaveGroup"];
const watchEveryMs = 1_000;

export async function planWave(vms: readonly string[], options: WaveOptions): Promise<void> {
  const { api } = connectApi(options);
  const plan = await answerOf(api.POST("/v1/waves", { body: { ...(await readWave(vms, options)), dry_run: true } }));
  if (!("hash" in plan)) throw new CliError("The API answered with a wave instead of a plan", "");
  await show(plan, options.output, describePlan);
}

/** By a plan, or planned, shown and then started as exactly that. */
export async function startWave(vms: readonly string[], options: WaveOptions): Promise<void> {
  const { api } = connectApi(options);
  if (options.plan !== undefined) refuseBesidePlan(vms, options);
  const plan =
    options.plan === undefined
      ? await answerOf(api.POST("/v1/waves", { body: { ...(await readWave(vms, options)), dry_run: true } }))
      : await answerOf(api.GET("/v1/plans/{id}", { params: { path: { id: options.plan } } }));
  if (!("hash" in plan)) throw new CliError("The API answered with a wave instead of a plan", "");
  if (process.stdin.isTTY && process.stderr.isTTY && !options.yes) {
    process.stderr.write(`${await describePlan(plan)}\n\n`);
    await confirm("Carry this out?", false);
  }
  const header = { "Idempotency-Key": randomUUID() };
  const body = { plan_id: plan.plan_id, plan_hash: plan.hash };
  const started = await answerOf(api.POST("/v1/waves", { body, params: { header } }));
  if (!("wave_id" in started)) throw new CliError("The API answered with a plan instead of a wave", "");
  const { wave_id: id } = started;
  if (options.watch) await showWave(id, options);
  else await show(started, options.output, () => `Started wave ${id}\nFollow it: novacron waves show ${id} --watch`);
}

export async function listWaves(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const waves = await allPages((cursor) =>
    answerOf(api.GET("/v1/waves", { params: { query: { limit: 200, ...(cursor ? { cursor } : {}) } } })),
  );
  await show(waves, options.output, (rows) =>
    table(
      rows,
      [
        { head: "WAVE", value: (row) => row.wave_id },
        { head: "NAME", value: (row) => row.name },
        { head: "STATE", value: (row) => row.state },
        { head: "VMS", align: "right", value: (row) => row.totals.vms },
        { head: "MOVED", align: "right", value: (row) => row.totals.moved },
        { head: "NOT", align: "right", value: (row) => notMoved(row) },
        { head: "BYTES", align: "right", value: (row) => formatBytes(row.totals.bytes_copied) },
        { head: "CREATED", value: (row) => row.created_at },
      ],
      "No waves.",
    ),
  );
}

export async function showWave(id: string, options: CommonOptions & { watch?: boolean }): Promise<void> {
  const { api } = connectApi(options);
  const read = () => answerOf(api.GET("/v1/waves/{id}", { params: { path: { id } } }));
  let wave = await read();
  for (let said = ""; options.watch && (wave.state === "running" || wave.state === "paused"); wave = await read()) {
    const line = lineOf(wave);
    if (line !== said) process.stderr.write(`${line}\n`);
    said = line;
    await sleep(watchEveryMs);
  }
  await show(wave, options.output, describeWave);
  if (options.watch && wave.state !== "completed") {
    throw new CliError(`The wave is ${wave.state}: ${notMoved(wave)} VM(s) were not moved`, "See the reasons above.");
  }
}

export async function orderWave(
  order: "pause" | "resume" | "cancel",
  id: string,
  options: CommonOptions & { yes?: boolean },
): Promise<void> {
  const { api } = connectApi(options);
  if (order === "cancel") await confirm(`Cancel ${id}: what is under way is rolled back.`, options.yes ?? false);
  const params = { path: { id }, header: { "Idempotency-Key": randomUUID() } };
  const wave = await answerOf(api.POST(`/v1/waves/{id}/${order}`, { params }));
  await show(wave, options.output, (row) => `Wave ${row.wave_id}: ${order} accepted, now ${row.state}`);
}

async function readWave(vms: readonly string[], options: WaveOptions): Promise<Request> {
  const { name, csv, file, query, from, to, parallel, pause, anyOrder, after, bandwidth, map, warm } = options;
  if (vms.length === 0 && csv === undefined && file === undefined && query === undefined) {
    throw usageError(
      "a wave needs VMs, --csv, --file or --query (or, to start it, --plan)",
      "For example: novacron waves plan web-1 web-2 --from onprem-a --to onprem-b",
    );
  }
  const given = file === undefined ? {} : await readRequestFile(file);
  const defaults = {
    ...given.defaults,
    ...(from ? { from } : {}),
    ...(to ? { to } : {}),
    ...(bandwidth ? { bandwidth_bytes_per_second: readBandwidth(bandwidth) } : {}),
    ...(map ? { map } : {}),
    ...(warm ? { mode: "warm" as const } : {}),
  };
  const groups = groupsOf(given.groups ?? [], after ?? []);
  const all = [...(given.vms ?? []), ...vms.map((vm) => ({ vm }))];
  return {
    ...given,
    ...(name ? { name } : {}),
    ...(all.length > 0 ? { vms: all } : {}),
    ...(csv ? { csv: await readTextFile(csv) } : {}),
    ...(query ? { query } : {}),
    ...(Object.keys(defaults).length > 0 ? { defaults } : {}),
    ...(groups.length > 0 ? { groups } : {}),
    ...(parallel ? { parallel: readCount(parallel) } : {}),
    ...(anyOrder ? { in_order: false } : {}),
    ...(pause ? { pause_seconds: readSeconds(pause) } : {}),
  };
}

/** `--after web=db`: what is on the right comes first. */
function groupsOf(given: readonly Group[], pairs: readonly string[]): Group[] {
  const groups = new Map(given.map((group) => [group.name, group]));
  for (const [name, before] of pairs.map(readPair)) {
    if (!groups.has(before)) groups.set(before, { name: before });
    const group = groups.get(name) ?? { name };
    // Where it stands in the order is after what it needs.
    groups.delete(name);
    groups.set(name, { ...group, after: [...(group.after ?? []), before] });
  }
  return [...groups.values()];
}

/** The body of POST /v1/waves, as YAML or JSON; the API says what is wrong with it. */
async function readRequestFile(file: string): Promise<Request> {
  const { parse } = await import("yaml");
  const read: unknown = parse(await readTextFile(file));
  if (read !== null && typeof read === "object" && !Array.isArray(read)) return read;
  throw usageError(`${file} is not a wave`, "Write it as the body of POST /v1/waves, in YAML or JSON.");
}

function refuseBesidePlan(vms: readonly string[], options: WaveOptions): void {
  const { name, csv, file, query, from, to, parallel, pause, anyOrder, after, bandwidth, map, warm } = options;
  const beside = [name, csv, file, query, from, to, parallel, pause, anyOrder, after, bandwidth, map, warm];
  if (vms.length === 0 && beside.every((value) => value === undefined)) return;
  throw usageError("--plan carries out a plan exactly as it is", "Leave the VMs and the other options out.");
}

function notMoved({ totals }: Wave): number {
  return totals.failed + totals.skipped + totals.cancelled;
}

function lineOf(wave: Wave): string {
  const { vms, running, waiting, moved } = wave.totals;
  return `${wave.state}: ${moved} of ${vms} moved, ${running} under way, ${waiting} wait, ${notMoved(wave)} not moved`;
}

export async function describeWave(wave: Wave): Promise<string> {
  const { totals } = wave;
  const members = await table(
    wave.members,
    [
      { head: "VM", value: (row) => row.vm },
      { head: "GROUP", value: (row) => row.group },
      { head: "FROM", value: (row) => row.from },
      { head: "TO", value: (row) => row.to },
      { head: "STATE", value: (row) => stateOf(row) },
      { head: "DONE", align: "right", value: (row) => `${Math.round(row.progress)} %` },
      { head: "MOVED", align: "right", value: (row) => formatBytes(row.bytes_copied) },
      {
        head: "DOWN",
        align: "right",
        value: (row) => (row.downtime_seconds === undefined ? "" : formatSeconds(row.downtime_seconds)),
      },
      { head: "MIGRATION", value: (row) => (row.migration_state === undefined ? "" : row.migration_id) },
    ],
    "No VMs.",
  );
  const reasons = wave.members.flatMap(({ vm, reason }) => (reason ? [`  ${vm}: ${reason}`] : []));
  return [
    fields([
      ["Wave", `${wave.wave_id} (${wave.name})`],
      ["Plan", wave.plan_id],
      ["State", lineOf(wave)],
      ["At once", wave.parallel === undefined ? "as many as the configuration allows" : String(wave.parallel)],
      ["Moved", `${formatBytes(totals.bytes_copied)} of ${formatBytes(totals.bytes_to_move)} to move`],
      ["Took", formatSeconds(totals.seconds)],
      ["Downtime", `${formatSeconds(totals.downtime_seconds)} of all VMs together`],
    ]),
    members,
    reasons.length > 0 ? `Not moved:\n${reasons.join("\n")}` : "",
    totals.moved > 0 ? "Next: each VM that was moved awaits its finalize (novacron migrations finalize ID)." : "",
  ]
    .filter(Boolean)
    .join("\n\n");
}

function stateOf({ state, migration_state: migration }: Wave["members"][number]): string {
  return migration !== undefined && migration !== state ? `${state} (${migration})` : state;
}
