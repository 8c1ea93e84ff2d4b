import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ProviderError } from "../../src/domain/errors.ts";
import { taskQueue } from "../../src/temporal/connection.ts";
import { openFolder } from "../providers/support/folder.ts";
import { smallDeps, startServers, startSmallWorker } from "../support/small-worker.ts";

const { store, client, temporalAddress } = await startServers();
const folder = await openFolder();
const warnings: string[] = [];
const deps = smallDeps({
  registry: {
    sites: [],
    async provider(site) {
      if (site !== "away") return folder.provider;
      const where = { operation: "read the census", resource: site, reason: "it is away", action: "Wait." };
      throw new ProviderError("CloudPermissionDenied", where);
    },
  },
  store,
  runIsOpen: async () => false,
  log: { warn: (message) => void warnings.push(message) },
});
const endWorker = await startSmallWorker(temporalAddress, deps);
after(async () => {
  await endWorker();
  await client.connection.close();
  await store.close();
  await folder.close();
});

function register(testId: string, to: string, secondsAgo: number): Promise<void> {
  return store.tests.create({
    testId,
    planId: "none",
    workflowId: `test-migration/${testId}`,
    vm: { name: testId, sourceVmId: testId },
    from: "vault",
    to,
    tags: {},
    expiresAt: new Date(Date.now() - secondsAgo * 1000).toISOString(),
    createdBy: "token/test",
  });
}

test("tests that can't be removed keep a sweep from no other one, and say why", async () => {
  const stuck = Array.from({ length: 21 }, (_, index) => `stuck-${index}`);
  for (const id of stuck) await register(id, "away", 60);
  await register("fine", "vault", 1);
  const sweep = () => client.workflow.execute("sweepTests", { taskQueue, workflowId: "sweep", args: [] });
  const { removed, failed } = (await sweep()) as Record<"removed" | "failed", string[]>;
  assert.deepEqual([removed, failed.sort()], [["fine"], [...stuck].sort()]);
  assert.equal((await store.tests.get("fine"))?.state, "failed");
  const told = await store.tests.get("stuck-0");
  assert.deepEqual([told?.state, told?.problem?.code, told?.endedAt], ["ending", "CloudPermissionDenied", undefined]);
  assert.match(told?.problem?.leftBehind?.[0]?.resource ?? "", /novacron:test=stuck-0.*it is away/);
  assert.equal(warnings.length, stuck.length);
  await register("late", "vault", 0);
  assert.equal((await store.tests.expired(1))[0]?.testId, "late");
});
