import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { taskQueue } from "../../src/temporal/connection.ts";
import { type Line, site, startTraced } from "./support.ts";

const { api, worker, url, token, client } = await startTraced();
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const callerSpan = "00f067aa0ba902b7";

async function check(headers: Record<string, string>): Promise<Response> {
  return fetch(`${url}/v1/sites/${site}/check`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
}

async function line(lines: readonly Line[], wanted: Line): Promise<Line> {
  const fits = (each: Line) => Object.entries(wanted).every(([name, value]) => each[name] === value);
  // What is said at an activity's end comes when its result is already on its way.
  for (let tries = 0; tries < 200 && !lines.some(fits); tries++) await sleep(25);
  const found = lines.find(fits);
  assert.ok(found, `${JSON.stringify(wanted)} among\n${lines.map((each) => JSON.stringify(each)).join("\n")}`);
  return found;
}

test("one trace goes from a request through its run and activity to the cloud's calls, in every line", async () => {
  const answer = await check({ traceparent: `00-${traceId}-${callerSpan}-01`, "x-request-id": "check-1" });
  assert.equal(answer.status, 200, await answer.clone().text());
  const [, answered, span] = /^00-(\w{32})-(\w{16})-01$/.exec(answer.headers.get("traceparent") ?? "") ?? [];
  assert.equal(answered, traceId);
  assert.notEqual(span, callerSpan);

  const ids = { trace_id: traceId, request_id: "check-1" };
  await line(api, {
    ...ids,
    msg: "the request is answered",
    route: "/v1/sites/{site}/check",
    status: 200,
    span_id: span,
  });
  const begun = await line(worker, { ...ids, msg: "the run begins", workflow_id: `check/${site}` });
  const run = { ...ids, workflow_id: `check/${site}`, run_id: begun.run_id, workflow_type: "checkSite" };
  await line(worker, { ...run, msg: "the run ends", outcome: "completed" });
  const attempt = { ...run, activity: "checkSite", attempt: 1, site };
  await line(worker, { ...attempt, msg: "the activity is done" });
  await line(worker, { ...attempt, msg: "the site has answered", call: "check", code: "ok" });
  await line(worker, { ...attempt, msg: "the cloud has answered", call: "sts:GetCallerIdentity", code: "ok" });
  // The SDK's own lines are of the same shape, and know as much.
  await line(worker, { ...run, msg: "Activity completed", activity: "checkSite", sdk_component: "worker" });
});

test("a request that is of no trace begins one; a run that no request asked for is a trace of its own", async () => {
  const answer = await check({});
  const begun = answer.headers.get("traceparent")?.split("-")[1] ?? "";
  assert.match(begun, /^[0-9a-f]{32}$/);
  await line(worker, { msg: "the run begins", trace_id: begun, request_id: answer.headers.get("x-request-id") ?? "" });

  const handle = await client.workflow.start("checkSite", { taskQueue, workflowId: "by/nobody", args: [{ site }] });
  await handle.result();
  const unasked = handle.firstExecutionRunId.replaceAll("-", "");
  const own = { trace_id: unasked, workflow_id: "by/nobody" };
  const ended = await line(worker, { ...own, msg: "the run ends", level: "debug" });
  assert.equal(ended.request_id, undefined);
  await line(worker, { ...own, msg: "the site has answered", level: "debug" });
});
