import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import type { Schemas } from "../../src/cli/client.ts";
import { burstFindings } from "../../src/cli/doctor/burst.ts";
import { failoverFindings } from "../../src/cli/doctor/failover.ts";
import type { Finding } from "../../src/cli/doctor/finding.ts";
import {
  alertFindings,
  controlPlaneFindings,
  priceFindings,
  scheduleFindings,
  siteFindings,
  workerFindings,
} from "../../src/cli/doctor/installation.ts";
import { migrationFindings } from "../../src/cli/doctor/migration.ts";
import { savingsFindings } from "../../src/cli/doctor/savings.ts";
import { buildProgram } from "../../src/cli/program.ts";

const now = new Date("2026-03-10T12:00:00.000Z");
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000).toISOString();
const says = (found: readonly Finding[]) => found.map(({ state, what }) => `${state}: ${what}`);

test("of the installation: a freeze, overdue backups, sites not read, silent workers, late schedules, old prices, alerts", () => {
  const place = { site: "b", overdue: true, problem: "no route", taken_at: ago(90_000) };
  const controlPlane = { places: [place], interrupted: [] } as unknown as Schemas["ControlPlane"];
  const frozen = { frozen: true, since: ago(60), reason: "audit" } as Schemas["Freeze"];
  assert.deepEqual(says(controlPlaneFindings(controlPlane, frozen)), [
    `warning: changes are frozen since ${ago(60)}: audit`,
    `failing: its backup at b is overdue (the newest is of ${ago(90_000)}): no route`,
  ]);
  const well = { places: [{ site: "b", overdue: false }], interrupted: [] } as unknown as Schemas["ControlPlane"];
  assert.deepEqual(says(controlPlaneFindings(well, { frozen: false })), ["ok: answers, may act, and is backed up"]);

  const site = { site: "a", kind: "libvirt", simulated: false };
  const inventory = { site: "a", vm_count: 3, age_seconds: 90 };
  const sites = [
    { ...site, enabled: true, inventory },
    { ...site, enabled: true, inventory: { ...inventory, age_seconds: 7_300 } },
    { ...site, enabled: true, inventory: { ...inventory, error: "refused", failed_at: ago(5) } },
    { ...site, enabled: false, inventory },
  ];
  assert.deepEqual(
    siteFindings(sites as Schemas["Site"][]).map(({ state }) => state),
    ["ok", "warning", "failing", "ok"],
  );

  const worker = { name: "w", site: "a", state: "live", certificate_ends_at: ago(-90 * 86_400) };
  const workers = [worker, { ...worker, state: "silent" }, { ...worker, certificate_ends_at: ago(-86_400) }];
  assert.deepEqual(says(workerFindings(workers as Schemas["SiteWorker"][], now)), [
    "failing: of a was last heard of never",
    "warning: its certificate ends in 1 day",
  ]);

  const hourly = { schedule_id: "s", workflow: "w", every_seconds: 3_600, paused: false };
  const late = [
    { ...hourly, next_at: ago(-60) },
    { ...hourly, next_at: ago(3 * 3_600) },
    { ...hourly, paused: true },
  ];
  assert.deepEqual(says(scheduleFindings(late, now)), ["failing: was due 3 hours ago", "warning: is paused"]);

  const price = { priced_on: "2025-11-01", age_days: 129 } as Schemas["Price"];
  const known = priceFindings([
    { provider: "aws", price },
    { provider: "oci", price: undefined },
  ]);
  assert.deepEqual(
    known.map(({ state }) => state),
    ["warning", "warning"],
  );

  const alert = {
    rule: "disk",
    severity: "critical",
    site: "a",
    resource_id: "vm-1",
    condition: "x > 1",
    since: ago(9),
  };
  const alerts = [
    { ...alert, state: "firing", silenced: false },
    { ...alert, state: "firing", silenced: true },
    { ...alert, state: "pending", silenced: false },
  ];
  assert.deepEqual(says(alertFindings({ items: alerts } as Schemas["AlertList"])), [
    `failing: a/vm-1: x > 1, since ${ago(9)}`,
  ]);
});

test("of a migration: what its failure wants looked at, what it left, and what was said", () => {
  const moving = {
    ...{ migration_id: "m", plan_id: "p", workflow_id: "migration/m", vm: { name: "db" }, from: "a", to: "aws" },
    ...{ progress: 41.7, updated_at: ago(30), step: "copy", state: "running" },
  } as unknown as Schemas["Migration"];
  assert.deepEqual(says(migrationFindings(moving, undefined, [], now)), ["ok: is at copy (41 %)"]);
  const stuck = migrationFindings({ ...moving, updated_at: ago(900) }, undefined, [], now);
  assert.deepEqual(says(stuck), ["warning: is at copy (41 %) and told nothing for 15 minutes"]);

  const problem = {
    ...{ code: "QuotaExceeded", message: "no vCPUs left", step: "create" },
    left_behind: [{ resource: "aws/volume/v", remove: "aws ec2 delete-volume" }],
  };
  const plan = { checks: [{ check: "target-quota", result: "warn", detail: "not known", remedy: "grant it" }] };
  const line = { at: ago(40), message: "refused", activity: "createVm" } as Schemas["LogLine"];
  const failed = { ...moving, state: "rolled-back" as const, problem };
  const found = migrationFindings(failed, plan as unknown as Schemas["Plan"], [line], now);
  assert.deepEqual(says(found), [
    "failing: db is rolled-back at create: no vCPUs left",
    "warning: target-quota: not known",
    "failing: left aws/volume/v behind, which may cost money",
    `warning: createVm said at ${ago(40)}: refused`,
  ]);
  assert.match(found[0]?.remedy ?? "", /quota/i);
  const unreached = { ...failed, problem: { code: "Unavailable", message: "no route" } };
  const [first] = migrationFindings(unreached, undefined, [], now);
  assert.match(first?.remedy ?? "", /providers check aws/);
});

test("of a pool: not running, disabled, without samples, at its limit, and what failed", () => {
  const pool = {
    ...{
      name: "web",
      state: "active",
      enabled: true,
      sample_seconds: 30,
      cooldown_seconds: 600,
      max_vms: 5,
      site: "a",
    },
    ...{ sites: ["aws"], signals: [{ metric: "cpu.utilisation" }] },
  } as unknown as Schemas["BurstPool"];
  const decision = (reason: string, until = ago(10)) =>
    [{ reason, until, detail: "because", have: 5, wanted: 6 }] as unknown as Schemas["BurstDecision"][];
  const only = (found: readonly Finding[]) => found.map(({ state, remedy = "" }) => `${state}: ${remedy}`).join("\n");

  assert.match(only(burstFindings(pool, [], [], now)), /^failing: Look whether a worker runs/);
  assert.match(only(burstFindings(pool, decision("enough", ago(300)), [], now)), /^failing: .*does a worker take/);
  assert.match(
    only(burstFindings({ ...pool, enabled: false }, decision("disabled"), [], now)),
    /^failing: Set enabled/,
  );
  assert.match(only(burstFindings(pool, decision("no-samples"), [], now)), /measured of cpu\.utilisation at a/);
  assert.match(only(burstFindings(pool, decision("at-limit"), [], now)), /5 of at most 5/);
  assert.match(only(burstFindings(pool, decision("cooling-down"), [], now)), /^warning: .*10 minutes/);
  assert.deepEqual(says(burstFindings(pool, decision("enough"), [], now)), ["ok: enough: because"]);
  const problems = [{ site: "aws", code: "QuotaExceeded", message: "no vCPUs" }];
  const lease = { state: "failed", vm_name: "web-b1", problems } as unknown as Schemas["BurstLease"];
  assert.deepEqual(says(burstFindings(pool, decision("enough"), [lease], now)), [
    "ok: enough: because",
    "warning: web-b1 failed at aws: no vCPUs",
  ]);
});

test("of savings: no analysis, too few days, small savings, no metrics, no prices", () => {
  const none = { savings: { potential: [] }, unchanged: [], metrics: [], prices: [] };
  assert.deepEqual(says(savingsFindings(none, now)), [
    "failing: nothing was analysed yet",
    "failing: no site measures what its VMs use",
  ]);
  const newest = {
    ...{
      state: "completed",
      started_at: ago(10 * 86_400),
      settings: { least_days: 7, least_saving_micros: 5_000_000 },
    },
    totals: { recommendations: 0, resources: 3 },
  };
  const because = (reason: string) => ({ reason }) as Schemas["NoRecommendation"];
  const found = savingsFindings(
    {
      savings: { newest, potential: [] } as unknown as Schemas["Savings"],
      unchanged: [
        because("its use was measured for 1.5 days; at least 7 are needed"),
        because("it does not run; what is paid for then is its disks"),
        because("its use was measured for 2.0 days; at least 7 are needed"),
      ],
      metrics: [{ site: "a", metric: "cpu.utilisation", resources: 3 }],
      prices: [{ provider: "aws", price: { priced_on: "2026-03-01", age_days: 9 } as Schemas["Price"] }],
    },
    now,
  );
  assert.deepEqual(says(found), [
    "warning: the newest analysis is 10 days old",
    "warning: 2 resources: its use was measured for 1.5 days; at least 7 are needed",
    "ok: 1 resource: it does not run; what is paid for then is its disks",
    "ok: are of 2026-03-01, 9 days old",
  ]);
  assert.match(found[1]?.remedy ?? "", /7 days of samples, and a saving of 5 a month/);
});

test("of a failover: lag, VMs that are late or missing, the plan, the newest run, who looks at the site", () => {
  const policy = { rpo_seconds: 300, rto_seconds: 600, auto_failover: true, bandwidth_bytes_per_second: 1_000_000 };
  const group = {
    ...{ group_id: "g", name: "shop", policy, state: "protected", lag_seconds: 900, current_site: "a" },
    members: [{ name: "db", problem: "its disk is away" }],
  } as unknown as Schemas["ProtectionGroup"];
  const status = {
    backups: [
      { name: "db", state: "none" },
      { name: "web", state: "protected", predicted_rto_seconds: 1_300 },
      { name: "app", state: "protected", predicted_rto_seconds: 60 },
    ],
  } as unknown as Schemas["ProtectionStatus"];
  const run = {
    ...{ run_id: "r", mode: "drill", state: "done" },
    report: { rto_seconds: 700, rto_objective_seconds: 600, rpo_seconds: 60, rpo_objective_seconds: 300 },
  } as unknown as Schemas["RecoveryRun"];
  const health = { site: "a", verdict: "suspect", reasons: ["1 of 2 see it"], automatic_failover: false };
  const found = failoverFindings(
    { group, status, plan: "none", runs: [run], health: health as unknown as Schemas["SiteHealth"] },
    now,
  );
  assert.deepEqual(says(found), [
    "failing: its newest recovery point is 15 minutes old, its RPO 5 minutes",
    "failing: its disk is away",
    "failing: is in no recovery point",
    "failing: is predicted to be up after 21 minutes, its RTO is 10 minutes",
    "failing: there is none: all VMs would begin at once, and no record moves",
    "failing: of shop took 11 minutes (RTO 10 minutes) and lost 1 minute (RPO 5 minutes)",
    "warning: is suspect: 1 of 2 see it",
    "failing: is not failed over by itself, though the group asks for it: fewer than three failure domains look at it",
  ]);
  assert.match(found[0]?.remedy ?? "", /bandwidth limit/);
});

test("each command that the doctor names is there", async () => {
  const rules = new URL("../../src/cli/doctor/", import.meta.url);
  const files = (await readdir(rules)).map((file) => readFile(new URL(file, rules), "utf8"));
  const named = (await Promise.all(files)).flatMap((text) => [...text.matchAll(/novacron ([a-z][a-z -]*)/g)]);
  assert.ok(named.length > 10);
  for (const [, words = ""] of named) {
    let at = buildProgram();
    for (const word of words.trim().split(" ")) {
      const next = at.commands.find((command) => command.name() === word);
      if (!next) break;
      at = next;
    }
    assert.ok(at.parent && (at.commands.length === 0 || at.name() === words.trim()), `novacron ${words}`);
  }
});
