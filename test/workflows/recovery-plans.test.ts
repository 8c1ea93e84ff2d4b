import assert from "node:assert/strict";
import { after, test } from "node:test";
import { taskQueue } from "../../src/temporal/connection.ts";
import type { TendRecoveryPlansResult } from "../../src/workflows/tend-recovery-plans/workflow.ts";
import { registryOf, smallDeps, startServers, startSmallWorker } from "../support/small-worker.ts";

const { store, client, temporalAddress } = await startServers();
const begun: { groupId: string; runId: string }[] = [];
/** Records as a site has them, by name. */
const zone: Record<string, { ttlSeconds: number; values: readonly string[] }> = {
  "shop.example": { ttlSeconds: 3600, values: ["192.0.2.1"] },
  "low.example": { ttlSeconds: 20, values: ["192.0.2.2"] },
};

interface Asked {
  readonly record: { readonly name: string };
  readonly to: { readonly ttlSeconds: number; readonly values: readonly string[] };
}
const end = await startSmallWorker(
  temporalAddress,
  smallDeps({
    registry: registryOf(),
    store,
    startDrill: async (due) => void begun.push(due),
  }),
  {
    decorate: (activities) => ({
      ...activities,
      recoveryRecord: async ({ record }: Asked) => ({ before: zone[record.name] }),
      setRecoveryRecord: async ({ record, to }: Asked) => {
        zone[record.name] = to;
      },
    }),
  },
);
after(async () => {
  await end();
  await client.connection.close();
  await store.close();
});

let turns = 0;
async function tend(): Promise<TendRecoveryPlansResult> {
  return client.workflow.execute("tendRecoveryPlans", { taskQueue, workflowId: `tend-${(turns += 1)}`, args: [] });
}

async function protect(groupId: string): Promise<void> {
  const policy = { primarySite: "a", recoverySite: "b", rpoSeconds: 60, rtoSeconds: 60 };
  await store.protection.create({
    ...{ groupId, name: groupId, workflowId: `protection/${groupId}`, createdBy: "user/test" },
    policy: policy as never,
    members: [{ position: 0, name: "db", vmId: "db", tags: {} }],
  });
  await store.protection.become(groupId, { from: ["initial"], to: "protected", message: "a test" });
}

const content = { bootGroups: [{ name: "all", vms: [{ vm: "db" }] }] };

test("drills begin in their turn, and once; TTLs are kept low, and what a record says stays", async () => {
  await protect("turns");
  const record = { site: "dns", zoneId: "z", type: "A", vm: "db", port: 80 } as const;
  const dns = [
    { ...record, name: "shop.example" },
    { ...record, name: "low.example" },
  ];
  await store.recoveryPlans.set("turns", { ...content, dns, drills: { everySeconds: 3600 } }, "user/test");
  await protect("by-hand");
  await store.recoveryPlans.set("by-hand", content, "user/test");
  const first = await tend();
  assert.deepEqual([first.drilled, first.lowered, first.failed], [["turns"], ["dns/A/shop.example"], []]);
  assert.deepEqual(zone["shop.example"], { ttlSeconds: 30, values: ["192.0.2.1"] });
  assert.deepEqual(zone["low.example"]?.ttlSeconds, 20);
  // Asked again before it was begun, it is the same one.
  await tend();
  assert.deepEqual([begun.length, begun[0]], [2, begun[1]]);
  const run = { workflowId: "drill/x", planId: "x", mode: "drill", reason: "its turn", from: "a", to: "b" } as const;
  await store.recoveryRuns.create({ ...run, runId: begun[0]?.runId ?? "", groupId: "turns", createdBy: "schedule" });
  const later = await tend();
  assert.deepEqual([later.drilled, later.lowered], [[], []]);
});

test("a plan whose newest drill failed is told of, once", async () => {
  await protect("failed");
  const { version: recoveryPlanVersion } = await store.recoveryPlans.set("failed", content, "user/test");
  const run = { workflowId: "drill/y", planId: "y", mode: "drill", reason: "by hand", from: "a", to: "b" } as const;
  await store.recoveryRuns.create({ ...run, runId: "drill-y", groupId: "failed", createdBy: "user/test" });
  const problem = { code: "Timeout", message: "no login" };
  const endedAt = new Date().toISOString();
  await store.recoveryRuns.update("drill-y", { state: "failed", recoveryPlanVersion, problem, endedAt });
  await tend();
  await tend();
  const { items } = await store.protection.events("failed", { limit: 20, type: "breach" });
  assert.deepEqual(
    items.map(({ message }) => message),
    ["The recovery plan is degraded: The newest drill failed: no login"],
  );
});
