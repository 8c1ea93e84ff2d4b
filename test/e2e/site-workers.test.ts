import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { siteQueue } from "../../src/domain/site-work.ts";
import { joinMetrics } from "../../src/telemetry/joined-metrics.ts";
import { Otlp } from "../../src/telemetry/otlp/index.ts";
import { within, workOfRequest } from "../../src/telemetry/work.ts";
import { SiteLab } from "../support/site-lab.ts";
import { attribute, Collector } from "../telemetry/collector.ts";

const mib = 1024 ** 2;
// A cleanup that is registered inside a `before` would run too early.
const collector = new Collector();
const otlp = new Otlp({
  endpoint: await collector.start(),
  headers: async () => ({}),
  resource: { service: "novacron-api", instance: "api", version: "1", host: "h" },
  clean: (text) => text,
  metricsEveryMs: 60_000,
  batches: { everyMs: 50 },
});
after(async () => {
  await otlp.close(100);
  await collector.stop();
});
const lab = await SiteLab.start({ after }, { relay: otlp.relay, metricsEveryMs: 250 });
await lab.startCentral();
const a = await lab.startSiteWorker("site-a");
const b = await lab.startSiteWorker("site-b", { listen: "127.0.0.1:0" });

const dataVm = (name: string) => ({ name, memoryMib: 64, disks: [{ sizeBytes: 16 * mib, dataBytes: 8 * mib }] });

test("what needs a site is done by its own workers, and the copy goes from one to the other", async () => {
  const vm = await lab.a.createDataVm(dataVm("first"));
  const id = await lab.migrate({ vm: vm.vmId, from: "site-a", to: "site-b" });
  const view = await lab.until(id, ({ state }) => state === "awaiting-finalize");
  const done = await lab.doneBy(id);
  const of = (activity: string) => done.filter((each) => each.activity === activity);
  for (const activity of ["fenceVm", "takePoint", "copyDisk", "releasePoint"]) {
    assert.deepEqual(of(activity), [{ activity, worker: a.workerId, queue: siteQueue("site-a") }]);
  }
  for (const activity of ["checkNetworks", "sealDisk", "proveDisk", "materialiseDisk", "createVm"]) {
    assert.deepEqual(of(activity), [{ activity, worker: b.workerId, queue: siteQueue("site-b") }]);
  }
  const [disk] = view.disks;
  assert.equal(disk?.bytesCopied, 8 * mib);
  assert.ok((disk?.bytesOnWire ?? 0) > 8 * mib, "random bytes don't shrink");
  assert.deepEqual(await lab.b.digests(view.vm.targetVmId ?? ""), await lab.a.digests(vm.vmId));
});

test("nothing secret enters a history: no key, no certificate, no grant", async () => {
  const vm = await lab.a.createDataVm(dataVm("discreet"));
  const id = await lab.migrate({ vm: vm.vmId, from: "site-a", to: "site-b" });
  await lab.until(id, ({ state }) => state === "awaiting-finalize");
  const history = JSON.stringify(await lab.client.workflow.getHandle(`migration/${id}`).fetchHistory());
  const identity = JSON.parse(readFileSync(join(lab.dir, "worker-1/identity.json"), "utf8")) as { key: string };
  assert.ok(identity.key.includes("PRIVATE KEY"));
  assert.doesNotMatch(history, /PRIVATE KEY|BEGIN CERTIFICATE|callerIsSource/);
});

test("what a site's worker says is kept with all else, in the trace that it belongs to", async () => {
  const { logs } = lab.store;
  const vm = await lab.a.createDataVm(dataVm("told"));
  const work = workOfRequest(undefined, "site-1");
  const id = await within(work, () => lab.migrate({ vm: vm.vmId, from: "site-a", to: "site-b" }));
  await lab.until(id, ({ state }) => state === "awaiting-finalize");
  const copied = async () => {
    const { items } = await logs.list({ workflowId: `migration/${id}`, traceId: work.traceId, limit: 1_000 });
    return items.find(({ activity, message }) => activity === "copyDisk" && message === "the activity is done");
  };
  // Lines come in batches, a little later.
  for (let tries = 0; tries < 100 && !(await copied()); tries++) await sleep(50);
  const line = await copied();
  assert.equal(line?.process, "site-worker");
  assert.equal(line.site, "site-a");
  assert.equal(line.requestId, "site-1");
  assert.equal(line.facts.worker_id, a.workerId);
});

test("what a site's worker counts and traces comes through the API: to whoever scrapes it, and to a collector", async () => {
  const vm = await lab.a.createDataVm(dataVm("counted"));
  const work = workOfRequest(undefined, "site-2");
  const id = await within(work, () => lab.migrate({ vm: vm.vmId, from: "site-a", to: "site-b" }));
  await lab.until(id, ({ state }) => state === "awaiting-finalize");

  const counted =
    /novacron_copied_bytes_total\{from="site-a",to="site-b",instance="([^"]+)",worker_site="site-a"\} (\d+)/;
  const scraped = async () => {
    const told = await lab.store.siteWorkers.metrics();
    return joinMetrics(
      told.map(({ text, workerId, site }) => ({ text, labels: { instance: workerId, worker_site: site } })),
    );
  };
  let [, instance, bytes = "0"]: readonly (string | undefined)[] = [];
  for (let tries = 0; tries < 400 && Number(bytes) < 8 * mib; tries++) {
    [, instance, bytes = "0"] = counted.exec(await scraped()) ?? [];
    if (Number(bytes) < 8 * mib) await sleep(50);
  }
  assert.equal(instance, a.workerId);
  assert.ok(Number(bytes) >= 8 * mib, bytes);
  const text = await scraped();
  const calls = `novacron_site_call_duration_seconds_count\\{site="site-b",[^}]*instance="${b.workerId}"`;
  assert.match(text, new RegExp(calls));
  assert.match(text, new RegExp(`temporal_worker_task_slots_available\\{[^}]*instance="${b.workerId}"`));

  const copied = await collector.until(({ spans }) =>
    spans.find(({ name, traceId }) => name === "copyDisk" && traceId === work.traceId),
  );
  assert.equal(attribute(copied, "novacron.site"), "site-a");
  const sent = collector.requests.filter(({ text: body }) => body.includes(a.workerId));
  const paths = new Set(sent.map(({ path }) => path));
  assert.deepEqual([...paths].sort(), ["/v1/logs", "/v1/metrics", "/v1/traces"]);
});

test("what a worker has counted is told of no more when it has left", async () => {
  const leaving = await lab.startSiteWorker("site-a");
  const tells = async () => (await lab.store.siteWorkers.metrics()).some((each) => each.workerId === leaving.workerId);
  for (let tries = 0; tries < 400 && !(await tells()); tries++) await sleep(50);
  assert.ok(await tells());
  await leaving.end();
  for (let tries = 0; tries < 400 && (await tells()); tries++) await sleep(50);
  assert.ok(!(await tells()));
});
