import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { allPages, answerOf, type ConnectedApi, connectApi, type Schemas } from "../client.ts";
import { confirm } from "../confirm.ts";
import { CliError } from "../failure.ts";
import { fields, show, table } from "../output.ts";
import { formatBytes, formatSeconds, readBandwidth, readHttpProbe, readPair, readPort } from "../units.ts";
import type { CommonOptions } from "./options.ts";
import { describePlan, notExecutable } from "./plans.ts";

type Restore = Schemas["Restore"];
type Request = Schemas["DirectRestore"];

const pollMs = 500;
const ended: readonly Restore["state"][] = ["done", "failed", "cancelled"];

export interface RestoreOptions extends CommonOptions {
  readonly group: string;
  readonly point?: string;
  readonly before?: string;
  readonly suspectToo?: boolean;
  readonly to?: string;
  readonly name?: string;
  readonly instanceType?: string;
  readonly network?: readonly string[];
  /** Undefined unless `--start` or `--no-start` was given. */
  readonly start?: boolean;
  readonly probeHttp?: readonly string[];
  readonly probeTcp?: readonly string[];
  readonly bandwidth?: string;
  readonly dryRun?: boolean;
  readonly watch?: boolean;
  readonly yes?: boolean;
}

export async function listBackups(
  options: CommonOptions & { readonly vm?: string; readonly group?: string; readonly site?: string },
): Promise<void> {
  const { api } = connectApi(options);
  const { vm, group, site } = options;
  const of = { ...(vm ? { vm } : {}), ...(group ? { group_id: group } : {}), ...(site ? { site } : {}) };
  const backups = await allPages((cursor) =>
    answerOf(api.GET("/v1/backups", { params: { query: { ...of, limit: 200, ...(cursor ? { cursor } : {}) } } })),
  );
  await show(backups, options.output, (rows) =>
    table(
      rows,
      [
        { head: "VM", value: (row) => row.name },
        { head: "TAKEN", value: (row) => row.taken_at },
        { head: "GROUP", value: (row) => row.group_id },
        { head: "POINT", value: (row) => row.point_id },
        { head: "AT", value: (row) => row.site },
        { head: "SIZE", align: "right", value: (row) => formatBytes(row.size_bytes) },
        { head: "VERIFIED", value: (row) => row.verified_at ?? "" },
        { head: "NOTE", value: (row) => (row.suspect ? "suspect" : (row.held_because ?? "")) },
      ],
      "No backups.",
    ),
  );
}

/** Planned, shown and then carried out as exactly that. */
export async function restoreVm(vm: string, options: RestoreOptions): Promise<void> {
  const connected = connectApi(options);
  const { api } = connected;
  const plan = await answerOf(api.POST("/v1/restores", { body: { ...readRequest(vm, options), dry_run: true } }));
  if (!("hash" in plan)) throw new CliError("The API answered with a restore instead of a plan", "");
  if (options.dryRun) return show(plan, options.output, describePlan);
  if (!plan.executable) throw notExecutable(plan);
  if (process.stdin.isTTY && process.stderr.isTTY && !options.yes) {
    process.stderr.write(`${await describePlan(plan)}\n\n`);
    await confirm("Carry this out?", false);
  }
  const header = { "Idempotency-Key": randomUUID() };
  const body = { plan_id: plan.plan_id, plan_hash: plan.hash };
  const started = await answerOf(api.POST("/v1/restores", { body, params: { header } }));
  if (!("restore_id" in started)) throw new CliError("The API answered with a plan instead of a restore", "");
  const { restore_id: id } = started;
  if (options.watch) return follow(connected, id, options);
  await show(started, options.output, () => `Restore ${id} begins\nFollow it: novacron restore show ${id} --watch`);
}

export async function listRestores(options: CommonOptions & { readonly group?: string }): Promise<void> {
  const { api } = connectApi(options);
  const query = { limit: 100, ...(options.group ? { group_id: options.group } : {}) };
  const page = await answerOf(api.GET("/v1/restores", { params: { query } }));
  await show(page, options.output, ({ items }) =>
    table(
      items,
      [
        { head: "RESTORE", value: (row) => row.restore_id },
        { head: "VM", value: (row) => row.vm_name },
        { head: "POINT", value: (row) => row.point_id },
        { head: "TO", value: (row) => row.to },
        { head: "STATE", value: (row) => row.state },
        { head: "STARTED", value: (row) => row.created_at },
      ],
      "No restores.",
    ),
  );
}

export async function showRestore(id: string, options: CommonOptions & { readonly watch?: boolean }): Promise<void> {
  const connected = connectApi(options);
  if (options.watch) await follow(connected, id, options);
  else await show(await read(connected, id), options.output, describeRestore);
}

export async function cancelRestore(id: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const params = { path: { id }, header: { "Idempotency-Key": randomUUID() } };
  await show(await answerOf(api.POST("/v1/restores/{id}/cancel", { params })), options.output, describeRestore);
}

async function follow(connected: ConnectedApi, id: string, options: CommonOptions): Promise<void> {
  for (;;) {
    const restore = await read(connected, id);
    if (!ended.includes(restore.state)) {
      await sleep(pollMs);
      continue;
    }
    await show(restore, options.output, describeRestore);
    if (restore.state !== "done")
      throw new CliError(`Restore ${id} is ${restore.state}`, restore.problem?.message ?? "");
    return;
  }
}

function read({ api }: ConnectedApi, id: string): Promise<Restore> {
  return answerOf(api.GET("/v1/restores/{id}", { params: { path: { id } } }));
}

function readRequest(vm: string, options: RestoreOptions): Request {
  const { group, point, before, suspectToo, to, name, instanceType, network, start, bandwidth } = options;
  const { probeHttp, probeTcp } = options;
  const verify = {
    ...(probeHttp ? { http_probes: probeHttp.map(readHttpProbe) } : {}),
    ...(probeTcp ? { tcp_probes: probeTcp.map((port) => ({ port: readPort(port) })) } : {}),
  };
  return {
    ...{ group_id: group, vm },
    ...(point === undefined ? {} : { point_id: point }),
    ...(before === undefined ? {} : { before }),
    ...(suspectToo ? { suspect_too: true } : {}),
    ...(to === undefined ? {} : { to }),
    ...(name === undefined ? {} : { name }),
    ...(instanceType === undefined ? {} : { instance_type: instanceType }),
    ...(network ? { network_map: Object.fromEntries(network.map(readPair)) } : {}),
    ...(start === undefined ? {} : { start }),
    ...(Object.keys(verify).length > 0 ? { verify } : {}),
    ...(bandwidth === undefined ? {} : { bandwidth_bytes_per_second: readBandwidth(bandwidth) }),
  };
}

function describeRestore(restore: Restore): string {
  const { problem, boot, steps = [] } = restore;
  const left = problem?.left_behind?.map(({ resource, remove }) => `  ${resource}: ${remove}`) ?? [];
  return [
    fields([
      ["Restore", `${restore.restore_id} (${restore.vm_name})`],
      ["State", restore.step && restore.state === "running" ? `running: ${restore.step}` : restore.state],
      ["Point", `${restore.point_id}, as it was at ${restore.point_taken_at ?? "a moment that is not known yet"}`],
      ["Way", `${restore.from} → ${restore.to}`],
      ["VM", restore.vm_id],
      ["Moved", restore.bytes_copied === undefined ? undefined : formatBytes(restore.bytes_copied)],
      ["Read again", restore.bytes_reread === undefined ? undefined : formatBytes(restore.bytes_reread)],
      ["Boot", boot && (boot.proven ? `proven: ${boot.evidence ?? ""}` : `not proven: ${boot.reason ?? ""}`)],
      ["Took", steps.map(({ step, seconds }) => `${step} ${formatSeconds(seconds)}`).join(", ") || undefined],
      ["Problem", problem?.message],
    ]),
    left.length > 0 ? `Left behind:\n${left.join("\n")}` : "",
  ]
    .filter(Boolean)
    .join("\n\n");
}
