import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { LabApi } from "../../bench/lib/lab-api.ts";
import type { AssessmentView, VmAssessment } from "../../src/domain/assessment.ts";
import type { Wire } from "../../src/domain/wire.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, test } from "../support/needs-qemu.ts";
import type { ShownPlan } from "./support/operations.ts";

const MiB = 2 ** 20;
let lab: Lab;
let api: LabApi;
let endWorker: () => Promise<void>;

before(async () => {
  lab = await startLab();
  for (const name of ["web", "db", "batch"]) {
    const disks = [{ sizeBytes: 16 * MiB, dataBytes: MiB }];
    await lab.sandbox("POST", "/data-vms", { site: "onprem-a", name, disks });
  }
  [api, endWorker] = await Promise.all([lab.startApi(), lab.startWorker()]);
});
after(() => lab?.close());

test("an estate is assessed across a restart of the worker, changes nothing, and its plans can be carried out", async () => {
  await api.get("/v1/vms?refresh=true");
  const sites = ["onprem-a", "aws-us-east-1"] as const;
  const before = await Promise.all(sites.map((site) => lab.census(site)));
  await endWorker();
  const asked = { from: sites[0], to: sites[1], flows: "from,to,port\nweb,db,5432\nbatch,10.9.8.7,443\n" };
  const made = await api.post<Wire<AssessmentView>>("/v1/assessments", asked);
  assert.deepEqual([made.state, made.vms, made.assessed], ["running", 3, 0]);
  endWorker = await lab.startWorker();
  let now = made;
  while (now.state === "running") {
    await sleep(50);
    now = await api.get<Wire<AssessmentView>>(`/v1/assessments/${made.assessment_id}`);
  }
  assert.equal(now.state, "completed", now.reason);
  const { items } = await api.get<{ items: Wire<VmAssessment>[] }>(`/v1/assessments/${made.assessment_id}/vms`);
  const { totals, waves, conversations, outside } = now.report as NonNullable<typeof now.report>;
  assert.deepEqual([totals.vms, totals.ready + totals.warning, totals.blocking], [3, 3, 0], JSON.stringify(items));
  assert.ok(totals.bytes_to_move >= 3 * MiB && (totals.monthly?.total?.micros ?? 0) > 0);
  const together = waves.find(({ vms }) => vms.includes("web"));
  assert.ok(together?.vms.includes("db"), "they talk to each other");
  assert.deepEqual(
    conversations.map(({ vm, peer, ports }) => [vm, peer, ports]),
    [["db", "web", [5432]]],
  );
  assert.deepEqual(
    outside.map(({ vm, peer, ports }) => [vm, peer, ports]),
    [["batch", "10.9.8.7", [443]]],
  );
  for (const { plan_id: planId } of items) {
    const plan = await api.get<ShownPlan>(`/v1/plans/${planId}`);
    assert.equal(plan.executable, true);
  }
  assert.deepEqual(await Promise.all(sites.map((site) => lab.census(site))), before);
});
