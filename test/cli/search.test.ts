import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { parse } from "yaml";
import { keepVms, sampleVm } from "../api/support/activities.ts";
import { startTestApi } from "../api/support/harness.ts";
import { runnerOf } from "./support/run.ts";

const api = await startTestApi({ after }, { worker: false });
const { run, json } = runnerOf(api);

before(async () => {
  await keepVms(api.store, "onprem-a", [
    sampleVm("onprem-a", "web-1"),
    sampleVm("onprem-a", "web-2"),
    { ...sampleVm("onprem-a", "db-1"), memoryBytes: 2 ** 33 },
  ]);
});

test("a search is shown as a table, JSON, YAML and CSV alike, with its freshness", async () => {
  const text = await run("search", "vms", "--sort=-memory,name");
  assert.equal(text.code, 0, text.stderr);
  assert.match(text.stdout, /^NAME +KIND +SITE +STATE/);
  assert.match(text.stdout, /\ndb-1 +vm +onprem-a +stopped +2 +8\.0 GiB +2\.0 GiB +- +id-db-1\nweb-1 /);
  assert.match(text.stdout, /\nlibvirt: 1 of 2 sites, \d+ s old\nonprem-b \(vm\): not read yet\n$/);
  const found = await json<{ items: { name: string }[]; more: boolean }>("search", "name:web-*", "--limit", "1");
  assert.deepEqual([found.items.map(({ name }) => name), found.more], [["web-1"], true]);
  const yaml = await run("search", "name:web-*", "--limit", "1", "--output", "yaml");
  assert.deepEqual(parse(yaml.stdout).items, found.items);
  const csv = await run("search", "vms", "--output", "csv");
  assert.equal(csv.stdout.split("\r\n").length, 5);
  assert.match(csv.stderr, /^libvirt: 1 of 2 sites/);
});

test("the past is looked at with --as-of, and empty then", async () => {
  const { stdout } = await run("search", "--as-of", "1h");
  assert.match(stdout, /^Nothing matches\.\n\nAs of 20/);
});

test("a query that can't be read is shown with a mark under what is wrong", async () => {
  for (const output of ["table", "csv"]) {
    const wrong = await run("search", "state:running cpus>many", "--output", output);
    assert.equal(wrong.code, 1);
    const [query, mark, error, hint] = wrong.stderr.split("\n");
    assert.deepEqual([query, mark], ["state:running cpus>many", "                   ^^^^"]);
    assert.deepEqual([error, hint], ["Error: many is not a value of cpus (q, column 20)", "Write it like 4."]);
  }
  assert.equal((await run("vms", "list", "--output", "csv")).code, 2);
});

test("searches are saved, listed, shown, run, changed and deleted by their names", async () => {
  const saved = await run("searches", "save", "Web tier", "name:web-* sort:-name", "--shared");
  assert.match(saved.stdout, /^Web tier is saved \(/);
  assert.match((await run("searches", "list")).stdout, /\nWeb tier +name:web-\* sort:-name +token\/bootstrap +yes /);
  const found = await json<{ items: { name: string }[] }>("search", "--saved", "Web tier");
  assert.deepEqual(
    found.items.map(({ name }) => name),
    ["web-2", "web-1"],
  );
  assert.match((await run("searches", "save", "Web tier", "name:web-1")).stdout, /^Web tier is changed/);
  const shown = await json<{ query: string; shared: boolean }>("searches", "show", "Web tier");
  assert.deepEqual([shown.query, shown.shared], ["name:web-1", true]);
  const wrong = await run("searches", "save", "Wrong", "cpus>many");
  assert.match(wrong.stderr, /^cpus>many\n {5}\^{4}\nError: /);
  assert.equal((await run("searches", "delete", "Web tier")).code, 2);
  assert.equal((await run("searches", "delete", "Web tier", "--yes")).code, 0);
  assert.match((await run("search", "--saved", "Web tier")).stderr, /There is no search Web tier/);
});

test("the overview adds up what matches, with what is unknown and how fresh it is", async () => {
  const text = await run("overview", "name:web-*");
  assert.equal(text.code, 0, text.stderr);
  assert.match(text.stdout, /^VMs: +2\nCPUs: +4\nMemory: +2 GiB\nCost: +unknown \(of 2\) a month/);
  assert.match(text.stdout, /\nlibvirt +2 +4 +unknown \(of 2\)\n\nlibvirt: 0 of 2 sites, \d+ (?:s|min) old\n/);
  const asJson = await json<{ total_vms: number; provider_breakdown: object }>("overview");
  assert.equal(asJson.total_vms, 3);
});
