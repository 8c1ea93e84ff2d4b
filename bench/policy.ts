/**
 * `policy`: fifty rules over a million resources. First the findings have to be identical: of the scan and of the same rules as
 * SQL by hand, and of admission and of Cedar (in WebAssembly, with the same rules as `forbid` policies). Then how long each
 * takes, in turn, and how much memory this process takes meanwhile.
 */
import { createHash } from "node:crypto";
import pg from "pg";
import { readPolicies } from "../src/domain/policy/book.ts";
import { type CompiledPolicy, judge } from "../src/domain/policy/policy.ts";
import type { Resource } from "../src/domain/resource.ts";
import type { Store } from "../src/store/index.ts";
import { type BenchPlace, withStore } from "./lib/bench-store.ts";
import { interleave, median, seconds } from "./lib/measure.ts";
import { asPolicy, benchRules, cedarEntity, judgedResources, portions } from "./lib/policy-world.ts";
import { type Bench, type BenchContext, type Figure, figure } from "./lib/report.ts";

export const policyBench: Bench = {
  name: "policy",
  summary: "Fifty rules over a million resources: identical findings, scan beside SQL by hand, admission beside Cedar",
  takes: ["resources"],
  run,
};

const leastAgainstSql = 0.5;
const leastAgainstCedar = 5;
const mostMemoryMib = 1_024;
/** Resources that are judged one by one. */
const admitted = 2_000;

async function run({ note, runs = 3, seed = 1, resources = 1_000_000 }: BenchContext): Promise<Figure[]> {
  return withStore(async (store, place) => {
    const now = Date.now();
    const at = new Date(now).toISOString();
    const rules = benchRules();
    const compiled = readPolicies(
      rules.map(({ draft }) => asPolicy(draft, at)),
      [],
      now,
    );
    let peak = 0;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss());
    }, 100);
    try {
      await fill(store, { seed, now, resources }, note);
      for (const { draft } of rules)
        await store.policies.create({ ...draft, policyId: draft.name, createdBy: "bench" });
      const scanFigures = await scans({ store, place, compiled, now, runs }, note);
      // Memory is what the product takes: Cedar comes after it.
      const memory = Math.round(peak / 2 ** 20);
      return [
        ...scanFigures,
        figure({
          name: "memory of the scanning process",
          value: memory,
          unit: "MiB",
          better: "lower",
          goal: mostMemoryMib,
        }),
        ...(await admission({ compiled, now, seed, runs }, note)),
      ];
    } finally {
      clearInterval(watch);
    }
  });
}

async function fill(
  store: Store,
  { seed, now, resources }: { seed: number; now: number; resources: number },
  note: (line: string) => void,
): Promise<void> {
  const took = await seconds(async () => {
    for (const portion of portions(resources)) {
      const at = new Date(now).toISOString();
      await store.inventory.replace(portion.place, portion.kind, judgedResources(portion, { seed, now }), at);
    }
  });
  note(`${resources} resources written in ${took.toFixed(0)} s`);
}

interface Scanning {
  readonly store: Store;
  readonly place: BenchPlace;
  readonly compiled: readonly CompiledPolicy[];
  readonly now: number;
  readonly runs: number;
}

async function scans({ store, place, compiled, now, runs }: Scanning, note: (line: string) => void): Promise<Figure[]> {
  const client = new pg.Client({ connectionString: place.postgres.databaseUrl });
  await client.connect();
  place.after(() => client.end());
  // So that neither reads what the other has left half done.
  await client.query("vacuum analyze");
  const rules = benchRules();
  const byHand = async () => {
    await client.query("drop table if exists by_hand; create table by_hand (policy_id text, resource_id text)");
    for (const { name, sql } of rules) {
      await client.query(`insert into by_hand select '${name}', resource_id from (${sql}) as broken`);
    }
  };
  const ours = async () => {
    for (const each of compiled) await store.findings.scan(each, { now, residency: {} });
  };
  const first = await seconds(ours);
  await byHand();
  const digest = async (from: string) => {
    const { rows } = await client.query<{ count: string; digest: string }>(`select count(*) as count,
      md5(string_agg(policy_id || ' ' || resource_id, ' ' order by policy_id collate "C", resource_id collate "C")) as digest from ${from}`);
    return rows[0];
  };
  const [found, wanted] = [await digest("policy_findings where state = 'open'"), await digest("by_hand")];
  if (JSON.stringify(found) !== JSON.stringify(wanted)) {
    throw new Error(`The findings differ: ${JSON.stringify(found)} of the scan, ${JSON.stringify(wanted)} by hand`);
  }
  note(
    `${found?.count} findings, the same of both; the first scan, which writes all of them, took ${first.toFixed(1)} s`,
  );
  const times = await interleave(runs, { ours: () => seconds(ours), byHand: () => seconds(byHand) });
  const [mine, theirs] = [median(times.ours), median(times.byHand)];
  note(`a scan takes ${mine.toFixed(1)} s, the SQL by hand ${theirs.toFixed(1)} s`);
  return [
    figure({ name: "findings, the same by hand", value: Number(found?.count), unit: "findings", better: "higher" }),
    figure({ name: "first scan, with all findings to write", value: first, unit: "s", better: "lower" }),
    figure({
      ...{ name: "scans an hour", value: 3_600 / mine, unit: "1/h", better: "higher" },
      ...{ peer: "the same rules as SQL by hand", peer_value: 3_600 / theirs, goal: leastAgainstSql },
    }),
  ];
}

async function admission(
  { compiled, now, seed, runs }: Pick<Scanning, "compiled" | "now" | "runs"> & { seed: number },
  note: (line: string) => void,
): Promise<Figure[]> {
  const cedar = await import("@cedar-policy/cedar-wasm/nodejs");
  const rules = benchRules();
  const policies = {
    staticPolicies: {
      permit: "permit(principal, action, resource);",
      ...Object.fromEntries(
        rules.map(({ name, cedar: when }) => [name, `forbid(principal, action, resource) when { ${when} };`]),
      ),
    },
  };
  const preparsed = cedar.preparsePolicySet("rules", policies);
  if (preparsed.type !== "success") throw new Error(JSON.stringify(preparsed));
  const judged = sampleOf(seed, now);
  const request = {
    principal: { type: "User", id: "u" },
    action: { type: "Action", id: "create" },
    context: {},
    preparsedPolicySetId: "rules",
    validateRequest: false,
  };
  const byCedar = (resource: Resource): readonly string[] => {
    const entity = cedarEntity(resource);
    const answer = cedar.statefulIsAuthorized({
      ...request,
      resource: entity.uid,
      entities: [entity],
    });
    if (answer.type !== "success") throw new Error(JSON.stringify(answer));
    return answer.response.diagnostics.reason.filter((name) => name !== "permit");
  };
  const byUs = (resource: Resource): readonly string[] => {
    const broken: string[] = [];
    for (const each of compiled) {
      if (judge(each, { resource }, now) === "violation") broken.push(each.policy.name);
    }
    return broken;
  };
  const digestOf = (by: (resource: Resource) => readonly string[]) => {
    const hash = createHash("sha256");
    for (const resource of judged) hash.update(`${resource.resourceId} ${by(resource).toSorted().join(",")}\n`);
    return hash.digest("hex");
  };
  if (digestOf(byUs) !== digestOf(byCedar)) throw new Error("Admission and Cedar don't find the same");
  const each = (by: (resource: Resource) => readonly string[]) => async () =>
    seconds(async () => {
      for (const resource of judged) by(resource);
    });
  const times = await interleave(runs, { ours: each(byUs), cedar: each(byCedar) });
  const [mine, theirs] = [median(times.ours), median(times.cedar)];
  note(`admission of ${judged.length} resources: ${(mine * 1e3).toFixed(1)} ms, Cedar ${(theirs * 1e3).toFixed(1)} ms`);
  return [
    figure({
      ...{ name: "admissions, fifty rules each", value: judged.length / mine, unit: "1/s", better: "higher" },
      ...{ peer: "Cedar in WebAssembly", peer_value: judged.length / theirs, goal: leastAgainstCedar },
    }),
  ];
}

/** Of every kind and site. */
function sampleOf(seed: number, now: number): (Resource & { firstSeenAt: string; changedAt: string })[] {
  const at = new Date(now).toISOString();
  return portions(admitted).flatMap((portion) =>
    [...judgedResources(portion, { seed, now })].map((resource) => ({ ...resource, firstSeenAt: at, changedAt: at })),
  );
}
