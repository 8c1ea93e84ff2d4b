import { randomUUID } from "node:crypto";
import { allPages, answerOf, connectApi, type Schemas } from "../client.ts";
import { confirm } from "../confirm.ts";
import { CliError, usageError } from "../failure.ts";
import { fields, show, table } from "../output.ts";
import { formatBytes, formatSeconds, readBandwidth, readCount, readSeconds } from "../units.ts";
import type { CommonOptions } from "./options.ts";
import { describePlan } from "./plans.ts";

export interface ProtectOptions extends CommonOptions {
  readonly query?: string;
  readonly primarySite?: string;
  readonly recoverySite?: string;
  readonly rpo?: string;
  readonly rto?: string;
  readonly backupInterval?: string;
  readonly replication?: string;
  readonly replicationInterval?: string;
  readonly keep?: string;
  readonly keepFor?: string;
  readonly consistency?: string;
  readonly encryptionKey?: string;
  readonly bandwidth?: string;
  readonly autoFailover?: boolean;
  readonly watchdog?: boolean;
  readonly plan?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

type Group = Schemas["ProtectionGroup"];
type Body = Schemas["NewProtectionGroup"];
type Point = Schemas["GroupPoint"];
const replications = ["off", "interval", "continuous"] as const;
const consistencies = ["application", "crash"] as const;

/** By a plan, or planned, shown and then carried out as exactly that. */
export async function protect(name: string, vms: readonly string[], options: ProtectOptions): Promise<void> {
  const { api } = connectApi(options);
  const plan =
    options.plan === undefined
      ? await answerOf(
          api.POST("/v1/protection-groups", { body: { ...readProtection(name, vms, options), dry_run: true } }),
        )
      : await answerOf(api.GET("/v1/plans/{id}", { params: { path: { id: options.plan } } }));
  if (!("hash" in plan)) throw new CliError("The API answered with a group instead of a plan", "");
  if (options.dryRun) return show(plan, options.output, describePlan);
  if (process.stdin.isTTY && process.stderr.isTTY && !options.yes) {
    process.stderr.write(`${await describePlan(plan)}\n\n`);
    await confirm("Carry this out?", false);
  }
  const header = { "Idempotency-Key": randomUUID() };
  const body = { plan_id: plan.plan_id, plan_hash: plan.hash };
  const made = await answerOf(api.POST("/v1/protection-groups", { body, params: { header } }));
  if (!("group_id" in made)) throw new CliError("The API answered with a plan instead of a group", "");
  const { group_id: id } = made;
  await show(made, options.output, () => `${name} is group ${id}\nFollow it: novacron protection show ${id}`);
}

export async function listGroups(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const groups = await allPages((cursor) =>
    answerOf(api.GET("/v1/protection-groups", { params: { query: { limit: 200, ...(cursor ? { cursor } : {}) } } })),
  );
  await show(groups, options.output, (rows) =>
    table(
      rows,
      [
        { head: "GROUP", value: (row) => row.group_id },
        { head: "NAME", value: (row) => row.name },
        { head: "STATE", value: (row) => stateOf(row) },
        { head: "VMS", align: "right", value: (row) => row.members.length },
        { head: "AT", value: (row) => row.current_site },
        { head: "TO", value: (row) => row.replicates_to ?? "" },
        { head: "LAG", align: "right", value: (row) => lagOf(row) },
        { head: "RPO", align: "right", value: (row) => formatSeconds(row.policy.rpo_seconds) },
      ],
      "No protection groups.",
    ),
  );
}

export async function showGroup(id: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const params = { path: { id } };
  const group = await answerOf(api.GET("/v1/protection-groups/{id}", { params }));
  const status = await answerOf(api.GET("/v1/protection-groups/{id}/status", { params }));
  const events = await answerOf(
    api.GET("/v1/protection-groups/{id}/events", { params: { ...params, query: { limit: 10 } } }),
  );
  await show({ ...group, status, events: events.items }, options.output, () =>
    describeGroup(group, status, events.items),
  );
}

export async function listPoints(id: string, options: CommonOptions & { readonly all?: boolean }): Promise<void> {
  const { api } = connectApi(options);
  const points = await allPages((cursor) =>
    answerOf(
      api.GET("/v1/protection-groups/{id}/points", {
        params: {
          path: { id },
          query: {
            limit: 200,
            ...(options.all ? {} : { state: "complete" as const }),
            ...(cursor ? { cursor } : {}),
          },
        },
      }),
    ),
  );
  await show(points, options.output, (rows) =>
    table(
      rows,
      [
        { head: "POINT", value: (row) => row.point_id },
        { head: "TAKEN", value: (row) => row.taken_at ?? "" },
        { head: "KIND", value: (row) => row.kind },
        { head: "STATE", value: (row) => pointState(row) },
        { head: "CONSISTENCY", value: (row) => row.consistency?.level ?? "" },
        { head: "SPREAD", align: "right", value: (row) => (row.spread_ms === undefined ? "" : `${row.spread_ms} ms`) },
        { head: "MOVED", align: "right", value: (row) => formatBytes(row.bytes_copied) },
        { head: "NOTE", value: (row) => row.suspicion?.reason ?? row.held_because ?? row.reason ?? "" },
      ],
      "No recovery points.",
    ),
  );
}

export async function orderGroup(
  order: "pause" | "resume" | "point" | "delete",
  id: string,
  options: CommonOptions & { readonly yes?: boolean },
): Promise<void> {
  const { api } = connectApi(options);
  const params = { path: { id }, header: { "Idempotency-Key": randomUUID() } };
  if (order === "delete") await confirm(`Remove all recovery points of ${id}`, options.yes ?? false);
  const told = {
    pause: () => api.POST("/v1/protection-groups/{id}/pause", { params }),
    resume: () => api.POST("/v1/protection-groups/{id}/resume", { params }),
    point: () => api.POST("/v1/protection-groups/{id}/points", { params }),
    delete: () => api.DELETE("/v1/protection-groups/{id}", { params }),
  } as const;
  const group = await answerOf(told[order]());
  await show(group, options.output, (row) => `Group ${row.group_id}: ${order} accepted, now ${row.state}`);
}

/** What a person decides of one recovery point, and why. */
export async function decidePoint(
  decision: "hold" | "release" | "clear",
  [id, point]: readonly [string, string],
  options: CommonOptions & { readonly reason?: string },
): Promise<void> {
  const { reason } = options;
  if (reason === undefined)
    throw usageError(`to ${decision} a point takes a --reason`, "It becomes part of the story.");
  const { api } = connectApi(options);
  const header = { "Idempotency-Key": randomUUID() };
  const asked = { params: { path: { id, point }, header }, body: { reason } };
  const told = {
    hold: () => api.POST("/v1/protection-groups/{id}/points/{point}/hold", asked),
    release: () => api.POST("/v1/protection-groups/{id}/points/{point}/release", asked),
    clear: () => api.POST("/v1/protection-groups/{id}/points/{point}/clear", asked),
  } as const;
  const now = await answerOf(told[decision]());
  await show(now, options.output, (row) => {
    const stands = [pointState(row), row.held_because === undefined ? "not held" : `held: ${row.held_because}`];
    return `Point ${row.point_id}: ${stands.join(", ")}`;
  });
}

export async function reprotect(id: string, options: CommonOptions & { readonly to?: string }): Promise<void> {
  const { api } = connectApi(options);
  const params = { path: { id }, header: { "Idempotency-Key": randomUUID() } };
  const body = options.to === undefined ? {} : { to: options.to };
  const group = await answerOf(api.POST("/v1/protection-groups/{id}/reprotect", { params, body }));
  await show(group, options.output, (row) => `Group ${row.group_id}: accepted, now ${row.state}`);
}

function readProtection(name: string, vms: readonly string[], options: ProtectOptions): Body {
  const { query, primarySite, recoverySite, encryptionKey, bandwidth, keep, keepFor } = options;
  if (vms.length === 0 && query === undefined) {
    throw usageError(
      "a group needs VMs or --query",
      "For example: novacron protection create shop web-1 db-1 --recovery-site aws-us-east-1",
    );
  }
  const replication = oneOf("--replication", replications, options.replication);
  const consistency = oneOf("--consistency", consistencies, options.consistency);
  const retention = {
    ...(keep === undefined ? {} : { count: readCount(keep) }),
    ...(keepFor === undefined ? {} : { max_age_seconds: readSeconds(keepFor) }),
  };
  const times = {
    rpo_seconds: options.rpo,
    rto_seconds: options.rto,
    backup_interval_seconds: options.backupInterval,
    replication_interval_seconds: options.replicationInterval,
  };
  return {
    name,
    ...(vms.length > 0 ? { vms: [...vms] } : {}),
    ...(query === undefined ? {} : { query }),
    ...(primarySite === undefined ? {} : { primary_site: primarySite }),
    ...(recoverySite === undefined ? {} : { recovery_site: recoverySite }),
    ...Object.fromEntries(
      Object.entries(times).flatMap(([key, text]) => (text === undefined ? [] : [[key, readSeconds(text)]])),
    ),
    ...(replication === undefined ? {} : { replication }),
    ...(consistency === undefined ? {} : { consistency }),
    ...(Object.keys(retention).length > 0 ? { retention } : {}),
    ...(encryptionKey === undefined ? {} : { encryption_key: encryptionKey }),
    ...(bandwidth === undefined ? {} : { bandwidth_bytes_per_second: readBandwidth(bandwidth) }),
    ...(options.autoFailover ? { auto_failover: true } : {}),
    ...(options.watchdog ? { watchdog: true } : {}),
  };
}

function oneOf<const T extends string>(option: string, known: readonly T[], value: string | undefined): T | undefined {
  const found = known.find((each) => each === value);
  if (value !== undefined && found === undefined) throw usageError(`no ${option} ${value}`, `Use ${known.join(", ")}.`);
  return found;
}

function stateOf({ state, breached }: Group): string {
  return breached ? `${state}, RPO not kept` : state;
}

function lagOf({ lag_seconds: lag }: Group): string {
  return lag === undefined ? "" : formatSeconds(lag);
}

function pointState({
  state,
  suspicion,
  verified_at: verified,
}: Pick<Point, "state" | "suspicion" | "verified_at">): string {
  return [state, ...(suspicion ? ["suspect"] : []), ...(verified ? ["verified"] : [])].join(", ");
}

async function describeGroup(
  group: Group,
  { failover, backups }: Schemas["ProtectionStatus"],
  events: readonly Schemas["ProtectionEvent"][],
): Promise<string> {
  const { policy } = group;
  const every = policy.replication_interval_seconds;
  const rounds = every === undefined ? policy.replication : `every ${formatSeconds(every)}`;
  const vms = await table(
    backups,
    [
      { head: "VM", value: (row) => row.name },
      { head: "ID", value: (row) => row.resource_id },
      { head: "STATE", value: (row) => row.state },
      { head: "LAST POINT", value: (row) => row.last_backup ?? "" },
      {
        head: "RTO",
        align: "right",
        value: (row) => (row.predicted_rto_seconds === undefined ? "" : formatSeconds(row.predicted_rto_seconds)),
      },
    ],
    "No VMs.",
  );
  const problems = group.members.flatMap(({ name, problem }) => (problem ? [`  ${name}: ${problem}`] : []));
  return [
    fields([
      ["Group", `${group.group_id} (${group.name})`],
      ["State", stateOf(group)],
      [
        "Serves at",
        `${failover.current_site}${failover.is_active ? ` (failed over from ${policy.primary_site})` : ""}`,
      ],
      ["Points at", group.replicates_to ?? "nowhere now"],
      ["Unprotected", group.unprotected_since && `since ${group.unprotected_since}`],
      ["RPO", `${formatSeconds(policy.rpo_seconds)}, now ${lagOf(group) || "no point yet"}`],
      ["RTO", formatSeconds(policy.rto_seconds)],
      ["Rounds", `${rounds}; backups every ${formatSeconds(policy.backup_interval_seconds)}`],
      ["Kept", `${policy.retention.count} points, for ${formatSeconds(policy.retention.max_age_seconds)}`],
    ]),
    vms,
    problems.length > 0 ? `Problems:\n${problems.join("\n")}` : "",
    events.length > 0 ? `Lately:\n${events.map(({ at, message }) => `  ${at}  ${message}`).join("\n")}` : "",
  ]
    .filter(Boolean)
    .join("\n\n");
}
