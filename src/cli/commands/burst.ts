import { parse } from "yaml";
import { allPages, answerOf, connectApi, type Schemas } from "../client.ts";
import { confirm } from "../confirm.ts";
import { usageError } from "../failure.ts";
import { fields, show, table } from "../output.ts";
import { readTextFile } from "../text-file.ts";
import { formatMoney, formatPrice, readCount, readSeconds } from "../units.ts";
import type { CommonOptions } from "./options.ts";

type Outcome = Schemas["BurstOutcome"];
const ofPool = (id: string) => ({ params: { path: { id } } });
const shownDecisions = 10;
const mostDecisions = 200;

export async function listPools(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const { items } = await answerOf(api.GET("/v1/burst-pools"));
  await show(items, options.output, (pools) =>
    table(
      pools,
      [
        { head: "POOL", value: (pool) => pool.name },
        { head: "SITE", value: (pool) => pool.site },
        {
          head: "WATCHES",
          value: (pool) => pool.signals.map(({ metric, threshold }) => `${metric} > ${threshold}`).join(", "),
        },
        { head: "VMS AT", value: (pool) => pool.sites.join(", ") },
        { head: "AT MOST", value: (pool) => String(pool.max_vms) },
        { head: "STATE", value: (pool) => (pool.state === "active" && !pool.enabled ? "disabled" : pool.state) },
      ],
      "There are no pools.",
    ),
  );
}

export async function createPool(options: CommonOptions & { file: string }): Promise<void> {
  const { api } = connectApi(options);
  const pool = await answerOf(api.POST("/v1/burst-pools", { body: await readPool(options.file) }));
  await show(pool, options.output, async (made) => `${made.name} is looked after (${made.pool_id}).`);
}

export async function changePool(name: string, options: CommonOptions & { file: string }): Promise<void> {
  const { api } = connectApi(options);
  const body = await readPool(options.file);
  const pool = await answerOf(api.POST("/v1/burst-pools/{id}", { ...ofPool(name), body }));
  await show(pool, options.output, async (changed) => `${changed.name} is changed.`);
}

export async function deletePool(name: string, options: CommonOptions & { yes?: boolean }): Promise<void> {
  const { api } = connectApi(options);
  await confirm(`End the pool ${name}, and remove all of its VMs?`, options.yes ?? false);
  const pool = await answerOf(api.DELETE("/v1/burst-pools/{id}", ofPool(name)));
  await show(pool, options.output, async () => `${name} ends: its VMs are drained and removed.`);
}

export async function orderBurst(name: string, vms: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const body = { vms: vms === "0" ? 0 : readCount(vms) };
  const pool = await answerOf(api.POST("/v1/burst-pools/{id}/order", { ...ofPool(name), body }));
  await show(pool, options.output, async ({ ordered }) =>
    ordered === 0 ? `${name} follows its load again.` : `${name} has at least ${ordered} VMs from now on.`,
  );
}

export async function releaseBurst(name: string, options: CommonOptions & { yes?: boolean }): Promise<void> {
  const { api } = connectApi(options);
  await confirm(`Remove all VMs of ${name} now?`, options.yes ?? false);
  const pool = await answerOf(api.POST("/v1/burst-pools/{id}/release", ofPool(name)));
  await show(pool, options.output, async () => `The VMs of ${name} are drained and removed.`);
}

/** The newest decision whole, those before it in a line each. */
export async function explainPool(name: string, options: CommonOptions & { last?: string }): Promise<void> {
  const { api } = connectApi(options);
  const limit = options.last === undefined ? shownDecisions : Math.min(mostDecisions, readCount(options.last));
  const path = { path: { id: name } };
  const { items } = await answerOf(
    api.GET("/v1/burst-pools/{id}/decisions", { params: { ...path, query: { limit } } }),
  );
  await show(items, options.output, async (decisions) => {
    const [newest] = decisions;
    if (!newest) return `${name} has decided nothing yet.`;
    const { action, reason, have, wanted, detail, readings, candidates, until } = newest;
    const head = fields([
      ["Now", `${action}, ${reason} (${until})`],
      ["VMs", action === "hold" ? have : `${have}, ${wanted} wanted`],
      ["Why", detail],
      ...readings.map((reading): [string, string] => [reading.metric, `${reading.state}: ${reading.detail}`]),
      ...candidates.map((each): [string, string] => [each.site, each.detail]),
    ]);
    const before = await table(
      decisions,
      [
        { head: "FROM", value: (each) => each.from },
        { head: "UNTIL", value: (each) => each.until },
        { head: "DID", value: (each) => each.action },
        { head: "WHY", value: (each) => each.reason },
        { head: "VMS", value: (each) => `${each.have}${each.wanted === each.have ? "" : ` → ${each.wanted}`}` },
        { head: "LOOKS", value: (each) => String(each.looks) },
      ],
      "",
    );
    return `${head}\n\n${before}`;
  });
}

export async function listLeases(name: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const leases = await allPages((cursor) =>
    answerOf(
      api.GET("/v1/burst-pools/{id}/leases", {
        params: { path: { id: name }, query: { limit: 200, ...(cursor ? { cursor } : {}) } },
      }),
    ),
  );
  await show(leases, options.output, (rows) =>
    table(
      rows,
      [
        { head: "VM", value: (lease) => lease.vm_name },
        { head: "STATE", value: (lease) => lease.state },
        { head: "SITE", value: (lease) => lease.site ?? "" },
        { head: "SIZE", value: (lease) => [lease.instance_type, lease.capacity_type].filter(Boolean).join(", ") },
        { head: "AN HOUR", value: (lease) => (lease.hourly ? formatPrice(lease.hourly) : "not known") },
        { head: "ORDERED", value: (lease) => lease.ordered_at },
        { head: "UNTIL", value: (lease) => lease.ended_at ?? `${lease.deadline} at most` },
        { head: "WHY", value: (lease) => lease.leave_reason ?? lease.problems.at(-1)?.message ?? "" },
      ],
      `${name} never had a VM.`,
    ),
  );
}

interface ReplayOptions extends CommonOptions {
  readonly from?: string;
  readonly to?: string;
  readonly threshold?: string;
  readonly target?: string;
  readonly releaseUnder?: string;
  readonly sustain?: string;
  readonly cooldown?: string;
  readonly maxVms?: string;
  readonly overMinuteWorth?: string;
}

export async function replayPool(name: string, options: ReplayOptions): Promise<void> {
  const { api } = connectApi(options);
  const { from, to, threshold, target, releaseUnder, sustain, cooldown, maxVms, overMinuteWorth } = options;
  const number = (option: string, text: string | undefined) => {
    const read = Number(text);
    if (text === undefined || read > 0) return text === undefined ? undefined : read;
    throw usageError(`--${option} ${text} is not a number above 0`, "Write it as 0.85.");
  };
  const worth = number("over-minute-worth", overMinuteWorth);
  const body = {
    ...{ from, to, threshold: number("threshold", threshold), target: number("target", target) },
    release_under: number("release-under", releaseUnder),
    sustain_seconds: sustain === undefined ? undefined : readSeconds(sustain),
    cooldown_seconds: cooldown === undefined ? undefined : readSeconds(cooldown),
    max_vms: maxVms === undefined ? undefined : readCount(maxVms),
    forecast: worth === undefined ? undefined : { over_minute_worth: worth },
  };
  const asked = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
  const replayed = await answerOf(api.POST("/v1/burst-pools/{id}/what-if", { ...ofPool(name), body: asked }));
  await show(replayed, options.output, async (result) => {
    const rows: { what: string; of: Outcome }[] = [
      { what: "as it is", of: result.as_it_is },
      { what: "as asked", of: result.as_asked },
    ];
    const head = `${result.metric} from ${result.from} to ${result.to}; ${result.minutes_known} minutes are known.`;
    const compared = await table(
      rows,
      [
        { head: "SETTINGS", value: ({ what }) => what },
        { head: "VM-HOURS", value: ({ of }) => of.vm_hours.toFixed(1) },
        { head: "COST", value: ({ of }) => (of.cost ? formatMoney(of.cost) : "not known") },
        { head: "MINUTES OVER", value: ({ of }) => String(of.minutes_over) },
        { head: "MOST VMS", value: ({ of }) => String(of.most_vms) },
        { head: "DIRECTION CHANGES", value: ({ of }) => String(of.direction_changes) },
      ],
      "",
    );
    return `${head}\n${compared}`;
  });
}

async function readPool(file: string): Promise<Schemas["NewBurstPool"]> {
  const read: unknown = parse(await readTextFile(file));
  if (typeof read === "object" && read !== null && !Array.isArray(read)) return read as Schemas["NewBurstPool"];
  throw usageError(`${file} is not a pool`, "Write it as the body of POST /v1/burst-pools, in YAML or JSON.");
}
