import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { readEvents } from "../../src/cli/event-stream.ts";
import type { LogLine } from "../../src/domain/log-line.ts";
import { hashToken } from "../../src/store/index.ts";
import { runnerOf } from "../cli/support/run.ts";
import { startTestApi } from "./support/harness.ts";

const api = await startTestApi({ after }, { worker: false });
const { store } = api;
const { run, json } = runnerOf(api);
const traceId = "c".repeat(32);
const atSite = "nvc_operator-at-one-site-0123456789abcdef";
let second = 0;
const line = (message: string, more: Partial<LogLine> = {}): LogLine => ({
  at: new Date(Date.UTC(2026, 0, 1, 0, 0, (second += 1))).toISOString(),
  ...{ level: "info", process: "worker", message, facts: { pid: 1, reason: "because" } },
  ...more,
});

before(async () => {
  for (const [migrationId, from, to] of [
    ["near", "onprem-a", "onprem-a"],
    ["far", "onprem-a", "onprem-b"],
  ] as const) {
    const vm = { name: "one", sourceVmId: "id-one" };
    await store.migrations.create({ migrationId, planId: "p", workflowId: `migration/${migrationId}`, vm, from, to });
  }
  await store.tokens.create({
    ...{ tokenId: "at-site", name: "at site", hash: hashToken(atSite), createdBy: "test" },
    bindings: [{ role: "operator", scope: { site: "onprem-a" } }],
  });
  await store.logs.append([
    line("of near", { workflowId: "migration/near", traceId, site: "onprem-a", activity: "copyDisk", attempt: 2 }),
    line("of far", { workflowId: "migration/far", traceId, level: "error" }),
    line("of nothing", { process: "api" }),
  ]);
});

interface Lines {
  readonly items: readonly { message: string; sequence: number }[];
}
async function list(query: string, token = api.token) {
  const { status, body } = await api.call("GET", `/v1/logs?${query}`, { token });
  return status === 200 ? (body as unknown as Lines).items.map(({ message }) => message) : status;
}

test("the lines of a run, of a trace, of a level are found, and what is no filter is refused", async () => {
  assert.deepEqual(await list("workflow_id=migration/near"), ["of near"]);
  assert.deepEqual(await list(`trace_id=${traceId}`), ["of far", "of near"]);
  assert.deepEqual(await list("level=error"), ["of far"]);
  assert.deepEqual(await list("text=NOTHING"), ["of nothing"]);
  assert.equal(await list("trace_id=zz"), 400);
  assert.equal(await list("workflow=migration/near"), 400);
});

test("who reaches one site reads the runs that stay within it, and must name them", async () => {
  assert.deepEqual(await list("workflow_id=migration/near", atSite), ["of near"]);
  for (const beyond of ["far", "none"]) assert.deepEqual(await list(`workflow_id=migration/${beyond}`, atSite), []);
  assert.deepEqual(await list("workflow_id=inventory/onprem-a", atSite), []);
  assert.equal(await list(`trace_id=${traceId}`, atSite), 403);
  assert.equal(await list("", api.readerToken), 403);
  const far = await api.call("GET", "/v1/logs/events?workflow_id=migration/far", { token: atSite });
  assert.equal(far.status, 404);
});

test("who follows gets what is added from then on, and what was missed after Last-Event-ID", async () => {
  const leave = new AbortController();
  const open = (query: string, headers: Record<string, string> = {}) =>
    fetch(`${api.url}/v1/logs/events?${query}`, {
      headers: { authorization: `Bearer ${api.token}`, ...headers },
      signal: leave.signal,
    });
  const response = await open("workflow_id=migration/near");
  const seen: { message: string; sequence: number }[] = [];
  const following = (async () => {
    const body = response.body as ReadableStream<Uint8Array>;
    for await (const event of readEvents<{ message: string; sequence: number }>(body)) {
      seen.push(event);
      if (seen.length === 2) return;
    }
  })();
  for (const message of ["later", "elsewhere", "last"]) {
    const workflowId = message === "elsewhere" ? "migration/far" : "migration/near";
    await store.logs.append([line(message, { workflowId })]);
  }
  await following;
  assert.deepEqual(
    seen.map(({ message }) => message),
    ["later", "last"],
  );
  leave.abort();
  const missed = await fetch(`${api.url}/v1/logs/events?workflow_id=migration/near&until=2026-02-01T00:00:00Z`, {
    headers: { authorization: `Bearer ${api.token}`, "last-event-id": String(seen[0]?.sequence) },
  });
  assert.match(await missed.text(), /"message":"last"/);
});

test("the command line shows a story in its order, and goes on with --follow", async () => {
  const shown = await run("logs", "--workflow", "migration/near", "--limit", "1");
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /^2026-01-01T00:00:\d\d\.000Z INFO {2}worker last reason=because\n$/);
  const first = await run("logs", "--trace", traceId);
  assert.match(first.stdout, /onprem-a copyDisk \(attempt 2\) of near reason=because\n.*ERROR worker of far/);
  assert.equal((await json<unknown[]>("logs", "--level", "error")).length, 1);
  assert.match((await run("logs", "--since", "2d")).stdout, /^No lines/);
  assert.notEqual((await run("logs", "--since", "yesterday")).code, 0);

  const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
  const child = spawn(process.execPath, [main, "logs", "--workflow", "migration/far", "--follow"], {
    env: { ...process.env, NOVACRON_API_URL: api.url, NOVACRON_TOKEN_FILE: api.tokenFile },
    stdio: ["ignore", "pipe", "inherit"],
  });
  after(() => void child.kill("SIGKILL"));
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const says = async (what: string): Promise<void> => {
    // Whatever is added before it listens is not told: added again until it is.
    for (let tries = 0; tries < 100 && !text.includes(what); tries++) {
      await sleep(100);
      if (text.includes("of far")) await store.logs.append([line("told at once", { workflowId: "migration/far" })]);
    }
    assert.ok(text.includes(what), text);
  };
  await says("told at once");
  child.kill("SIGTERM");
});
