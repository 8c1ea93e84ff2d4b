import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { hashToken } from "../../src/api/tokens.ts";
import { notificationOf } from "../../src/domain/notification.ts";
import { runnerOf } from "../cli/support/run.ts";
import { keepVms, sampleVm } from "./support/activities.ts";
import { startTestApi } from "./support/harness.ts";

const notifyTargets = [{ kind: "email" }, { kind: "pagerduty", name: "oncall" }] as const;
const api = await startTestApi({ after }, { worker: false, deps: { notifyTargets } });
const { store } = api;

async function scrape(): Promise<string> {
  const answer = await fetch(`${api.url}/v1/metrics`, { headers: { authorization: `Bearer ${api.token}` } });
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  return answer.text();
}

/** The value of one series; undefined when it is not there. */
function value(text: string, name: string, labels: Record<string, string> = {}): number | undefined {
  for (const line of text.split("\n")) {
    const [, found, inner = "", number] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    const holds = ([key, wanted]: [string, string]): boolean => inner.includes(`${key}="${wanted}"`);
    if (found === name && Object.entries(labels).every(holds)) return Number(number);
  }
  return undefined;
}

before(async () => {
  await keepVms(store, "onprem-a", [sampleVm("onprem-a", "one"), sampleVm("onprem-a", "two")]);
  const at = new Date().toISOString();
  await store.inventory.noteFailure({ site: "onprem-b", provider: "libvirt" }, "vm", "it is away", at);
  await store.watches.listening("onprem-a");
  await store.migrations.create({
    ...{ migrationId: "m", planId: "p", workflowId: "m", vm: { name: "one", sourceVmId: "id-one" } },
    ...{ from: "onprem-a", to: "onprem-b" },
  });
  await store.migrations.update("m", { state: "failed", bytesCopied: 4096, endedAt: at });
});

test("tell sites, migrations, the freeze and the process as they are when they are asked for", async () => {
  const text = await scrape();
  assert.equal(value(text, "novacron_site_vms", { site: "onprem-a" }), 2);
  const age = value(text, "novacron_site_inventory_age_seconds", { site: "onprem-a" });
  assert.ok(age !== undefined && age < 60, `${age}`);
  assert.equal(value(text, "novacron_site_inventory_age_seconds", { site: "onprem-b" }), undefined);
  assert.equal(value(text, "novacron_site_inventory_failed", { site: "onprem-a" }), 0);
  assert.equal(value(text, "novacron_site_listened_to", { site: "onprem-a" }), 1);
  assert.equal(value(text, "novacron_site_listened_to", { site: "onprem-b" }), 0);
  assert.equal(value(text, "novacron_site_inventory_failed", { site: "onprem-b" }), 1);
  assert.equal(value(text, "novacron_migrations", { state: "failed" }), 1);
  const route = { from: "onprem-a", to: "onprem-b" };
  assert.equal(value(text, "novacron_migrations_failed_total", route), 1);
  assert.equal(value(text, "novacron_migration_copied_bytes_total", route), 4096);
  assert.equal(value(text, "novacron_changes_frozen"), 0);
  await store.guard.freeze("test", "to see it");
  assert.equal(value(await scrape(), "novacron_changes_frozen"), 1);
  await store.guard.unfreeze();
  assert.ok((value(text, "process_resident_memory_bytes") ?? 0) > 2 ** 20);
});

test("tell who has the slots and the bandwidth that all workers share", async () => {
  const { slots, leases } = store;
  const ask = { resource: "migrations", slots: 1, ttlMs: 60_000 };
  for (const holder of ["one", "two", "three"]) await slots.ask({ ...ask, holder }, async () => true);
  const link = { resource: "link:onprem-a/onprem-b", limitPerSecond: 1000 };
  await leases.renew({ ...link, holder: "copy-1", ttlMs: 60_000 });
  await leases.renew({ ...link, holder: "copy-2", ttlMs: 1 });
  const text = await scrape();
  assert.equal(value(text, "novacron_slots", { resource: "migrations", state: "taken" }), 1);
  assert.equal(value(text, "novacron_slots", { resource: "migrations", state: "waiting" }), 2);
  assert.equal(value(text, "novacron_bandwidth_leases", { link: "onprem-a/onprem-b" }), 1);
  assert.equal(value(text, "novacron_bandwidth_leased_bytes_per_second", { link: "onprem-a/onprem-b" }), 1000);
  await Promise.all(["one", "two", "three"].map((holder) => slots.release("migrations", holder)));
  assert.equal(value(await scrape(), "novacron_slots", { resource: "migrations", state: "taken" }), 0);
});

test("count requests by the route's pattern, never by what an id makes of it", async () => {
  const counted = async (labels: Record<string, string>) =>
    value(await scrape(), "http_server_request_duration_seconds_count", labels) ?? 0;
  const get = { http_request_method: "GET", http_route: "/v1/vms/{site}/{vm_id}" };
  for (const id of ["id-one", "id-two", "none"]) await api.call("GET", `/v1/vms/onprem-a/${id}`);
  await api.call("GET", "/v1/nothing-here");
  assert.equal(await counted({ ...get, http_response_status_code: "200" }), 2);
  assert.equal(await counted({ ...get, http_response_status_code: "404" }), 1);
  assert.equal(await counted({ http_route: "unmatched", http_response_status_code: "404" }), 1);
  assert.doesNotMatch(await scrape(), /id-one/);
});

test("are for who reaches the whole installation", async () => {
  const token = "nvc_of-one-site-0123456789abcdef";
  const bindings = [{ role: "viewer" as const, scope: { site: "onprem-a" } }];
  await store.tokens.create({
    tokenId: "one-site",
    name: "one site",
    hash: hashToken(token),
    bindings,
    createdBy: "test",
  });
  assert.equal((await api.call("GET", "/v1/metrics", { token })).status, 403);
});

test("have every series that the dashboard shows", async () => {
  const text = await scrape();
  const file = new URL("../../deploy/grafana/novacron.json", import.meta.url);
  const { panels } = JSON.parse(readFileSync(file, "utf8")) as { panels: { targets: { expr: string }[] }[] };
  const names = panels.flatMap(({ targets }) =>
    targets.flatMap(({ expr }) => expr.match(/\b(?:novacron|http|process)_[a-z_]*[a-z]\b(?=[\s[)]|$)/g) ?? []),
  );
  assert.ok(names.length > 10);
  for (const name of names.filter((each) => !/_(code|route|method)$/.test(each))) {
    const family = name.replace(/_(count|bucket)$/, "");
    assert.match(text, new RegExp(`# TYPE ${family} `), name);
  }
});

const push = (samples: readonly object[], token = api.token) =>
  api.call("POST", "/v1/metrics/samples", { token, body: { samples } });
const read = (query: string, token = api.token) => api.call("GET", `/v1/metrics/samples?${query}`, { token });
interface Series {
  readonly items: readonly { resource_id: string; points: readonly { value: number; samples: number }[] }[];
}

test("figures are pushed and read by resource; who reaches some VMs of a site gets theirs only", async () => {
  const sample = { site: "onprem-a", resource_id: "id-one", metric: "memory.used", value: 0.5 };
  const pushed = await push([sample, { ...sample, resource_id: "a-queue", value: 7 }]);
  assert.equal(pushed.status, 200, JSON.stringify(pushed.body));
  const all = (await read("site=onprem-a&metric=memory.used")).body as unknown as Series;
  assert.deepEqual(
    all.items.map((each) => [each.resource_id, each.points[0]?.value]),
    [
      ["a-queue", 7],
      ["id-one", 0.5],
    ],
  );
  await keepVms(store, "onprem-a", [
    { ...sampleVm("onprem-a", "one"), tags: { env: "prod" } },
    sampleVm("onprem-a", "two"),
  ]);
  const ofProd = "nvc_viewer-of-some-vms-0123456789abcdef";
  await store.tokens.create({
    ...{ tokenId: "of-prod", name: "of prod", hash: hashToken(ofProd), createdBy: "test" },
    bindings: [{ role: "operator", scope: { site: "onprem-a", tags: { env: "prod" } } }],
  });
  const some = (await read("site=onprem-a&metric=memory.used", ofProd)).body as unknown as Series;
  assert.deepEqual(
    some.items.map((each) => each.resource_id),
    ["id-one"],
  );
  assert.equal((await push([sample], ofProd)).status, 403);
  assert.equal((await push([sample], api.readerToken)).status, 403);
  for (const strange of [{ metric: "No Name" }, { at: "2001-01-01T00:00:00Z" }, { site: "nowhere" }]) {
    const { status } = await push([{ ...sample, ...strange }]);
    assert.ok([400, 403, 404].includes(status), `${status}`);
  }
  assert.equal(
    (await read("site=onprem-a&metric=memory.used&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z")).status,
    400,
  );
});

test("the command line shows figures as a line each, and one resource point by point", async () => {
  const { run, json } = runnerOf(api);
  const said = await run("metrics", "push", "onprem-a", "id-one", "cpu.utilisation", "0.25");
  assert.equal(said.stdout, "cpu.utilisation of id-one at onprem-a is 0.25.\n", said.stderr);
  assert.match(
    (await run("metrics", "show", "onprem-a", "cpu.utilisation")).stdout,
    /id-one +25\.0 % +25\.0 % +25\.0 % +█/,
  );
  const points = await run("metrics", "show", "onprem-a", "cpu.utilisation", "--resource", "id-one", "--step", "1d");
  assert.match(points.stdout, /T00:00:00\.000Z +25\.0 % +25\.0 % +25\.0 % +1/);
  const names = await json<{ metric: string }[]>("metrics", "list", "--site", "onprem-a");
  assert.deepEqual(names.map(({ metric }) => metric).sort(), ["cpu.utilisation", "memory.used"]);
  assert.notEqual((await run("metrics", "push", "onprem-a", "id-one", "cpu.utilisation", "much")).code, 0);
});

test("a rule is made, changed and removed by people; what it names has to be configured", async () => {
  const { run, json } = runnerOf(api);
  const made = await run(
    ...["alerts", "rules", "create", "busy", "--metric", "cpu.utilisation", "--over", "90%", "--for", "10m"],
    ...["--site", "onprem-a", "--action", "email:ops@example.com", "pagerduty:oncall"],
  );
  assert.equal(
    made.stdout,
    "busy: cpu.utilisation > 0.9 for 600 s. It tells email:ops@example.com, pagerduty:oncall.\n",
    made.stderr,
  );
  const changed = await json<{ threshold: number; enabled: boolean; actions: string[] }>(
    ...["alerts", "rules", "change", "busy", "--over", "0.8", "--no-enabled"],
  );
  assert.deepEqual([changed.threshold, changed.enabled, changed.actions.length], [0.8, false, 2]);
  assert.match((await run("alerts", "rules", "list")).stdout, /busy +cpu\.utilisation > 0\.8 for 600 s +onprem-a +off/);
  const refused = async (body: object) =>
    (
      await api.call("POST", "/v1/alert-rules", {
        body: { ...{ name: "n", metric: "m", threshold: 1, comparison: "gt" }, ...body },
      })
    ).status;
  assert.equal(await refused({ actions: ["pagerduty:nobody"] }), 400);
  assert.equal(await refused({ actions: ["slack:oncall"] }), 400);
  assert.equal(await refused({ actions: ["sms:1"] }), 400);
  assert.equal(await refused({ site: "nowhere" }), 404);
  assert.equal(await refused({ name: "busy" }), 409);
  assert.equal(await refused({ comparison: "about" }), 400);
  const removed = await run("alerts", "rules", "remove", "busy", "--yes");
  assert.equal(removed.stdout, "busy is removed; what fired by it is resolved.\n", removed.stderr);
  assert.match((await run("alerts", "rules", "list")).stdout, /^No rules/);
});

test("how alerts stand, what happened and who was told is shown, with what is silenced", async () => {
  const { run, json } = runnerOf(api);
  const rule = await json<{ rule_id: string }>(
    ...["alerts", "rules", "create", "deep", "--metric", "queue.depth", "--at-least", "5", "--for", "0s"],
    ...["--action", "email:ops@example.com"],
  );
  const kept = await store.alertRules.get(rule.rule_id);
  assert.ok(kept);
  const at = "2026-01-01T00:00:00.000Z";
  const place = { ruleId: kept.ruleId, site: "onprem-a", resourceId: "orders" };
  const alert = { ...place, state: "firing", since: at, lastAt: at, value: 7, firedAt: at, occurrence: 1 } as const;
  await store.alerts.keep(kept, place, alert, [{ to: "firing", at, occurrence: 1, value: 7 }]);
  await store.alerts.keep(kept, place, alert, [{ to: "firing", at, occurrence: 1, value: 7 }]);
  const group = { notificationId: "told", groupKey: `${kept.ruleId}/onprem-a`, at, firing: [alert], resolved: [] };
  const body = notificationOf(kept, group);
  await store.alerts.tell(await store.alerts.ofRule(kept.ruleId), { ruleId: kept.ruleId, body, actions: kept.actions });
  const [due] = await store.alertDeliveries.claim(10, 60_000);
  assert.deepEqual([due?.action, await store.alertDeliveries.claim(10, 60_000)], ["email:ops@example.com", []]);
  if (due) await store.alertDeliveries.later(due, "it answered 503", 60_000);
  assert.match((await run("alerts", "list")).stdout, /firing +warning +deep +onprem-a\/orders +7 +2026-01-01T00:00:00/);
  assert.match((await run("alerts", "history", "--rule", "deep")).stdout, /firing +deep +onprem-a\/orders +7/);
  assert.equal((await store.alerts.events({ ruleId: kept.ruleId, limit: 10 })).items.length, 1, "each change once");
  const told = await run("alerts", "deliveries");
  assert.match(told.stdout, /deep +firing: 1 firing, 0 resolved +email:ops@example\.com +waiting +1 +it answered 503/);
  const silenced = await run("alerts", "silence", "--rule", "deep", "--for", "2h", "--reason", "at work on it");
  const [, id = ""] = /unsilence (\S+) ends it/.exec(silenced.stdout) ?? [];
  assert.match((await run("alerts", "list", "--state", "firing")).stdout, /firing \(silenced\)/);
  assert.match((await run("alerts", "silences")).stdout, /at work on it/);
  assert.equal((await run("alerts", "unsilence", id)).code, 0);
  assert.match((await run("alerts", "silences")).stdout, /^No silences/);
  assert.notEqual((await run("alerts", "unsilence", id)).code, 0);
});
