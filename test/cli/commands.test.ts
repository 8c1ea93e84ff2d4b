// Long because it is one story: what each command shows of one installation.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { parse } from "yaml";
import { startTestApi } from "../api/support/harness.ts";
import { runnerOf } from "./support/run.ts";

const api = await startTestApi({ after });
const { run, json } = runnerOf(api);
const dir = await mkdtemp(join(tmpdir(), "nvc-cli-"));
after(() => rm(dir, { recursive: true, force: true }));

interface Migration {
  readonly migration_id: string;
  readonly state: string;
  readonly vm: { readonly name: string };
}
const move = ["migrate", "web-1", "--from", "onprem-a", "--to", "onprem-b"];

test("vms are listed as a table, JSON and YAML alike, after a refresh that says which site failed", async () => {
  const text = await run("vms", "list", "--refresh");
  assert.equal(text.code, 0, text.stderr);
  assert.match(text.stdout, /^NAME +SITE +STATE/);
  assert.match(text.stdout, /web-1 +onprem-a +running +2 +1\.0 GiB +2\.0 GiB/);
  assert.match(text.stdout, /onprem-b: never read; the newest reading failed/);
  const asJson = await json<{ items: { name: string; tags: object }[] }>("vms", "list", "--site", "onprem-a");
  assert.deepEqual(
    asJson.items.map(({ name }) => name),
    ["db-1", "web-1", "web-2"],
  );
  const asYaml = await run("--output", "yaml", "vms", "list", "--site", "onprem-a");
  assert.deepEqual(parse(asYaml.stdout).items, asJson.items);
});

test("providers list names what cannot be done, and check runs at every site", async () => {
  const list = await run("providers", "list");
  assert.match(list.stdout, /no network\.create: /);
  const checks = await json<{ site: string }[]>("providers", "check");
  assert.deepEqual(
    checks.map(({ site }) => site),
    ["onprem-a", "onprem-b"],
  );
});

test("prices list shows the cheapest that is big enough, with its day, and says when nothing is known", async () => {
  await api.store.seedPrices();
  const search = ["prices", "list", "--provider", "aws", "--terms", "on-demand", "--memory", "8GiB", "--cpus", "2"];
  const text = await run(...search, "--item", "m*", "--cheapest", "--limit", "2");
  assert.match(text.stdout, /^PROVIDER +REGION +ITEM/);
  assert.match(text.stdout, /aws +us-east-1 +m\S+ +2 +8\.0 GiB +on-demand +0\.0\d+ USD +hour +2026-07-20/);
  assert.match(text.stdout, /There are more/);
  const all = await json<{ items: { price: { micros: number } }[]; more: boolean }>(...search, "--limit", "1000");
  assert.ok(all.items.length > 400 && !all.more);
  const none = await run("prices", "list", "--provider", "aws", "--kind", "disk");
  assert.match(none.stdout, /No price is known/);
  assert.equal((await run("prices", "list", "--memory", "much")).code, 2);
});

test("a dry run shows the plan, and --plan carries out exactly that one", async () => {
  const shown = await run(...move, "--dry-run");
  const id = /migrate --plan (\S+)/.exec(shown.stdout)?.[1] ?? "";
  assert.match(shown.stdout, /To move: +64\.0 MiB of 2\.0 GiB/);
  assert.match((await run("plans", "show", id)).stdout, new RegExp(id));
  const started = await json<Migration & { plan_id: string }>("migrate", "--plan", id);
  assert.equal(started.plan_id, id);
  const listed = await json<Migration[]>("migrations", "list");
  assert.ok(listed.some((row) => row.migration_id === started.migration_id));
});

test("a test refuses each option of migrate that it does not carry, by its name", async () => {
  const refused = [
    ...[
      ["--mode", "warm"],
      ["--hours", "any"],
      ["--bandwidth-hours", "08:00-18:00 100Mbps"],
      ["--time-zone", "UTC"],
    ],
    ...[["--target-downtime", "5s"], ["--round-pause", "5s"], ["--no-incremental"], ["--encryption-key", "own"]],
    ...[["--cpus", "2"], ["--memory", "2GiB"], ["--capacity-type", "spot"], ["--burstable"], ["--point", "freeze"]],
    ...[["--network", "a=b"], ["--security-group", "open"], ["--public-address"], ["--warm"], ["--cutover", "manual"]],
    ...[
      ["--undo-window", "1h"],
      ["--undo-map", "home"],
      ["--start-at", "2030-01-31T22:00Z"],
      ["--deadline", "2030-01-31T22:00Z"],
    ],
  ];
  const { code, stderr } = await run(...move, "--test", "--dry-run", ...refused.flat());
  assert.equal(code, 2);
  for (const [option] of refused) assert.match(stderr, new RegExp(`a test has no .*${option}\\b`));
  const taken = ["--instance-type", "large", "--bandwidth", "500Mbps", "--probe-tcp", "22", "--hold", "1m"];
  assert.equal((await run(...move, "--test", "--dry-run", ...taken)).code, 0);
  assert.equal((await run("migrations", "test", "--plan", "some", "--hold", "1m")).code, 2);
});

test("options of migrate reach the plan", async () => {
  const plan = await json<{ inputs: Record<string, unknown> }>(
    ...[...move, "--dry-run", "--point", "freeze", "--bandwidth", "500Mbps", "--network", "a=b", "--network", "c=d"],
    ...["--probe-http", "8080/state", "--probe-tcp", "22", "--no-incremental", "--undo-window", "24h"],
    ...["--start-at", "2030-01-31T22:00Z", "--deadline", "2030-02-01T06:00:00Z"],
    ...["--hours", "mon-fri 22:00-06:00", "--bandwidth-hours", "08:00-18:00 100Mbps", "--time-zone", "Europe/Berlin"],
  );
  const { bandwidth_bytes_per_second: bandwidth, network_map: networks, verify, incremental } = plan.inputs;
  assert.equal(bandwidth, 62_500_000);
  assert.deepEqual(networks, { a: "b", c: "d" });
  assert.deepEqual(verify, { tcp_probes: [{ port: 22 }], http_probes: [{ port: 8080, path: "/state" }] });
  assert.equal(incremental, false);
  assert.deepEqual(plan.inputs["schedule"], {
    start_at: "2030-01-31T22:00:00.000Z",
    deadline: "2030-02-01T06:00:00.000Z",
    time_zone: "Europe/Berlin",
    allowed_hours: ["mon-fri 22:00-06:00"],
    bandwidth_hours: [{ hours: "08:00-18:00", bytes_per_second: 12_500_000 }],
  });
  assert.deepEqual(plan.inputs["undo"], { window_seconds: 86_400 });
});

test("--watch follows the steps to the end, and finalize needs the name of what goes where nobody can be asked", async () => {
  const before = new Set((await json<Migration[]>("migrations", "list")).map((row) => row.migration_id));
  const watching = run(...move, "--watch", "--output", "json");
  const started = async (): Promise<string> => {
    for (;;) {
      const fresh = (await json<Migration[]>("migrations", "list")).find((row) => !before.has(row.migration_id));
      if (fresh) return fresh.migration_id;
      await sleep(50);
    }
  };
  const id = await started();
  for (const [order, state] of [
    ["pause", "paused"],
    ["resume", "awaiting-finalize"],
  ] as const) {
    assert.equal((await run("migrations", order, id)).code, 0);
    while ((await json<Migration>("migrations", "show", id)).state !== state) await sleep(50);
  }
  const watched = await watching;
  assert.equal(watched.code, 0, watched.stderr);
  assert.equal((JSON.parse(watched.stdout) as Migration).state, "awaiting-finalize");
  assert.match(watched.stderr, /copying vda\npaused\nrunning\nawaiting-finalize/);

  const file = join(dir, "certificate.json");
  assert.equal((await run("migrations", "certificate", id, "--file", file)).code, 0);
  assert.match((await run("certificate", "verify", file)).stdout, /vda: identical/);

  const unasked = await run("migrations", "finalize", id);
  assert.equal(unasked.code, 2);
  assert.match(unasked.stderr, /--confirm web-1/);
  const shown = await run("migrations", "finalize", id, "--dry-run");
  assert.match(shown.stdout, /1\. Delete VM web-1 at onprem-a \(id-web-1\)\n +2\. Delete disk vda/);
  const plan = /migrations finalize --plan (\S+)/.exec(shown.stdout)?.[1] ?? "";
  assert.equal((await run("migrations", "finalize", "--plan", plan, "--confirm", "web-2")).code, 1);
  const done = await json<Migration>("migrations", "finalize", "--plan", plan, "--confirm", "web-1");
  assert.equal(done.state, "finalized");
});

test("a problem is told with its remedy and exit code 1, a wrong command line with 2", async () => {
  const missing = await run("migrate", "missing", "--from", "onprem-a", "--to", "onprem-b");
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /no such VM.*\nList the VMs of the site\.\n\(NotFound, request /s);
  assert.equal(missing.stdout, "");
  assert.equal((await run("migrate")).code, 2);
  assert.equal((await run("nonsense")).code, 2);
  assert.equal((await run("vms", "list", "--output", "xml")).code, 2);
  assert.equal((await run(...move, "--bandwidth", "fast")).code, 2);
});

test("a certificate whose disk differs says where and fails", async () => {
  const file = join(dir, "certificate.json");
  const certificate = JSON.parse(await readFile(file, "utf8"));
  certificate.disks[0].root_hash = `bad${"0".repeat(61)}`;
  await writeFile(file, JSON.stringify(certificate));
  const verdict = await run("certificate", "verify", file);
  assert.equal(verdict.code, 1);
  assert.match(verdict.stdout, /DIFFERS[\s\S]*offset 1048576, length 524288/);
  await writeFile(file, "not JSON");
  assert.equal((await run("certificate", "verify", file)).code, 2);
});

test("a wave is planned from a CSV, started by its plan, paused, resumed and shown to its end", async () => {
  const csv = join(dir, "wave.csv");
  await writeFile(csv, "vm;group\nweb-1;web\ndb-1;db\n");
  const what = ["--csv", csv, "--from", "onprem-a", "--to", "onprem-b", "--after", "web=db", "--parallel", "2"];
  const plan = await json<{ plan_id: string; inputs: object }>("waves", "plan", ...what, "--pause", "1s");
  assert.deepEqual(plan.inputs, {
    name: "wave",
    parallel: 2,
    in_order: true,
    groups: [
      { name: "db", pause_seconds: 1 },
      { name: "web", pause_seconds: 1, after: ["db"] },
    ],
  });
  const text = await run("waves", "plan", ...what);
  assert.match(text.stdout, /web: move web-1 onprem-a → onprem-b/);
  assert.match(text.stdout, /Carry it out: novacron waves start --plan/);
  const beside = await run("waves", "start", "--plan", plan.plan_id, "web-2");
  assert.equal(beside.code, 2);
  const nothing = await run("waves", "plan");
  assert.equal(nothing.code, 2);

  const { wave_id: id } = await json<{ wave_id: string }>("waves", "start", "--plan", plan.plan_id);
  const watching = run("waves", "show", id, "--watch");
  assert.equal((await run("waves", "pause", id)).code, 0);
  for (;;) {
    const { state } = await json<{ state: string }>("waves", "show", id);
    if (state === "paused") break;
    await sleep(50);
  }
  assert.equal((await run("waves", "resume", id)).code, 0);
  const watched = await watching;
  assert.equal(watched.code, 0, watched.stderr);
  assert.match(watched.stdout, /web-1 +web +onprem-a +onprem-b/);
  assert.match((await run("waves", "list")).stdout, new RegExp(`${id} +wave +completed +2`));
  const refused = await run("waves", "cancel", id);
  assert.equal(refused.code, 2, "it asks, and nobody is there to answer");
  assert.equal((await run("waves", "cancel", id, "--yes")).code, 1);
});

test("statistics count every migration once", async () => {
  const sums = await json<{ total_migrations: number; routes: { total_migrations: number }[] }>(
    "migrations",
    "statistics",
  );
  assert.equal(sums.total_migrations, (await json<unknown[]>("migrations", "list")).length);
  assert.equal(
    sums.routes.reduce((sum, route) => sum + route.total_migrations, 0),
    sums.total_migrations,
  );
  const text = await run("migrations", "statistics", "--since", "2030-01-01T00:00:00Z");
  assert.match(text.stdout, /^Migrations: +0, 0 moved, 0 failed/);
  assert.equal((await run("migrations", "statistics", "--since", "yesterdayish")).code, 2);
});

test("the doctor says what is wrong and what to do, and goes on where nothing answers", async () => {
  const ran = await run("doctor");
  assert.equal(ran.code, 0, ran.stderr);
  assert.match(
    ran.stdout,
    /^warning +site onprem-b: was never read\n +→ Look at why: \.\/novacron providers check onprem-b$/m,
  );
  assert.match(ran.stdout, /^ok +api: answers/m);
  const [migration] = await json<Migration[]>("migrations", "list");
  const ofOne = await run("doctor", "migration", migration?.migration_id ?? "");
  assert.match(ofOne.stdout, new RegExp(`migration ${migration?.migration_id}: `));
  const savings = await run("doctor", "savings");
  assert.match(savings.stdout, /^failing +savings: nothing was analysed yet/);
  assert.equal(savings.code, 1);
  assert.match(savings.stderr, /need somebody/);
  assert.equal((await run("doctor", "burst", "nothing")).code, 1);
});

test("a support bundle holds what can be read, and no secret", async () => {
  const file = join(dir, "bundle.tar.gz");
  const { parts, missing } = await json<{ parts: string[]; missing: object[] }>("support-bundle", "--to", file);
  assert.deepEqual(missing, []);
  assert.ok(parts.includes("doctor.json") && parts.includes("logs.jsonl"));
  const { mode } = await stat(file);
  assert.equal(mode & 0o777, 0o600);
  const archive = gunzipSync(await readFile(file)).toString("latin1");
  for (const part of parts) assert.ok(archive.includes(`novacron-support/${part}`), part);
  assert.ok(archive.includes("onprem-b"));
  assert.ok(!archive.includes(api.token));
  assert.equal((await run("support-bundle", "--to", join(dir, "no/such/folder.gz"))).code, 1);
});

test("an assistant reads and plans by the Model Context Protocol, and finds no call that changes anything", async (context) => {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url)), "mcp"],
    env: { ...(process.env as Record<string, string>), NOVACRON_API_URL: api.url, NOVACRON_TOKEN_FILE: api.tokenFile },
  });
  const assistant = new Client({ name: "test", version: "1" });
  context.after(() => assistant.close());
  await assistant.connect(transport);
  const { tools } = await assistant.listTools();
  const asking = tools.filter(({ annotations }) => !annotations?.readOnlyHint).map(({ name }) => name);
  assert.deepEqual(asking.sort(), ["checkSite", "createPlan", "replayBurstPool", "tryPolicy"]);
  const call = async (name: string, given: Record<string, unknown>) => {
    const { content, isError } = await assistant.callTool({ name, arguments: given });
    return { isError: isError === true, text: (content as { text: string }[])[0]?.text ?? "" };
  };
  const vms = await call("listVms", { site: "onprem-a", limit: 2 });
  assert.equal((JSON.parse(vms.text) as { items: object[] }).items.length, 2);
  const body = { kind: "migrate_vm", request: { vm: "web-1", from: "onprem-a", to: "onprem-b" } };
  const plan = JSON.parse((await call("createPlan", { body })).text) as { plan_id: string };
  assert.match((await call("getPlan", { id: plan.plan_id })).text, /"executable":true/);
  const missing = await call("getVm", { site: "onprem-a", vm_id: "none" });
  assert.ok(missing.isError);
  assert.match(missing.text, /NotFound/);
  assert.match((await call("getVm", { site: "onprem-a" })).text, /vm_id is missing/);
  assert.ok((await call("deleteVm", {})).isError);
});

test("a cloud's own alarms are listed, made and deleted, over HTTP and in the terminal", async () => {
  const listed = await run("alarms", "list", "--site", "onprem-a");
  assert.match(listed.stdout, /ok +busy +cpu\.utilisation > 0\.9 for 600 s +id-db-1 +arn:aws:sns\S+ +busy-1/);
  const made = await run(
    ...["alarms", "create", "full", "--site", "onprem-a", "--vm", "web-1", "--metric", "memory.used"],
    ...["--at-least", "95%", "--for", "15m", "--action", "arn:aws:sns:us-east-1:123456789012:ops"],
  );
  assert.match(
    made.stdout,
    /^full \(busy-1\): memory\.used >= 0\.95 for 900 s\. onprem-a watches it and tells arn:/,
    made.stderr,
  );
  const nameless = await run(
    "alarms",
    "create",
    "full",
    "--site",
    "onprem-a",
    "--metric",
    "memory.used",
    "--over",
    "1",
  );
  assert.match(nameless.stderr, /--vm NAME/);
  const missing = { name: "full", vm: "none-such", metric: "memory.used", threshold: 1, comparison: "gt" };
  assert.equal((await api.call("POST", "/v1/sites/onprem-a/alarms", { body: missing })).status, 404);
  assert.match(
    (await run("alarms", "delete", "busy-1", "--site", "onprem-a", "--yes")).stdout,
    /no alarm busy-1 any more/,
  );
  const theirs = await run("alarms", "delete", "theirs", "--site", "onprem-a", "--yes");
  assert.match(theirs.stderr, /NovaCron did not make it/);
});
