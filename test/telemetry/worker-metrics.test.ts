import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { freePorts } from "../../src/host/ports.ts";
import { workOfRequest } from "../../src/telemetry/work.ts";
import { WorkerMetrics } from "../../src/worker/metrics.ts";
import { serveMetrics } from "../../src/worker/metrics-server.ts";
import { site, startTraced } from "./support.ts";

const [port = 0] = await freePorts(1);
const { url, token, temporalPorts } = await startTraced({ workerMetrics: `127.0.0.1:${port}` });

async function scrape(at: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${at}/metrics`);
  assert.match(answer.headers.get("content-type") ?? "", /^text\/plain/);
  return answer.text();
}

async function until(at: number, ready: RegExp): Promise<string> {
  for (let tries = 0; ; tries++) {
    const text = await scrape(at);
    if (ready.test(text) || tries === 100) return text;
    await sleep(100);
  }
}

test("a worker tells of its calls, waits and activities, and Temporal's SDK and server of theirs", async () => {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${url}/v1/sites/${site}/check`, { method: "POST", headers });
  assert.equal(answer.status, 200);
  const worker = await until(port, /temporal_workflow_completed_total\{/);
  const labels = `site="${site}",call="check",code="ok"`;
  assert.match(worker, new RegExp(`novacron_site_call_duration_seconds_count\\{${labels}\\} 1`));
  assert.match(
    worker,
    /novacron_cloud_call_duration_seconds_count\{[^}]*call="sts:GetCallerIdentity",code="ok"\} [1-9]/,
  );
  assert.match(worker, new RegExp(`novacron_call_budget_wait_seconds_count\\{site="${site}"\\} [1-9]`));
  assert.match(worker, /novacron_activity_duration_seconds_count\{activity="checkSite",outcome="ok"\} 1/);
  assert.match(worker, /novacron_activities_running 0/);

  const temporal = await until(temporalPorts.metrics, /# TYPE task_schedule_to_start_latency /);
  const file = new URL("../../deploy/grafana/novacron-workers.json", import.meta.url);
  const { panels } = JSON.parse(readFileSync(file, "utf8")) as { panels: { targets: { expr: string }[] }[] };
  const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  let seen = 0;
  for (const expr of expressions) {
    const names = expr.replaceAll(/by \([^)]*\)/g, "").match(/\b[a-z]+_[a-z_]*[a-z]\b(?=[\s{[)]|$)/g) ?? [];
    for (const name of names.filter((each) => each !== "histogram_quantile")) {
      const where = expr.includes('job="temporal"') ? temporal : worker;
      assert.match(where, new RegExp(`# TYPE ${name.replace(/_(count|bucket)$/, "")} `), name);
      seen += 1;
    }
  }
  assert.ok(seen > 18, `${seen}`);
});

test("copies are counted by what they move here, retries and heartbeats as they are", async () => {
  const flow = { sent: 5, dropped: 2, waiting: 1, lagMs: 1500 };
  const metrics = new WorkerMetrics(new Map([["store", { state: flow }]]));
  const copy = metrics.copies.began({ from: "a", to: "b" }, { bytesCopied: 100, bytesResent: 10 });
  copy.moved({ bytesCopied: 150, bytesResent: 10 });
  copy.moved({ bytesCopied: 400, bytesResent: 30 });
  const context = {};
  metrics.heartbeats.beat(context);
  const work = { ...workOfRequest(undefined, "r"), activity: "copyDisk", attempt: 3 };
  metrics.attempts.began(work);
  await sleep(20);
  const during = await metrics.text();
  for (const line of [
    'novacron_active_copies{from="a",to="b"} 1',
    'novacron_copied_bytes_total{from="a",to="b"} 300',
    'novacron_resent_bytes_total{from="a",to="b"} 20',
    'novacron_activity_retries_total{activity="copyDisk"} 1',
    "novacron_activities_running 1",
    'novacron_telemetry_sent_total{flow="store"} 5',
    'novacron_telemetry_dropped_total{flow="store"} 2',
    'novacron_telemetry_lag_seconds{flow="store"} 1.5',
  ]) {
    assert.ok(during.includes(`\n${line}\n`), line);
  }
  const age = Number(/^novacron_activity_heartbeat_age_seconds (\S+)$/m.exec(during)?.[1]);
  assert.ok(age >= 0.015 && age < 60, `${age}`);
  copy.ended();
  metrics.heartbeats.ended(context);
  const ended = { work, isLocal: false, startedAt: Date.now(), durationMs: 20, outcome: "Unavailable" };
  metrics.attempts.ended(ended);
  const after = await metrics.text();
  assert.match(after, /novacron_active_copies\{from="a",to="b"\} 0/);
  assert.match(after, /novacron_activity_heartbeat_age_seconds 0\n/);
  assert.match(after, /novacron_activity_duration_seconds_count\{activity="copyDisk",outcome="Unavailable"\} 1/);
});

test("a port that is taken costs the metrics and a line; what one source can't tell, the others do", async () => {
  const said: string[] = [];
  const log = (_level: string, message: string): void => void said.push(message);
  assert.equal(await serveMetrics(`127.0.0.1:${port}`, [], log), undefined);
  const sources = [
    { text: async () => "one 1\n" },
    { text: () => Promise.reject(new Error("away")) },
    { text: async () => "two 2" },
  ];
  const server = await serveMetrics("127.0.0.1:0", sources, log);
  assert.ok(server);
  assert.equal(await scrape(server.port), "one 1\ntwo 2\n");
  assert.equal((await fetch(`http://127.0.0.1:${server.port}/else`)).status, 404);
  assert.equal((await fetch(`http://127.0.0.1:${server.port}/metrics`, { method: "POST" })).status, 404);
  await server.close();
  assert.deepEqual(said, ["metrics are not served", "some metrics can't be read"]);
});
