import assert from "node:assert/strict";
import { mkdirSync, renameSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { NativeConnection, Worker } from "@temporalio/worker";
import { GroupLeases } from "../../src/activities/group-leases.ts";
import { createActivities } from "../../src/activities/index.ts";
import type { HealthTarget } from "../../src/domain/health-probe.ts";
import { resolvePolicy } from "../../src/domain/protection-policy.ts";
import { siteQueue } from "../../src/domain/site-work.ts";
import { createFolderProvider } from "../../src/providers/folder/index.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { ensureGroupsLookedAfter, ensureSiteHealth, siteHealthId } from "../../src/temporal/site-health.ts";
import { answerOutageUpdate } from "../../src/workflows/site-health/messages.ts";
import { temporaryDir } from "../support/servers.ts";
import { smallDeps, startServers, startSmallListener, startSmallWorker } from "../support/small-worker.ts";

/** Far more than is needed: the machine may be at something else. */
const patienceMs = 90_000;
const dir = temporaryDir();
const names = ["primary", "recovery", "witness"] as const;
const pathOf = (site: string) => join(dir, site);
const providers = new Map<string, Provider>(
  names.map((site) => {
    mkdirSync(pathOf(site));
    const budget = () => ({ take: async () => undefined });
    return [site, createFolderProvider({ storagePath: pathOf(site), context: { site, budget, log: () => undefined } })];
  }),
);
const servers = new Map<string, Server>();
const targets = new Map<string, HealthTarget>();
for (const site of names) {
  const server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  servers.set(site, server);
  targets.set(site, { kind: "network", target: `tcp://127.0.0.1:${port}`, host: "127.0.0.1", port, http: false });
}

const { store, client, temporalAddress } = await startServers();
const begun: { groupId: string; requestedBy: string; decisionId: string }[] = [];
const deps = smallDeps({
  registry: {
    sites: names.map((site) => ({ site, provider: "folder", simulated: false })),
    async provider(site) {
      const found = providers.get(site);
      assert.ok(found, site);
      return found;
    },
  },
  store,
  health: {
    controlDomain: "hq",
    sites: names.map((site) => ({ site, failureDomain: `hall-${site}`, targets: [targets.get(site) as HealthTarget] })),
  },
  ensureSiteHealth: (site) => ensureSiteHealth(client, site, { roundMs: 60_000, askForMs: 3_600_000 }),
  async startFailover(input) {
    begun.push(input);
  },
});
const ends = [await startSmallWorker(temporalAddress, deps), await startSmallListener(temporalAddress, deps)];
// As workers of the two other sites do.
const { probeSite } = createActivities(deps);
for (const site of ["recovery", "witness"]) {
  const connection = await NativeConnection.connect({ address: temporalAddress });
  const worker = await Worker.create({ connection, taskQueue: siteQueue(site), activities: { probeSite } });
  const running = worker.run();
  const certificate = { certificateHash: site, certificateEndsAt: new Date(Date.now() + 3_600_000).toISOString() };
  await store.siteWorkers.add({ workerId: `${site}-1`, site, name: site, ...certificate });
  ends.push(async () => {
    worker.shutdown();
    await running;
    await connection.close();
  });
}
const beat = async () => {
  for (const site of ["recovery", "witness"]) await store.siteWorkers.noteSeen(`${site}-1`, undefined);
};
await beat();
const beating = setInterval(() => void beat().catch(() => undefined), 2_000);
after(async () => {
  clearInterval(beating);
  await client.workflow
    .getHandle(siteHealthId("primary"))
    .terminate()
    .catch(() => undefined);
  await client.workflow
    .getHandle("protection/look-after")
    .terminate()
    .catch(() => undefined);
  for (const end of ends) await end();
  for (const server of servers.values()) server.close();
  await client.connection.close();
  await store.close();
});

for (const groupId of ["by-itself", "asked"]) {
  const asked = { primarySite: "primary", recoverySite: "recovery", autoFailover: groupId === "by-itself" };
  const policy = resolvePolicy({ ...asked, watchdog: true, healthCheckIntervalSeconds: 1, failoverThreshold: 3 }, {});
  assert.ok(policy);
  const members = [{ position: 0, name: `vm of ${groupId}`, vmId: `vm-${groupId}`, tags: {} }];
  const workflowId = `protection/${groupId}`;
  await store.protection.create({ groupId, name: groupId, workflowId, policy, members, createdBy: "user/test" });
}

async function until<T>(look: () => Promise<T | undefined>, what: string): Promise<T> {
  for (const deadline = performance.now() + patienceMs; performance.now() < deadline; await sleep(100)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`it never came to that: ${what}`);
}

const decided = async (verdict: string, groupId?: string) => {
  const { items } = await store.health.decisions({ site: "primary", limit: 200 });
  return items.find((decision) => decision.verdict === verdict && decision.groupId === groupId);
};

test("leases are renewed for watchdogs, and not for a site that may not write", async () => {
  await ensureGroupsLookedAfter(client);
  const ask = { askId: "ask-1", groupId: "asked", site: "primary", epoch: 0, watched: true };
  const ofOther = { ...ask, askId: "ask-2", site: "recovery" };
  for (const each of [ask, ofOther]) await store.leaseAsks.ask(each);
  // Who asks waits for some seconds, and asks again.
  const renewed = await until(async () => {
    const answer = await store.leaseAsks.answer(ask.askId);
    if (answer) return answer;
    await store.leaseAsks.ask({ ...ask, askId: (ask.askId += "+") });
    return undefined;
  }, "renewed");
  assert.deepEqual(renewed, deps.leaseTerms);
  const refused = await until(async () => {
    const answer = await store.leaseAsks.answer(ofOther.askId);
    if (answer) return answer;
    await store.leaseAsks.ask({ ...ofOther, askId: (ofOther.askId += "+") });
    return undefined;
  }, "refused");
  assert.equal("error" in refused && refused.error.code, "Conflict");
  const leases = new GroupLeases(deps);
  const seen = await leases.look("recovery", "asked", AbortSignal.timeout(patienceMs));
  assert.deepEqual([seen?.lease.holder, seen?.lease.watched, seen?.lease.epoch], ["primary", true, 0]);
});

test("a site that is seen is up, looked at from three failure domains", async () => {
  const up = await until(() => decided("up"), "up");
  const view = await until(async () => {
    const { samples } = await store.health.samples("primary", 30_000);
    const domains = new Set(samples.map(({ failureDomain }) => failureDomain));
    return domains.size === 3 ? [...domains].sort() : undefined;
  }, "three domains");
  assert.deepEqual(view, ["hall-recovery", "hall-witness", "hq"]);
  assert.ok(up.reasons.length > 0);
  assert.deepEqual(begun, []);
});

test("an outage begins the failover of who opted in, and asks for the other; the site's return is seen", async () => {
  servers.get("primary")?.close();
  renameSync(pathOf("primary"), pathOf("primary-away"));
  const down = await until(() => decided("down"), "down");
  assert.ok(down.samples.length >= 3, "recorded with what it was decided on");
  const automatic = await until(() => decided("down", "by-itself"), "by itself");
  assert.equal(automatic.action, "failover");
  const question = await until(() => decided("down", "asked"), "asked");
  assert.equal(question.action, "asked");
  assert.ok(question.deadline !== undefined && (question.makeSureOf ?? []).join().includes("vm of asked"));
  await until(async () => begun.find(({ groupId }) => groupId === "by-itself"), "begun");
  assert.equal(
    begun.find(({ groupId }) => groupId === "asked"),
    undefined,
  );

  const health = client.workflow.getHandle(siteHealthId("primary"));
  const answer = { decisionId: question.decisionId, by: "user/eve", failover: true, madeSureOf: "power is off" };
  await health.executeUpdate(answerOutageUpdate, { args: [answer] });
  const [own] = begun.filter(({ groupId }) => groupId === "asked");
  assert.deepEqual([own?.requestedBy, own?.decisionId], ["user/eve", question.decisionId]);
  const kept = await store.health.decision(question.decisionId);
  assert.deepEqual([kept?.answeredBy, kept?.answer?.madeSureOf], ["user/eve", "power is off"]);
  await assert.rejects(health.executeUpdate(answerOutageUpdate, { args: [{ ...answer, by: "user/mallory" }] }));

  renameSync(pathOf("primary-away"), pathOf("primary"));
  servers.get("primary")?.listen(targets.get("primary")?.port, "127.0.0.1");
  await until(async () => ((await store.health.latest("primary"))?.verdict === "down" ? undefined : true), "back");
});
