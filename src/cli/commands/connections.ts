import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { allPages, answerOf, type ConnectedApi, connectApi, type Schemas } from "../client.ts";
import { confirm } from "../confirm.ts";
import { CliError } from "../failure.ts";
import { fields, show, table } from "../output.ts";
import type { CommonOptions } from "./options.ts";

type Connection = Schemas["Connection"];
type Plan = Schemas["ConnectionPlan"];

const pollMs = 500;
const settled: readonly Connection["state"][] = ["connected", "waiting", "failed", "disconnected"];

export async function connectSites(
  near: string,
  far: string | undefined,
  options: CommonOptions & DeviceOptions & { dryRun?: boolean; watch?: boolean },
): Promise<void> {
  const connected = connectApi(options);
  const { api } = connected;
  const ends = { near, ...(far === undefined ? {} : { far }), ...readDevice(options) };
  if (options.dryRun) {
    const plan = await answerOf(api.POST("/v1/connections", { body: { ...ends, dry_run: true } }));
    if (!("parameters" in plan)) throw new CliError("The API answered with a connection instead of a plan", "");
    return show(plan, options.output, describePlan);
  }
  const header = { "Idempotency-Key": randomUUID() };
  const started = await answerOf(api.POST("/v1/connections", { params: { header }, body: ends }));
  if (!("connection_id" in started)) throw new CliError("The API answered with a plan instead of a connection", "");
  await shown(connected, started, options);
}

interface DeviceOptions {
  readonly device?: string;
  readonly deviceName?: string;
  readonly deviceAddress?: string[];
  readonly deviceNetwork?: string[];
  readonly deviceProbe?: string;
}

/** The API says what is wrong with it. */
function readDevice(options: DeviceOptions): { device?: Schemas["FarDevice"] } {
  const { device: kind, deviceName, deviceAddress = [], deviceNetwork = [], deviceProbe } = options;
  if (kind === undefined) return {};
  return {
    device: {
      kind: kind as Schemas["FarDevice"]["kind"],
      name: deviceName ?? kind,
      addresses: deviceAddress,
      networks: deviceNetwork,
      ...(deviceProbe === undefined ? {} : { probe_address: deviceProbe }),
    },
  };
}

export async function writeDeviceConfig(id: string, options: CommonOptions & { folder: string }): Promise<void> {
  const { api } = connectApi(options);
  const { files, steps } = await answerOf(api.POST("/v1/connections/{id}/device-config", { params: { path: { id } } }));
  const written = files.map(({ name }) => join(options.folder, name));
  for (const [index, { content }] of files.entries()) writeFileSync(written[index] ?? "", content, { mode: 0o600 });
  await show({ files: written, steps }, options.output, (done) =>
    [...done.files.map((file) => `Written: ${file}`), ...done.steps.map((step, index) => `${index + 1}. ${step}`)].join(
      "\n",
    ),
  );
}

export async function listConnections(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const connections = await allPages((cursor) =>
    answerOf(api.GET("/v1/connections", { params: { query: { limit: 200, ...(cursor ? { cursor } : {}) } } })),
  );
  await show(connections, options.output, (items) =>
    table(
      items,
      [
        { head: "ID", value: (one) => one.connection_id },
        { head: "BETWEEN", value: (one) => `${one.near} ↔ ${one.far}` },
        { head: "STATE", value: (one) => one.state },
        { head: "TUNNELS", value: (one) => tunnelsOf(one) },
        { head: "ROUND TRIP", align: "right", value: (one) => roundTripOf(one) },
        { head: "NOTE", value: (one) => one.problem?.message ?? one.seen?.degraded ?? "" },
      ],
      "There are no connections.",
    ),
  );
}

export async function showConnection(id: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  await show(await answerOf(api.GET("/v1/connections/{id}", { params: { path: { id } } })), options.output, describe);
}

export async function rotateKeys(id: string, options: CommonOptions & { watch?: boolean }): Promise<void> {
  const connected = connectApi(options);
  const params = { path: { id }, header: { "Idempotency-Key": randomUUID() } };
  await shown(connected, await answerOf(connected.api.POST("/v1/connections/{id}/rotate-keys", { params })), options);
}

export async function drill(id: string, options: CommonOptions & { watch?: boolean }): Promise<void> {
  const connected = connectApi(options);
  const params = { path: { id }, header: { "Idempotency-Key": randomUUID() } };
  await shown(connected, await answerOf(connected.api.POST("/v1/connections/{id}/drill", { params })), options);
}

export async function disconnectSites(
  id: string,
  options: CommonOptions & { yes?: boolean; watch?: boolean },
): Promise<void> {
  const connected = connectApi(options);
  await confirm(`Take the connection ${id} down?`, options.yes ?? false);
  const params = { path: { id }, header: { "Idempotency-Key": randomUUID() } };
  await shown(connected, await answerOf(connected.api.DELETE("/v1/connections/{id}", { params })), options);
}

/** As it is, or with `--watch` once nothing goes on any more. */
async function shown(
  { api }: ConnectedApi,
  started: Connection,
  options: CommonOptions & { watch?: boolean },
): Promise<void> {
  let connection = started;
  while (options.watch && !settled.includes(connection.state)) {
    await sleep(pollMs);
    connection = await answerOf(api.GET("/v1/connections/{id}", { params: { path: { id: started.connection_id } } }));
  }
  await show(connection, options.output, describe);
  const { state, problem } = connection;
  if (options.watch && (state === "failed" || problem)) {
    throw new CliError(problem?.message ?? `The connection is ${state}`, "See novacron connections show.");
  }
}

function describe(connection: Connection): string {
  const { plan, seen, problem } = connection;
  return fields([
    ["Connection", connection.connection_id],
    ["Between", `${connection.near} ↔ ${connection.far}`],
    ["State", connection.state],
    ["Keys", `generation ${connection.generation}${connection.keys_at ? `, of ${connection.keys_at}` : ""}`],
    ...(plan ? planFields(plan) : []),
    ...(seen ? ([["Seen", `${seen.at}: ${tunnelsOf(connection)} ${roundTripOf(connection)}`.trim()]] as const) : []),
    ...(seen?.degraded ? ([["Degraded", seen.degraded]] as const) : []),
    ...(connection.drill ? ([["Drill", drillOf(connection.drill)]] as const) : []),
    ...(problem ? ([["Problem", problem.message]] as const) : []),
    ...(problem?.left_behind ?? []).map(({ resource, remove }) => ["Left behind", `${resource}: ${remove}`] as const),
  ]);
}

function describePlan(plan: Plan): string {
  return fields([["Between", `${plan.near.site} ↔ ${plan.far.site}`], ...planFields(plan)]);
}

function planFields({ near, far, parameters, tunnels, separate_paths: separate }: Plan): (readonly [string, string])[] {
  const { ike, esp, integrity, dh, ike_seconds: ikeSeconds, esp_seconds: espSeconds } = parameters;
  return [
    ["Networks", `${near.networks.join(", ")} ↔ ${far.networks.join(", ")}`],
    ["Phase 1", `IKEv2 ${ike}, ${integrity}, ${dh}, ${ikeSeconds} s`],
    ["Phase 2", `ESP ${esp}, forward secret by ${dh}, ${espSeconds} s`],
    ...tunnels.map((tunnel) => [`Tunnel ${tunnel.index}`, `${tunnel.near_address} ↔ ${tunnel.far_address}`] as const),
    ...(separate
      ? []
      : ([["Note", "both tunnels use one address of an end: a failure of its link takes both"]] as const)),
  ];
}

function drillOf({ at, passed, tunnels }: NonNullable<Connection["drill"]>): string {
  const reasons = tunnels.flatMap(({ index, failure, not_set_again: notSet }) =>
    [failure, notSet].flatMap((reason) => (reason === undefined ? [] : [`tunnel ${index}: ${reason}`])),
  );
  return `${at}: ${passed ? "each tunnel stood in for the other" : reasons.join("; ")}`;
}

function tunnelsOf({ seen }: Connection): string {
  return seen ? `${seen.up.filter(Boolean).length} of ${seen.up.length} up` : "";
}

function roundTripOf({ seen }: Connection): string {
  const { path } = seen ?? {};
  if (!path) return "";
  const lost = path.loss_ratio > 0 ? `, ${Math.round(path.loss_ratio * 100)} % lost` : "";
  return path.round_trip_ms === undefined ? `no answer${lost}` : `${path.round_trip_ms} ms${lost}`;
}
