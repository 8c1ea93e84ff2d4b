import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { AssessmentView } from "../../src/domain/assessment.ts";
import type { Wire } from "../../src/domain/wire.ts";
import { startTestApi } from "./support/harness.ts";

const route = { from: "onprem-a", to: "onprem-b" };
const api = await startTestApi({ after });
await api.call("GET", "/v1/vms?refresh=true");

describe("assessments over the API", () => {
  const start = (body: object) => api.call("POST", "/v1/assessments", { body: { ...route, ...body } });

  test("take what a search finds at the site, run, and are listed without their reports", async () => {
    const { status, body, response } = await start({ query: "name:web-*" });
    assert.equal(status, 202, JSON.stringify(body));
    const made = body as unknown as Wire<AssessmentView>;
    assert.equal(response.headers.get("location"), `/v1/assessments/${made.assessment_id}`);
    assert.deepEqual([made.state, made.vms, made.assessed, made.query], ["running", 2, 0, "name:web-*"]);
    for (;;) {
      const now = await api.call("GET", `/v1/assessments/${made.assessment_id}`);
      if (now.body.state === "completed") break;
      await sleep(20);
    }
    const list = await api.call("GET", "/v1/assessments");
    assert.deepEqual(
      list.body.items.map((item) => item.assessment_id),
      [made.assessment_id],
    );
    assert.deepEqual((await api.call("GET", `/v1/assessments/${made.assessment_id}/vms`)).body, { items: [] });
  });

  test("are refused where there is nothing to look at, or the records can't be read", async () => {
    const nothing = await start({ query: "name:nobody" });
    assert.deepEqual([nothing.status, nothing.body.code], [404, "NotFound"]);
    const same = await start({ to: "onprem-a" });
    assert.match(same.body.detail, /same site/);
    const records = await start({ flows: "from,to\nweb-1" });
    assert.deepEqual([records.status, (records.body as { resource?: string }).resource], [400, "line 2"]);
    const unclear = await start({ query: "cpu>" });
    assert.equal(unclear.status, 400);
  });
});
